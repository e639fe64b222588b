/*
 * `path=/etc/x mode="0644"`: arguments and variables in one text, as playbooks and `-e` have them.
 */

/** `name=value`: backslash sequences are read, then quotes around the value go away; undefined where it is no pair. */
export function keyValue(piece: string): { readonly key: string; readonly value: string } | undefined {
  const pair = /^([^\s='"]+)=([\s\S]*)$/.exec(readEscapes(piece.trim()));
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

/** A text that cannot be split into words at all. */
export class UnclosedQuote extends Error {}

/**
 * Words with the white space before them, so that a command line can be put together again as it was.
 *
 * @throws UnclosedQuote
 */
export function pieces(text: string): string[] {
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

const openers = new Set(["{{", "{%", "{#"]);
const closers = new Set(["}}", "%}", "#}"]);

/**
 * A word goes on within quotes and within `{{ … }}`, which may hold braces of their own: `'{{ '{{.Id}}' }}'`. Quotes
 * count everywhere; one with a backslash before it is none.
 */
function endOfWord(text: string, from: number): number {
  let depth = 0;
  let quote = "";
  let at = from;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (quote === "" && depth === 0 && /\s/.test(char)) return at;
    const pair = text.slice(at, at + 2);
    if (openers.has(pair) || closers.has(pair)) {
      depth = openers.has(pair) ? depth + 1 : Math.max(0, depth - 1);
      at += 2;
      continue;
    }
    if ((char === '"' || char === "'") && text[at - 1] !== "\\") {
      if (quote === "") quote = char;
      else if (quote === char) quote = "";
    }
    at++;
  }
  if (quote !== "") throw new UnclosedQuote(`the quote ${quote} is never closed: ${text.slice(from).trim()}`);
  return at;
}

export function unquote(text: string): string {
  const quote = text[0];
  const quoted = text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote) && text.at(-2) !== "\\";
  return quoted ? text.slice(1, -1) : text;
}
