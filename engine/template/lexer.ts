import { intValue } from "../source/value.ts";
import type { TextOptions } from "./contract.ts";

export type TokenType =
  | "data"
  | "variable_begin"
  | "variable_end"
  | "block_begin"
  | "block_end"
  | "name"
  | "integer"
  | "float"
  | "string"
  | "operator"
  | "end";

export interface Token {
  readonly type: TokenType;
  /** Strings are decoded, numbers as written. */
  readonly value: string;
  readonly at: number;
}

export class LexerError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export interface Delimiters extends Omit<TextOptions, "file" | "extra" | "from"> {
  /**
   * Takes the backslashes of texts inside `{{ }}` as they are, as Ansible does for templates in playbooks (not for
   * template files and conditions): `'\d'` and `'\1'` need no second backslash there, `'\n'` is no newline.
   */
  readonly literalBackslashes?: boolean;
}

const namePattern = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy;
const floatPattern = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y;
const integerPattern = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const stringPattern = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y;
const operatorPattern = /\*\*|\/\/|==|!=|>=|<=|[-+*/%~<>=.:|,;()[\]{}]/y;
const closing: ReadonlyMap<string, string> = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);

/** Cuts a template into text and the tokens of its tags, with Jinja's rules for the whitespace around them. */
export function tokenize(source: string, options: Delimiters = {}): Token[] {
  return new Lexer(source, options).all();
}

/** The tokens of an expression that stands alone, as in `when`. */
export function tokenizeExpression(source: string): Token[] {
  return new Lexer(source, {}).expression();
}

