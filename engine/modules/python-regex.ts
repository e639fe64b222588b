import { ModuleFailure } from "./contract.ts";

/** A regular expression in Python's spelling. `flags` are JavaScript's (`m`, `s`, `g`). */
export function pythonRegex(pattern: string, flags = ""): RegExp {
  let source = pattern;
  let all = flags;
  const inline = /^\(\?([aiLmsux]+)\)/.exec(source);
  if (inline) {
    source = source.slice(inline[0].length);
    for (const flag of inline[1] ?? "") if ("ims".includes(flag) && !all.includes(flag)) all += flag;
  }
  source = source
    .replaceAll("(?P<", "(?<")
    .replaceAll(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replaceAll(/(\\\\)|\\A/g, (_, escaped: string | undefined) => escaped ?? "(?<![\\s\\S])")
    .replaceAll(/(\\\\)|\\Z/g, (_, escaped: string | undefined) => escaped ?? "(?![\\s\\S])");
  // Python's `$` also stands before a newline that ends the text.
  if (!all.includes("m")) source = unescapedDollar(source);
  try {
    return new RegExp(source, all);
  } catch (error) {
    throw new ModuleFailure(`'${pattern}' is no regular expression: ${error instanceof Error ? error.message : error}`);
  }
}

function unescapedDollar(source: string): string {
  let result = "";
  let inClass = false;
  for (let at = 0; at < source.length; at++) {
    const char = source[at] ?? "";
    if (char === "\\") result += char + (source[++at] ?? "");
    else {
      if (char === "[") inClass = true;
      else if (char === "]") inClass = false;
      result += char === "$" && !inClass ? "(?=\\n?(?![\\s\\S]))" : char;
    }
  }
  return result;
}

/** The text that a Python replacement (`\1`, `\g<name>`, `\n`) means for one match. */
export function expandReplacement(replacement: string, match: RegExpExecArray): string {
  return replacement.replaceAll(/\\(g<(\w+)>|\d{1,2}|[\s\S])/g, (whole, code: string, name: string | undefined) => {
    if (name !== undefined) return /^\d+$/.test(name) ? (match[Number(name)] ?? "") : (match.groups?.[name] ?? "");
    if (/^\d/.test(code)) return match[Number(code)] ?? "";
    return { n: "\n", t: "\t", r: "\r", "\\": "\\" }[code] ?? whole;
  });
}

/** Python's re.subn. */
export function substitute(text: string, regex: RegExp, replacement: string): { text: string; count: number } {
  let count = 0;
  let result = "";
  let from = 0;
  const global = new RegExp(regex.source, regex.flags.includes("g") ? regex.flags : `${regex.flags}g`);
  for (let match = global.exec(text); match; match = global.exec(text)) {
    count++;
    result += text.slice(from, match.index) + expandReplacement(replacement, match);
    from = match.index + match[0].length;
    if (match[0] === "") global.lastIndex++;
  }
  return { text: result + text.slice(from), count };
}

/** Lines with their ends, as Python's splitlines(True) on bytes. */
export function linesOf(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
}
