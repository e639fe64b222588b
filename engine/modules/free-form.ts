import { type Dict, dict } from "../source/value.ts";

/** Arguments that may stand as `name=value` beside the command itself (`command: ls -l chdir=/tmp`). */
const beside = new Set([
  "argv",
  "chdir",
  "creates",
  "removes",
  "executable",
  "stdin",
  "stdin_add_newline",
  "strip_empty_ends",
  "expand_argument_vars",
  "cmd",
  "warn",
]);

/** Modules whose free form is a command line: every other `a=b` in it belongs to the command. */
const commandLines = new Set(["command", "shell", "raw", "script"]);

/**
 * Arguments written as one text: `path=/etc/x mode=0644`, or for the command modules `ls -l chdir=/tmp`, whose rest
 * goes to the argument `freeForm` names.
 *
 * @throws Error where a word is neither `name=value` nor allowed as free form
 */
export function parseFreeForm(module: { readonly name: string; readonly freeForm?: string }, text: string): Dict {
  const isCommandLine = commandLines.has(module.name);
  const result = dict();
  const rest: string[] = [];
  for (const piece of pieces(text)) {
    const pair = /^([A-Za-z_][\w.]*)=([\s\S]*)$/.exec(piece.trim());
    const name = pair?.[1] ?? "";
    if (pair && (isCommandLine ? beside.has(name) : true)) result[name] = unquote(pair[2] ?? "");
    else rest.push(piece);
  }
  const free = rest.join("").trim();
  if (free === "") return result;
  if (module.freeForm === undefined) {
    throw new Error(`'${free}' is not of the form name=value, and the module ${module.name} takes no free-form text.`);
  }
  result[module.freeForm] = isCommandLine ? free : unquote(free);
  return result;
}

/** `a=1 b="x y"` as a dict; undefined where a word is no pair. */
export function parsePairs(text: string): Dict | undefined {
  const result = dict();
  for (const piece of pieces(text.replaceAll(/,\s*/g, " "))) {
    const word = piece.trim();
    if (word === "") continue;
    const pair = /^([^=]+)=([\s\S]*)$/.exec(word);
    if (!pair) return undefined;
    result[pair[1] ?? ""] = unquote(pair[2] ?? "");
  }
  return result;
}

/** Words with the white space before them, so that a command line can be put together again as it was. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    while (at < text.length && /\s/.test(text[at] ?? "")) at++;
    at = endOfWord(text, at);
    if (at > start) found.push(text.slice(start, at));
    start = at;
  }
  return found;
}

const closers: { readonly [opener: string]: string } = { "{{": "}}", "{%": "%}", "{#": "#}" };

function endOfWord(text: string, from: number): number {
  let at = from;
  let quote = "";
  while (at < text.length) {
    const char = text[at] ?? "";
    const closer = closers[text.slice(at, at + 2)];
    if (closer !== undefined) {
      const end = text.indexOf(closer, at + 2);
      at = end < 0 ? text.length : end + 2;
    } else if (char === "\\" && quote !== "'") at += 2;
    else if (quote !== "") {
      if (char === quote) quote = "";
      at++;
    } else if (/\s/.test(char)) return at;
    else {
      if (char === '"' || char === "'") quote = char;
      at++;
    }
  }
  return Math.min(at, text.length);
}

function unquote(text: string): string {
  const quote = text[0];
  if (text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote)) {
    const inner = text.slice(1, -1);
    return quote === '"' ? inner.replaceAll('\\"', '"') : inner;
  }
  return text;
}