class Lexer {
  readonly #source: string;
  readonly #options: Required<Delimiters>;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(source: string, options: Delimiters) {
    this.#source = source.replace(/(?:\r\n|\r|\n)$/, "");
    this.#options = {
      trimBlocks: options.trimBlocks ?? true,
      lstripBlocks: options.lstripBlocks ?? false,
      newlineSequence: options.newlineSequence ?? "\n",
      variableStart: options.variableStart ?? "{{",
      variableEnd: options.variableEnd ?? "}}",
      blockStart: options.blockStart ?? "{%",
      blockEnd: options.blockEnd ?? "%}",
      commentStart: options.commentStart ?? "{#",
      commentEnd: options.commentEnd ?? "#}",
      literalBackslashes: options.literalBackslashes ?? false,
    };
  }

  expression(): Token[] {
    this.#tagTokens(undefined);
    this.#push("end", "", this.#source.length);
    return this.#tokens;
  }

  /** The one newline at the very end is no part of the template. */
  all(): Token[] {
    const { variableStart, blockStart, commentStart, blockEnd, variableEnd, commentEnd } = this.#options;
    // Where delimiters share a start, the longest is tried first.
    const starts = [
      ["comment", commentStart],
      ["block", blockStart],
      ["variable", variableStart],
    ] as const;
    const ordered = [...starts].sort((a, b) => b[1].length - a[1].length);
    let stripNext: "all" | "newline" | undefined;
    while (this.#at < this.#source.length) {
      let found: { kind: "comment" | "block" | "variable"; mark: string; at: number } | undefined;
      for (const [kind, mark] of ordered) {
        const at = this.#source.indexOf(mark, this.#at);
        if (at >= 0 && (found === undefined || at < found.at)) found = { kind, mark, at };
      }
      const end = found?.at ?? this.#source.length;
      const sign = found === undefined ? "" : this.#source.charAt(end + found.mark.length);
      this.#data(
        this.#at,
        end,
        stripNext,
        sign === "-",
        sign !== "+" && found?.kind !== "variable" && found !== undefined,
      );
      stripNext = undefined;
      if (found === undefined) break;
      this.#at = end + found.mark.length + (sign === "-" || sign === "+" ? 1 : 0);
      if (found.kind === "comment") {
        const close = this.#source.indexOf(commentEnd, this.#at);
        if (close < 0) throw new LexerError(`the comment is never closed with ${commentEnd}`, end);
        stripNext = this.#signBefore(close);
        this.#at = close + commentEnd.length;
      } else if (found.kind === "variable") {
        this.#push("variable_begin", found.mark, end);
        stripNext = this.#tagTokens(["variable_end", variableEnd, end]) === "-" ? "all" : undefined;
      } else {
        const raw = this.#rawBlock(end);
        if (raw !== undefined) stripNext = raw.after;
        else {
          this.#push("block_begin", found.mark, end);
          stripNext = this.#afterBlock(this.#tagTokens(["block_end", blockEnd, end]));
        }
      }
    }
    this.#push("end", "", this.#source.length);
    return this.#tokens;
  }

  #afterBlock(sign: string): "all" | "newline" | undefined {
    if (sign === "-") return "all";
    return this.#options.trimBlocks && sign !== "+" ? "newline" : undefined;
  }

  #signBefore(close: number): "all" | "newline" | undefined {
    const sign = this.#source.charAt(close - 1);
    return this.#afterBlock(close - 1 >= this.#at && (sign === "-" || sign === "+") ? sign : "");
  }

  #push(type: TokenType, value: string, at: number): void {
    this.#tokens.push({ type, value, at });
  }

  #data(
    from: number,
    to: number,
    before: "all" | "newline" | undefined,
    stripAfter: boolean,
    mayLstrip: boolean,
  ): void {
    let text = this.#source.slice(from, to);
    let start = from;
    if (before === "all") {
      const stripped = text.trimStart();
      start += text.length - stripped.length;
      text = stripped;
    } else if (before === "newline") {
      const newline = /^(?:\r\n|\r|\n)/.exec(text)?.[0] ?? "";
      start += newline.length;
      text = text.slice(newline.length);
    }
    if (stripAfter) text = text.trimEnd();
    else if (mayLstrip && this.#options.lstripBlocks) {
      const lineStart = text.lastIndexOf("\n") + 1;
      // Only where nothing else stands on the line before the tag.
      const wholeLine = lineStart > 0 || start === 0 || this.#source.charAt(start - 1) === "\n";
      if (wholeLine && /^[^\S\n]*$/.test(text.slice(lineStart))) text = text.slice(0, lineStart);
    }
    if (text !== "") this.#push("data", text.replace(/\r\n|\r|\n/g, this.#options.newlineSequence), start);
  }

  /** `{% raw %}` up to `{% endraw %}` is one piece of text; undefined where no raw block starts here. */
  #rawBlock(start: number): { readonly after: "all" | "newline" | undefined } | undefined {
    const { blockStart, blockEnd } = this.#options;
    const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    const open = new RegExp(`\\s*raw\\s*([-+]?)${literally(blockEnd)}`, "y");
    open.lastIndex = this.#at;
    const opened = open.exec(this.#source);
    if (opened === null) return undefined;
    const from = open.lastIndex;
    const close = new RegExp(`${literally(blockStart)}([-+]?)\\s*endraw\\s*([-+]?)${literally(blockEnd)}`, "g");
    close.lastIndex = from;
    const closed = close.exec(this.#source);
    if (closed === null) throw new LexerError("{% raw %} is never closed with {% endraw %}", start);
    this.#data(from, closed.index, opened[1] === "-" ? "all" : undefined, closed[1] === "-", closed[1] !== "+");
    this.#at = close.lastIndex;
    return { after: this.#afterBlock(closed[2] ?? "") };
  }

  /** Tokens up to the end delimiter; returns the sign before it. */
  #tagTokens(end: readonly ["variable_end" | "block_end", string, number] | undefined): string {
    const brackets: string[] = [];
    const source = this.#source;
    for (;;) {
      while (/\s/.test(source.charAt(this.#at))) this.#at++;
      const at = this.#at;
      if (at >= source.length) {
        if (end === undefined) return "";
        throw new LexerError(
          `${end[0] === "variable_end" ? "the expression" : "the tag"} is never closed with ${end[1]}`,
          end[2],
        );
      }
      if (end !== undefined && brackets.length === 0) {
        const sign = source.charAt(at);
        const signed = (sign === "-" || sign === "+") && source.startsWith(end[1], at + 1);
        if (signed || source.startsWith(end[1], at)) {
          this.#push(end[0], end[1], at);
          this.#at = at + end[1].length + (signed ? 1 : 0);
          return signed ? sign : "";
        }
      }
      const [type, text] = this.#match(at);
      this.#at = at + text.length;
      if (type === "operator") {
        const close = closing.get(text);
        if (close !== undefined) brackets.push(close);
        else if (text === ")" || text === "]" || text === "}") {
          const expected = brackets.pop();
          if (expected === undefined) throw new LexerError(`unexpected '${text}'`, at);
          if (expected !== text) throw new LexerError(`unexpected '${text}', expected '${expected}'`, at);
        }
      }
      this.#push(type, type === "string" ? this.#string(text.slice(1, -1), end?.[0]) : text, at);
    }
  }

  #string(text: string, end: string | undefined): string {
    return this.#options.literalBackslashes && end === "variable_end" ? text : decodeString(text);
  }

  #match(at: number): readonly [TokenType, string] {
    const patterns = [
      ["name", namePattern],
      // `a.0.1` is two indexes, not a float.
      ...(this.#tokens.at(-1)?.value === "." && this.#tokens.at(-1)?.type === "operator"
        ? []
        : [["float", floatPattern] as const]),
      ["integer", integerPattern],
      ["string", stringPattern],
      ["operator", operatorPattern],
    ] as const;
    for (const [type, pattern] of patterns) {
      pattern.lastIndex = at;
      const text = pattern.exec(this.#source)?.[0];
      if (text !== undefined) return [type, text];
    }
    const character = this.#source.charAt(at);
    if (character === "'" || character === '"')
      throw new LexerError(`the string that starts with ${character} is never closed`, at);
    throw new LexerError(`unexpected character '${character}'`, at);
  }
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["v", "\v"],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["\n", ""],
]);

/** Python's escapes; one that it does not know stays as it is, backslash included. */
function decodeString(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[\s\S])/g, (whole, code: string) => {
    if (/^[xuU][\da-fA-F]/.test(code) && code.length > 1)
      return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return simpleEscapes.get(code) ?? whole;
  });
}

/** The value of an integer as it is written: `1_000`, `0x1f`, `0b1`. */
export function integerLiteral(text: string): number | bigint {
  return intValue(BigInt(text.replaceAll("_", "").replace(/^0+(?=\d)/, "")));
}
