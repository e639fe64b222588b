import { fail } from "./item.ts";

const compiled = new Map<string, RegExp>();

/**
 * Python's regular expression as JavaScript's: named groups, `\A`, `\Z`, `$` before a last newline, inline flags,
 * `{,3}`, a leading `]` in a set, verbose mode.
 * @param flags JavaScript's letters; always add `g` or `y` where they are wanted
 * @throws OperationError where the expression is not valid
 */
export function pythonRegex(pattern: string, flags = ""): RegExp {
  const key = `${flags}/${pattern}`;
  let regex = compiled.get(key);
  if (regex === undefined) {
    try {
      const { source, inline } = translate(pattern, flags);
      regex = new RegExp(source, [...new Set(flags + inline)].join(""));
    } catch (error) {
      return fail(
        `the regular expression '${pattern}' is not valid: ${error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : ""}`,
      );
    }
    if (compiled.size > 500) compiled.clear();
    compiled.set(key, regex);
  }
  regex.lastIndex = 0;
  return regex;
}

function translate(whole: string, flags: string): { source: string; inline: string } {
  let inline = "";
  let verbose = false;
  const pattern = whole.replace(/^(?:\(\?[aiLmsux]+\))+/, (given) => {
    for (const letter of given.replace(/[()?]/g, "")) {
      if ("ims".includes(letter)) inline += letter;
      if (letter === "x") verbose = true;
    }
    return "";
  });
  const multiline = flags.includes("m") || inline.includes("m");
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    const rest = pattern.slice(at);
    if (character === "\\") {
      const next = pattern.charAt(at + 1);
      at++;
      if (next === "A") source += "(?<![\\s\\S])";
      else if (next === "Z") source += "(?![\\s\\S])";
      else if (next === "a") source += "\\x07";
      else if (next === "U") {
        source += String.fromCodePoint(Number.parseInt(pattern.slice(at + 1, at + 9), 16));
        at += 8;
      } else source += `\\${next}`;
    } else if (character === "[") {
      const set = /^\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]/.exec(rest)?.[0];
      if (set === undefined) throw new Error("a set [ is never closed");
      source += set
        .replace(/^(\[\^?)\]/, "$1\\]")
        .replace(/(?<=.)\[/g, (mark, offset: number, text: string) =>
          text.charAt(offset - 1) === "\\" ? mark : "\\[",
        );
      at += set.length - 1;
    } else if (rest.startsWith("(?P<")) {
      source += "(?<";
      at += 3;
    } else if (rest.startsWith("(?P=")) {
      const name = /^\(\?P=(\w+)\)/.exec(rest);
      source += `\\k<${name?.[1] ?? ""}>`;
      at += (name?.[0].length ?? 4) - 1;
    } else if (rest.startsWith("(?#")) at += rest.indexOf(")");
    else if (character === "$" && !multiline) source += "(?=\\n?(?![\\s\\S]))";
    else if (rest.startsWith("{,")) {
      source += "{0,";
      at++;
    } else if (character === "{" && !/^\{\d+(?:,\d*)?\}/.test(rest)) source += "\\{";
    else if (verbose && /\s/.test(character)) continue;
    else if (verbose && character === "#") {
      const end = rest.indexOf("\n");
      at += end < 0 ? rest.length : end;
    } else source += character;
  }
  return { source, inline };
}

/** Python's replacement text: `\1`, `\g<name>`, `\n`. */
export function expandReplacement(
  template: string,
  match: readonly (string | undefined)[],
  groups: { readonly [name: string]: string | undefined } | undefined,
): string {
  return template.replace(
    /\\(?:g<(\w+)>|(\d{1,2})|([\s\S]))/g,
    (_, name: string | undefined, number: string | undefined, other: string | undefined) => {
      const reference = name ?? number;
      if (reference !== undefined) {
        if (/^\d+$/.test(reference)) {
          const index = Number(reference);
          if (index >= match.length)
            return fail(`the replacement refers to group ${index}, which the expression does not have`);
          return match[index] ?? "";
        }
        if (groups === undefined || !Object.hasOwn(groups, reference))
          return fail(`the replacement refers to the group '${reference}', which the expression does not have`);
        return groups[reference] ?? "";
      }
      switch (other) {
        case "n":
          return "\n";
        case "t":
          return "\t";
        case "r":
          return "\r";
        case "\\":
          return "\\";
        default:
          return `\\${other}`;
      }
    },
  );
}
