import { keyValue, pieces, UnclosedQuote, unquote } from "../source/key-values.ts";
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
