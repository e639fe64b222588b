import { dict, floatValue, intValue, type Value } from "../source/value.ts";

/**
 * A value of an INI inventory: a Python literal (`1`, `0x10`, `True`, `None`, `'text'`, `[1, 'a']`, `{'a': 1}`, a
 * comment behind it allowed) is what it says; everything else is the text itself.
 */
export function readLiteral(text: string): Value {
  const trimmed = text.trim();
  const reader = new LiteralReader(trimmed);
  const value = reader.whole();
  return value === undefined ? trimmed : value;
}

class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** undefined where the text is no literal. */
  whole(): Value | undefined {
    const first = this.#value();
    if (first === undefined) return undefined;
    // `1, 2` is a tuple without its parentheses.
    const value = this.#take(",") ? this.#rest([first]) : first;
    this.#blanks();
    return value !== undefined && this.#at === this.#text.length ? value : undefined;
  }

  #rest(items: Value[]): Value[] | undefined {
    while (true) {
      const item = this.#value();
      if (item === undefined) return items;
      items.push(item);
      if (!this.#take(",")) return items;
    }
  }

  #value(): Value | undefined {
    this.#blanks();
    const char = this.#text[this.#at];
    if (char === "[") return this.#list("]");
    if (char === "(") return this.#parenthesised();
    if (char === "{") return this.#dict();
    if (char === "'" || char === '"') return this.#strings();
    const word = this.#match(/[A-Za-z_]\w*/y);
    if (word !== undefined)
      return word === "True" ? true : word === "False" ? false : word === "None" ? null : undefined;
    return this.#number();
  }

  #list(end: string): Value[] | undefined {
    this.#at++;
    const items: Value[] = [];
    while (!this.#take(end)) {
      if (items.length > 0 && !this.#take(",")) return undefined;
      if (items.length > 0 && this.#take(end)) break;
      const item = this.#value();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  #parenthesised(): Value | undefined {
    const start = this.#at;
    const items = this.#list(")");
    const [only] = items ?? [];
    // `(1)` is the value, `(1,)` a tuple.
    return items?.length === 1 && !/,\s*\)$/.test(this.#text.slice(start, this.#at)) ? only : items;
  }

  #dict(): Value | undefined {
    this.#at++;
    const result = dict();
    for (let count = 0; !this.#take("}"); count++) {
      if (count > 0 && !this.#take(",")) return undefined;
      if (count > 0 && this.#take("}")) break;
      const key = this.#value();
      if (key === undefined || (typeof key === "object" && key !== null) || !this.#take(":")) return undefined;
      const value = this.#value();
      if (value === undefined) return undefined;
      result[String(key)] = value;
    }
    return result;
  }

  /** Strings side by side are one. */
  #strings(): string | undefined {
    let result = "";
    while (true) {
      const body = this.#match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y);
      if (body === undefined) return undefined;
      result += body.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g, (whole, letter: string) => {
        if (letter.length > 1) return String.fromCharCode(Number.parseInt(letter.slice(1), 16));
        return escapes[letter] ?? (/['"\\]/.test(letter) ? letter : whole);
      });
      this.#blanks();
      if (this.#text[this.#at] !== "'" && this.#text[this.#at] !== '"') return result;
    }
  }

  #number(): Value | undefined {
    const sign = this.#match(/[+-]\s*/y)?.startsWith("-") ? -1 : 1;
    const based = this.#match(/0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)\b/y);
    if (based !== undefined) return intValue(BigInt(based) * BigInt(sign));
    const text = this.#match(/(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?(?![\w.])/y)?.replaceAll("_", "");
    if (text === undefined) return undefined;
    if (/[.eE]/.test(text)) return floatValue(Number(text) * sign);
    return /^0\d*[1-9]/.test(text) ? undefined : intValue(BigInt(text) * BigInt(sign));
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #take(char: string): boolean {
    this.#blanks();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #blanks(): void {
    this.#match(/(?:\s|#.*$)+/y);
  }
}

const escapes: { readonly [letter: string]: string } = {
  n: "\n",
  t: "\t",
  r: "\r",
  "0": "\0",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};
