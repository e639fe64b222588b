import type { Diagnostic, Position } from "./diagnostic.ts";

interface Mark {
  readonly line: number;
  readonly column: number;
  readonly position?: number;
}

interface Explanation {
  readonly summary: string;
  readonly hint: string;
  readonly line: number;
  readonly column: number;
}

/** Turns the parser's complaint into what most likely went wrong, at the place where a person would mend it. */
export function explainSyntaxError(text: string, file: string, reason: string, mark: Mark | undefined): Diagnostic {
  const lines = text.split("\n");
  const line = Math.min((mark?.line ?? 0) + 1, lines.length);
  const found = explain(lines, line, (mark?.column ?? 0) + 1, reason);
  return {
    code: "yaml-syntax",
    severity: "error",
    summary: found?.summary ?? `this is not valid YAML: ${reason}`,
    at: { file, line: found?.line ?? line, column: found?.column ?? (mark?.column ?? 0) + 1 },
    hint: found?.hint,
  };
}

/** `key: {{ x }}` reads as a mapping that has a mapping for its key; nobody means that. */
export function unquotedTemplate(
  text: string,
  lines: { at(offset: number): Position },
  offset: number,
): Diagnostic | undefined {
  if (!text.startsWith("{{", offset)) return undefined;
  const end = text.indexOf("\n", offset);
  const rest = text.slice(offset, end < 0 ? undefined : end).trimEnd();
  return {
    code: "yaml-syntax",
    severity: "error",
    summary: "a value that starts with {{ must be quoted",
    at: lines.at(offset),
    hint: `Write ${quote(rest)} instead: YAML takes a bare { for the start of a mapping.`,
  };
}

function quote(text: string): string {
  return text.includes('"') && !text.includes("'") ? `'${text}'` : `"${text.replace(/(["\\])/g, "\\$1")}"`;
}

