import type { Script } from "../host/contract.ts";
import { quote, sh } from "../host/script.ts";
import { ModuleFailure } from "./contract.ts";

/** A command line as words, by the rules of POSIX quoting (Python's shlex.split). */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? "";
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) throw new ModuleFailure(`No closing quotation in: ${line}`);
      word = (word ?? "") + line.slice(at + 1, end);
      at = end;
    } else if (char === '"') {
      word ??= "";
      for (at++; line[at] !== '"'; at++) {
        if (at >= line.length) throw new ModuleFailure(`No closing quotation in: ${line}`);
        if (line[at] === "\\" && (line[at + 1] === '"' || line[at + 1] === "\\")) at++;
        word += line[at] ?? "";
      }
    } else if (char === "\\") word = (word ?? "") + (line[++at] ?? "");
    else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Words as one line that {@link splitWords} takes apart again. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word))).join(" ");
}

/**
 * Runs the words as one command, without a shell's reading of them; `$NAME` and a leading `~` mean the host's, where
 * `expand` says so.
 */
export function execWords(words: readonly string[], expand: boolean): Script {
  const needs = expand && words.some((word) => /\$[\w{]/.test(word) || word.startsWith("~"));
  if (!needs) return sh`exec ${words}`;
  return sh`eval ${`exec ${words.map(expanded).join(" ")}`}`;
}

/** As Python's expandvars and expanduser: what has no value stays as it is written. */
function expanded(word: string): string {
  const home = /^~(?=\/|$)/.test(word);
  const pieces = (home ? word.slice(1) : word).split(/(\$\{\w+\}|\$\w+)/);
  const text = pieces.map((piece, index) => {
    if (index % 2 === 0) return piece === "" ? "" : quote(piece);
    const name = piece.replace(/[${}]/g, "");
    const asWritten = piece.replaceAll(/[$}]/g, "\\$&");
    return /^\d/.test(name) ? quote(piece) : `"\${${name}-${asWritten}}"`;
  });
  return `${home ? '"$HOME"' : ""}${text.join("")}` || "''";
}
