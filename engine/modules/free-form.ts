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
 * @throws Error where a word is neither `name=value` nor allowed as free form; UnclosedQuote
 */
export function parseFreeForm(module: { readonly name: string; readonly freeForm?: string }, text: string): Dict {
  const isCommandLine = commandLines.has(module.name);
  const result = dict();
  const rest: string[] = [];
  for (const piece of pieces(text)) {
    const pair = keyValue(piece);
    if (pair && (!isCommandLine || beside.has(pair.key))) result[pair.key] = pair.value;
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

/** `name=value`: backslash sequences are read, then quotes around the value go away; undefined where it is no pair. */
function keyValue(piece: string): { readonly key: string; readonly value: string } | undefined {
  const pair = /^([A-Za-z_][\w.]*)=([\s\S]*)$/.exec(readEscapes(piece.trim()));
  return pair ? { key: pair[1] ?? "", value: unquote(pair[2] ?? "") } : undefined;
}

const letters: { readonly [letter: string]: string } = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** `\n` and its kin as in a text of Python; a backslash before anything else stays. */
function readEscapes(text: string): string {
  return text.replaceAll(
    /\\(?:U([\da-fA-F]{8})|u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\\'"abfnrtv]))/g,
    (_, long?: string, short?: string, byte?: string, letter?: string) => {
      const code = long ?? short ?? byte;
      return code === undefined
        ? (letters[letter ?? ""] ?? letter ?? "")
        : String.fromCodePoint(Number.parseInt(code, 16));
    },
  );
}

/** `a=1 b="x y"` as a dict, no backslash sequences in it; undefined where it cannot be read so. */
export function parsePairs(text: string): Dict | undefined {
  const result = dict();
  let words: string[];
  try {
    words = pieces(text.replaceAll(/,\s*/g, " "));
  } catch (error) {
    if (error instanceof UnclosedQuote) return undefined;
    throw error;
  }
  for (const piece of words) {
    const word = piece.trim();
    if (word === "") continue;
    const pair = /^([^=]+)=([\s\S]*)$/.exec(word);
    if (!pair) return undefined;
    result[pair[1] ?? ""] = unquote(pair[2] ?? "");
  }
  return result;
}

/** A text that cannot be split into words at all. */
export class UnclosedQuote extends Error {}

/**
 * Words with the white space before them, so that a command line can be put together again as it was.
 *
 * @throws UnclosedQuote
 */
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
      continue;
    }
    if (quote === "" && /\s/.test(char)) return at;
    // A quote with a backslash before it is none, within quotes of the other kind and outside too.
    if ((char === '"' || char === "'") && text[at - 1] !== "\\") {
      if (quote === "") quote = char;
      else if (quote === char) quote = "";
    }
    at++;
  }
  if (quote !== "") throw new UnclosedQuote(`the quote ${quote} is never closed: ${text.slice(from).trim()}`);
  return at;
}

function unquote(text: string): string {
  const quote = text[0];
  const quoted = text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote) && text.at(-2) !== "\\";
  return quoted ? text.slice(1, -1) : text;
}