function explain(lines: readonly string[], line: number, column: number, reason: string): Explanation | undefined {
  const at = (number: number): string => lines[number - 1] ?? "";
  if (reason.includes("null byte"))
    return {
      summary: "there is a NUL byte here",
      hint: "YAML is text: take the byte out, or save the file as UTF-8.",
      line,
      column,
    };
  const near = [line, line - 1].filter((number) => number >= 1);

  for (const number of near) {
    const tab = at(number).search(/^ *\t/);
    if (tab >= 0)
      return {
        summary: "a tab is used for indentation",
        hint: "YAML allows only spaces there.",
        line: number,
        column: at(number).indexOf("\t") + 1,
      };
  }
  for (const number of near) {
    const template = /^(\s*(?:- +)*(?:[^\s'"#{[][^'"#{[]*?: +)?)(\{\{.*?)\s*$/.exec(at(number));
    if (template)
      return {
        summary: "a value that starts with {{ must be quoted",
        hint: `Write ${quote(template[2] ?? "")} instead: YAML takes a bare { for the start of a mapping.`,
        line: number,
        column: (template[1] ?? "").length + 1,
      };
  }
  const open = openQuote(lines, line);
  if (open !== undefined && /quoted|indentation|unexpected end|mapping entry|colon/.test(reason)) return open;

  const current = at(line);
  const trailing = /^(\s*(?:- +)*[^\s'"#][^'"#]*?: +)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*([^\s#,\]}].*)$/.exec(
    current,
  );
  if (trailing)
    return {
      summary: "there is text after the closing quote",
      hint: "Quote the whole value, or use the other kind of quotes around it.",
      line,
      column: current.lastIndexOf(trailing[3] ?? "") + 1,
    };
  const reserved = /^(\s*(?:- +)*(?:[^\s'"#][^'"#]*?: +)?)([@`%][^\s].*?)\s*$/.exec(current);
  if (reserved)
    return {
      summary: `a value cannot start with ${(reserved[2] ?? "").charAt(0)}`,
      hint: `Quote it: ${quote(reserved[2] ?? "")}.`,
      line,
      column: (reserved[1] ?? "").length + 1,
    };
  const nested = /^(\s*(?:- +)*[^\s'"#][^'"#:]*: +)([^\s'"#|>[{&*!].*?:(?: .*)?)$/.exec(current);
  if (nested)
    return {
      summary: 'a value with ": " in it must be quoted',
      hint: `Write ${quote(nested[2] ?? "")}.`,
      line,
      column: (nested[1] ?? "").length + (nested[2] ?? "").search(/:(?: |$)/) + 1,
    };
  for (const number of near) {
    const missing = /^(\s*(?:- +)*[A-Za-z_][\w.]*:)([^\s:/\\].*)$/.exec(at(number));
    if (missing)
      return {
        summary: "there is no space after the colon",
        hint: `Write "${(missing[1] ?? "").trim()} ${missing[2]}".`,
        line: number,
        column: (missing[1] ?? "").length + 1,
      };
  }
  const dash = closeDash(lines, line);
  if (dash !== undefined) return dash;
  const bracket = openBracket(lines, line);
  if (bracket !== undefined) return bracket;
  if (/indentation|document separator|mapping entry|sequence entry|colon/.test(reason))
    return indentation(lines, line, column);
  if (/after a mapping key/.test(reason)) return noKey(lines, line);
  return undefined;
}

/** `-name` on the level of entries that have a space behind their dash. */
function closeDash(lines: readonly string[], line: number): Explanation | undefined {
  const level = width(lines[line - 1] ?? "");
  for (let number = line; number >= 1; number--) {
    const dash = /^(\s*)-([^\s-].*)$/.exec(lines[number - 1] ?? "");
    if (dash && (number >= line - 1 || (dash[1] ?? "").length === level) && lines.some((each) => /^\s*- /.test(each)))
      return {
        summary: "there is no space after the dash",
        hint: `Write "- ${dash[2]}".`,
        line: number,
        column: (dash[1] ?? "").length + 2,
      };
    if (width(lines[number - 1] ?? "") < level) return undefined;
  }
  return undefined;
}

/** A text where a key should be; often the rest of a block of text that is indented too little. */
function noKey(lines: readonly string[], line: number): Explanation {
  const own = width(lines[line - 1] ?? "");
  let block = line - 1;
  while (block >= 1 && width(lines[block - 1] ?? "") > own) block--;
  const above = lines[line - 2] ?? "";
  const inBlock = /[|>][-+]?\s*$/.test(lines[block - 1] ?? "");
  return {
    summary: 'a "key: value" is expected here',
    hint: inBlock
      ? `If this belongs to the text above, begin it in column ${width(above) + 1} as that does.`
      : "Check the indentation, and the colon behind the key.",
    line,
    column: own + 1,
  };
}

/** How far a line is indented. */
function width(text: string): number {
  return text.length - text.trimStart().length;
}

/** A quote that opens a value at or above the line and is not closed on its own line. */
function openQuote(lines: readonly string[], line: number): Explanation | undefined {
  for (let number = Math.min(line, lines.length); number >= Math.max(1, line - 20); number--) {
    const text = lines[number - 1] ?? "";
    const start = /^(\s*(?:- +)*(?:[^\s'"#][^'"#]*?: +|[^\s'"#][^'"#]*?: *\[.*?|\[ *)?)(["'])(.*)$/.exec(text);
    if (!start) continue;
    const mark = start[2] ?? "";
    const rest = start[3] ?? "";
    const closed = mark === '"' ? /^(?:[^"\\]|\\.)*"/.test(rest) : /^(?:[^']|'')*'(?!')/.test(rest);
    if (closed) return undefined;
    return {
      summary: `the quote ${mark} is never closed`,
      hint: "Close it at the end of the value.",
      line: number,
      column: (start[1] ?? "").length + 1,
    };
  }
  return undefined;
}

function openBracket(lines: readonly string[], line: number): Explanation | undefined {
  for (let number = line; number >= Math.max(1, line - 20); number--) {
    const text = lines[number - 1] ?? "";
    const start = /^(\s*(?:- +)*(?:[^\s'"#][^'"#]*?: +)?)([[{])([^\]}]*)$/.exec(text);
    if (start)
      return {
        summary: `the bracket ${start[2]} is never closed`,
        hint: `Close it with ${start[2] === "[" ? "]" : "}"}, or quote the value.`,
        line: number,
        column: (start[1] ?? "").length + 1,
      };
    if (number < line && /^\S/.test(text)) break;
  }
  return undefined;
}

function indentation(lines: readonly string[], line: number, column: number): Explanation {
  const current = lines[line - 1] ?? "";
  let above = line - 1;
  while (above >= 1 && /^\s*(?:#.*)?$/.test(lines[above - 1] ?? "")) above--;
  const own = width(current);
  const aboveText = lines[above - 1] ?? "";
  const levels = new Set<number>();
  for (let number = above; number >= 1; number--) {
    const text = lines[number - 1] ?? "";
    if (!/^\s*(?:#.*)?$/.test(text)) {
      levels.add(width(text));
      const dash = /^(\s*- +)\S/.exec(text);
      if (dash) levels.add((dash[1] ?? "").length);
    }
  }
  const fitting = [...levels].sort((a, b) => Math.abs(a - own) - Math.abs(b - own));
  const nearest = fitting.find((level) => level !== own);
  // The keys of a list's entry begin behind its dash.
  const entry = /^(\s*(?:- +)+)\S/.exec(aboveText)?.[1]?.length;
  if (entry !== undefined && own > width(aboveText) && own !== entry)
    return {
      summary: `this line is indented ${own < entry ? "less" : "deeper"} than the entry that it belongs to`,
      hint: `The keys of that entry begin in column ${entry + 1}, this line in column ${own + 1}.`,
      line,
      column: own + 1,
    };
  if (above >= 1 && own > width(aboveText) && /: +\S/.test(aboveText))
    return {
      summary: "this line is indented deeper than the one above, which has a value already",
      hint: `Line ${above} starts at column ${width(aboveText) + 1}, this one at column ${own + 1}.`,
      line,
      column: own + 1,
    };
  if (!levels.has(own) && nearest !== undefined)
    return {
      summary: "the indentation does not fit any line above",
      hint: `This line starts at column ${own + 1}; the nearest level above is column ${nearest + 1}.`,
      line,
      column: own + 1,
    };
  if (/^\s*-(?: |$)/.test(current) || /^\s*-(?: |$)/.test(aboveText))
    return {
      summary: "a list and a mapping are mixed on the same level",
      hint: "Either every entry here starts with a dash, or none does; check the indentation.",
      line,
      column: own + 1,
    };
  return {
    summary: "this line does not fit the structure above it",
    hint: 'Check the indentation, and that each key is followed by ": ".',
    line,
    column: Math.max(column, own + 1),
  };
}
