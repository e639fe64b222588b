import type { TextOptions } from "./contract.ts";
import { SyntaxFailure } from "./syntax-failure.ts";

type Setting = Exclude<keyof TextOptions, "file" | "extra" | "from">;

const texts: { readonly [key: string]: Setting } = {
  block_start_string: "blockStart",
  block_end_string: "blockEnd",
  variable_start_string: "variableStart",
  variable_end_string: "variableEnd",
  comment_start_string: "commentStart",
  comment_end_string: "commentEnd",
  newline_sequence: "newlineSequence",
};
const switches: { readonly [key: string]: Setting } = { trim_blocks: "trimBlocks", lstrip_blocks: "lstripBlocks" };
/** Jinja has it, but Ansible puts the newlines at the end back, whatever it says. */
const withoutEffect = "keep_trailing_newline";
const escapes: { readonly [letter: string]: string } = { n: "\n", r: "\r", t: "\t" };
const start = "#jinja2:";

/**
 * How a template file itself asks to be read: its first line, `#jinja2: trim_blocks: False, lstrip_blocks: True`.
 * @returns the settings, and the text behind that line
 * @throws SyntaxFailure where the line cannot be understood
 */
export function readHeader(source: string): { body: string; settings: Partial<TextOptions> } {
  if (!source.startsWith(start)) return { body: source, settings: {} };
  const end = source.indexOf("\n");
  if (end < 0) throw new SyntaxFailure(`nothing follows the line ${start}`, 0);
  const settings: { [key: string]: string | boolean } = {};
  let at = start.length;
  for (const pair of source.slice(start.length, end).split(",")) {
    const [key, value] = readPair(pair, at);
    if (key !== withoutEffect) settings[key] = value;
    at += pair.length + 1;
  }
  return { body: source.slice(end + 1), settings };
}

function readPair(pair: string, at: number): [string, string | boolean] {
  const colon = pair.indexOf(":");
  if (colon < 0)
    throw new SyntaxFailure(`'${pair.trim()}' in the line ${start} is no setting`, at, "It is: name: value");
  const name = pair.slice(0, colon).trim();
  const value = literal(pair.slice(colon + 1).trim());
  if (name === withoutEffect) return [name, false];
  const isSwitch = Object.hasOwn(switches, name);
  const setting = isSwitch ? switches[name] : Object.hasOwn(texts, name) ? texts[name] : undefined;
  if (setting === undefined) throw new SyntaxFailure(`the line ${start} has no setting '${name}'`, at, known());
  if (typeof value !== (isSwitch ? "boolean" : "string"))
    throw new SyntaxFailure(
      `'${name}' in the line ${start} must be ${isSwitch ? "True or False" : "a text in quotes"}`,
      at,
    );
  return [setting, value ?? ""];
}

/** Python's `True`, `False` or a text in quotes; undefined for anything else. */
function literal(word: string): string | boolean | undefined {
  if (word === "True" || word === "False") return word === "True";
  const inner = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/.exec(word);
  return (inner?.[1] ?? inner?.[2])?.replace(/\\(.)/g, (whole, letter: string) => {
    if (/[\\'"]/.test(letter)) return letter;
    return escapes[letter] ?? whole;
  });
}

function known(): string {
  return `Known: ${[...Object.keys(switches), ...Object.keys(texts)].join(", ")}.`;
}
