import type { Pen } from "./yaml-pen.ts";

/** Which styles a text allows, in libyaml's terms, through which Ansible writes. */
export interface ScalarAnalysis {
  readonly empty: boolean;
  readonly multiline: boolean;
  readonly allowFlowPlain: boolean;
  readonly allowBlockPlain: boolean;
  readonly allowSingleQuoted: boolean;
}

const breaks = "\n\u0085\u2028\u2029";
const whitespace = `\0 \t\r${breaks}`;

function isPrintable(code: number, unicode: boolean): boolean {
  if (code >= 0x20 && code <= 0x7e) return true;
  if (!unicode || code === 0xfeff) return false;
  return (code >= 0xa0 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd);
}

/** Looks at a text once and says which styles keep it whole. */
export function analyzeScalar(text: string, unicode: boolean): ScalarAnalysis {
  if (text === "")
    return { empty: true, multiline: false, allowFlowPlain: false, allowBlockPlain: true, allowSingleQuoted: true };
  const characters = [...text];
  let blockIndicators = /^(?:---|\.\.\.)/.test(text);
  let flowIndicators = blockIndicators;
  let lineBreaks = false;
  let special = false;
  let breakSpace = false;
  let spaceBreak = false;
  let previous = "";
  for (const [index, character] of characters.entries()) {
    const next = characters[index + 1];
    const followed = next === undefined || whitespace.includes(next);
    if (index === 0) {
      if ("#,[]{}&*!|>'\"%@`".includes(character)) flowIndicators = blockIndicators = true;
      if (character === "?" || character === ":") {
        flowIndicators = true;
        if (followed) blockIndicators = true;
      }
      if (character === "-" && followed) flowIndicators = blockIndicators = true;
    } else {
      if (",?[]{}".includes(character)) flowIndicators = true;
      if (character === ":") {
        flowIndicators = true;
        if (followed) blockIndicators = true;
      }
      if (character === "#" && whitespace.includes(previous)) flowIndicators = blockIndicators = true;
    }
    if (breaks.includes(character)) lineBreaks = true;
    if (character !== "\n" && !isPrintable(character.codePointAt(0) ?? 0, unicode)) special = true;
    if (character === " " && previous !== "" && breaks.includes(previous)) breakSpace = true;
    if (breaks.includes(character) && previous === " ") spaceBreak = true;
    previous = character;
  }
  const edges = /^[ \n\u0085\u2028\u2029]|[ \n\u0085\u2028\u2029]$/.test(text);
  const noPlain = edges || breakSpace || spaceBreak || special || lineBreaks;
  return {
    empty: false,
    multiline: lineBreaks,
    allowFlowPlain: !noPlain && !flowIndicators,
    allowBlockPlain: !noPlain && !blockIndicators,
    allowSingleQuoted: !breakSpace && !spaceBreak && !special,
  };
}

export function writePlain(pen: Pen, text: string, split: boolean): void {
  if (text === "") return;
  if (!pen.whitespace) pen.raw(" ");
  pen.whitespace = false;
  pen.indention = false;
  for (const part of text.match(/ +|[^ ]+/g) ?? []) {
    if (part === " " && pen.column > pen.width && split) {
      pen.newLine();
      pen.whitespace = false;
      pen.indention = false;
    } else pen.raw(part);
  }
}

export function writeSingleQuoted(pen: Pen, text: string, split: boolean): void {
  pen.indicator("'", true);
  let offset = 0;
  for (const part of text.match(/ +|[\n\u0085\u2028\u2029]+|[^ \n\u0085\u2028\u2029]+/g) ?? []) {
    const atEdge = offset === 0 || offset + part.length === text.length;
    if (part === " " && pen.column > pen.width && split && !atEdge) pen.newLine();
    else if (breaks.includes(part.charAt(0))) {
      if (part.startsWith("\n")) pen.lineBreak();
      for (const mark of part) {
        pen.lineBreak();
        if (mark !== "\n") pen.text = pen.text.slice(0, -1) + mark;
      }
      pen.newLine();
    } else {
      pen.raw(part.replaceAll("'", "''"));
      pen.whitespace = false;
      pen.indention = false;
    }
    offset += part.length;
  }
  pen.indicator("'", false);
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["\0", "0"],
  ["\x07", "a"],
  ["\x08", "b"],
  ["\x09", "t"],
  ["\x0a", "n"],
  ["\x0b", "v"],
  ["\x0c", "f"],
  ["\x0d", "r"],
  ["\x1b", "e"],
  ['"', '"'],
  ["\\", "\\"],
  ["\u0085", "N"],
  ["\u00a0", "_"],
  ["\u2028", "L"],
  ["\u2029", "P"],
]);

export function writeDoubleQuoted(pen: Pen, text: string, split: boolean, unicode: boolean): void {
  pen.indicator('"', true);
  const characters = [...text];
  let afterBlank = false;
  for (const [index, character] of characters.entries()) {
    const code = character.codePointAt(0) ?? 0;
    const inside = index > 0 && index < characters.length - 1;
    if (!isPrintable(code, unicode) || '"\\\u2028\u2029'.includes(character)) {
      pen.raw(escapeCharacter(character, code));
      afterBlank = false;
    } else if (character === " ") {
      if (split && !afterBlank && inside && pen.column > pen.width) {
        pen.newLine();
        if (characters[index + 1] === " ") pen.raw("\\");
      } else pen.raw(" ");
      afterBlank = true;
      pen.whitespace = false;
      pen.indention = false;
    } else {
      pen.raw(character);
      afterBlank = false;
    }
  }
  pen.indicator('"', false);
}

function escapeCharacter(character: string, code: number): string {
  const known = escapes.get(character);
  const hex = code.toString(16).toUpperCase();
  if (known !== undefined) return `\\${known}`;
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
