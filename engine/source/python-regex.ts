/** What is wrong with an expression, or with a replacement for it. */
export class PatternError extends Error {}

export interface PatternOptions {
  /** JavaScript's letters: `i`, `m`, `s`, and `g`, `y`, `d` where they are wanted. */
  readonly flags?: string;
  /** Python's expressions for bytes: letters and digits are those of ASCII. */
  readonly ascii?: boolean;
}

/**
 * Python's regular expression as JavaScript's: `\w` knows the letters of all languages, `.` and `$` know no end of line
 * but `\n`, and there are named groups, `\A`, `\Z`, inline flags, `{,3}`, a leading `]` in a set, verbose mode.
 * @throws PatternError where the expression is not valid
 * @example pythonPattern("^(?P<key>\\w+)=").exec("größe=5")?.groups?.key  // "größe"
 */
export function pythonPattern(pattern: string, options: PatternOptions = {}): RegExp {
  const given = options.flags ?? "";
  let inline = "";
  const body = pattern.replace(/^(?:\(\?[aiLmsux]+\))+/, (flags) => {
    inline = flags.replace(/[()?]/g, "");
    return "";
  });
  const has = (flag: string): boolean => given.includes(flag) || inline.includes(flag);
  const translation = new Translation(body, {
    ascii: options.ascii === true || inline.includes("a"),
    multiline: has("m"),
    dotAll: has("s"),
    verbose: inline.includes("x"),
  });
  // What `m` and `s` mean is in the translation already: JavaScript has more ends of lines than Python.
  const flags = ["d", "g", "y", "i", "m", "s"].filter(has).join("");
  try {
    return new RegExp(translation.whole(), `${flags}v`);
  } catch (error) {
    if (error instanceof PatternError) throw error;
    throw new PatternError(
      error instanceof Error ? error.message.replace(/^Invalid regular expression: .*\/[a-z]*: /s, "") : String(error),
    );
  }
}

interface Mode {
  readonly ascii: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
}

/** What stands in a set for each class; the capital letter means all else. */
const unicodeClasses: { readonly [letter: string]: string } = {
  d: "\\p{Nd}",
  s: "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",
  w: "\\p{L}\\p{N}_",
};
const asciiClasses: { readonly [letter: string]: string } = { d: "0-9", s: "\\t-\\r\\x20", w: "a-zA-Z0-9_" };

const controls: { readonly [letter: string]: number } = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, "\\": 92 };

class Translation {
  readonly #pattern: string;
  readonly #mode: Mode;
  #at = 0;

  constructor(pattern: string, mode: Mode) {
    this.#pattern = pattern;
    this.#mode = mode;
  }

  whole(): string {
    let source = "";
    while (this.#at < this.#pattern.length) source += this.#piece();
    return source;
  }

  #piece(): string {
    const character = this.#next();
    const { multiline, dotAll, verbose } = this.#mode;
    switch (character) {
      case "\\":
        return this.#escape();
      case "[":
        return this.#set();
      case "(":
        return this.#group();
      case "^":
        return multiline ? "(?<![^\\n])" : "^";
      case "$":
        return multiline ? "(?![^\\n])" : "(?=\\n?(?![\\s\\S]))";
      case ".":
        return dotAll ? "[\\s\\S]" : "[^\\n]";
      case "{":
        return this.#take(/\d+(?:,\d*)?\}/y, (counts) => `{${counts}`) ?? this.#atMost() ?? "\\{";
      case "}":
      case "]":
        return `\\${character}`;
      default:
    }
    if (!verbose) return character;
    if (character === "#") this.#take(/[^\n]*/y, () => "");
    return character === "#" || /\s/.test(character) ? "" : character;
  }

  #atMost(): string | undefined {
    return this.#take(/,\d*\}/y, (counts) => `{0${counts}`);
  }

  #group(): string {
    return (
      this.#take(/\?P<(?=\w)/y, () => "(?<") ??
      this.#take(/\?P=(\w+)\)/y, (_, name) => `\\k<${name}>`) ??
      this.#take(/\?#[^)]*\)/y, () => "") ??
      "("
    );
  }

  /** An escape outside of sets. */
  #escape(): string {
    if (this.#at >= this.#pattern.length) throw new PatternError("it ends in a lone backslash");
    const letter = this.#peek();
    const word = this.#class("w");
    switch (letter) {
      case "A":
        this.#next();
        return "(?<![\\s\\S])";
      case "Z":
        this.#next();
        return "(?![\\s\\S])";
      case "b":
        this.#next();
        return `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`;
      case "B":
        this.#next();
        return `(?:(?<=[${word}])(?=[${word}])|(?<![${word}])(?![${word}]))`;
      default:
    }
    const reference = this.#take(/(?!0|[0-3][0-7][0-7])\d\d?/y, (number) => `(?:\\${number})`);
    if (reference !== undefined) return reference;
    const found = this.#classEscape();
    if (found !== undefined) return found.startsWith("[") ? found : `[${found}]`;
    return literal(this.#codeEscape());
  }

  /** `[…]`, member by member: punctuation that has a meaning in JavaScript's sets has none in Python's. */
  #set(): string {
    let source = this.#take(/\^/y, () => "[^") ?? "[";
    for (let first = true; ; first = false) {
      if (this.#at >= this.#pattern.length) throw new PatternError("a set [ is never closed");
      if (this.#peek() === "]" && !first) break;
      const from = this.#member();
      const isRange = this.#peek() === "-" && !/^-(?:\]|$)/.test(this.#pattern.slice(this.#at));
      if (!isRange) {
        source += typeof from === "string" ? from : literal(from);
        continue;
      }
      this.#next();
      const to = this.#member();
      if (typeof from === "string" || typeof to === "string")
        throw new PatternError("a range in a set begins or ends with a class");
      source += `${literal(from)}-${literal(to)}`;
    }
    this.#next();
    return `${source}]`;
  }

  /** A character as its code, or a class as what stands for it. */
  #member(): number | string {
    const character = this.#next();
    if (character !== "\\") return character.codePointAt(0) ?? 0;
    if (this.#at >= this.#pattern.length) throw new PatternError("a set [ is never closed");
    return this.#classEscape() ?? this.#codeEscape();
  }

  #classEscape(): string | undefined {
    return this.#take(/[dswDSW]/y, (letter) => {
      const members = this.#class(letter.toLowerCase());
      return letter === letter.toLowerCase() ? members : `[^${members}]`;
    });
  }

  #class(letter: string): string {
    return (this.#mode.ascii ? asciiClasses : unicodeClasses)[letter] ?? "";
  }

  #codeEscape(): number {
    const octal = this.#take(/0[0-7]{0,2}|[0-3][0-7]{2}/y, (digits) => digits);
    if (octal !== undefined) return Number.parseInt(octal, 8);
    const hexadecimal = this.#take(/x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}/y, (digits) => digits.slice(1));
    if (hexadecimal !== undefined) return Number.parseInt(hexadecimal, 16);
    const letter = this.#next();
    const control = controls[letter];
    if (control !== undefined) return control;
    if (/[a-zA-Z0-9]/.test(letter)) throw new PatternError(`bad escape \\${letter}`);
    return letter.codePointAt(0) ?? 0;
  }

  #peek(): string {
    return this.#pattern.charAt(this.#at);
  }

  /** The next character, whole where it is two of JavaScript's. */
  #next(): string {
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += character.length;
    return character;
  }

  #take(sticky: RegExp, made: (whole: string, group: string) => string): string | undefined {
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#pattern);
    if (!match) return undefined;
    this.#at += match[0].length;
    return made(match[0], match[1] ?? "");
  }
}

/** A character that means itself, within sets and outside. */
function literal(code: number): string {
  const character = String.fromCodePoint(code);
  return code > 127 || /\w/.test(character) ? character : `\\x${code.toString(16).padStart(2, "0")}`;
}

/**
 * Python's replacement text: `\1`, `\g<name>`, `\n`.
 * @throws PatternError where it refers to a group that the expression does not have
 */
export function expandReplacement(
  template: string,
  match: readonly (string | undefined)[],
  groups: { readonly [name: string]: string | undefined } | undefined,
): string {
  return template.replace(
    /\\(?:g<(\w+)>|(0[0-7]{0,2}|[0-3][0-7]{2})|(\d{1,2})|([\s\S]))/g,
    (_, name?: string, octal?: string, number?: string, other?: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const reference = name ?? number;
      if (reference !== undefined) return groupNamed(reference, match, groups);
      const letter = other ?? "";
      const control = controls[letter];
      if (control !== undefined) return String.fromCharCode(control);
      if (/[a-zA-Z]/.test(letter)) throw new PatternError(`the replacement has a bad escape \\${letter}`);
      return `\\${letter}`;
    },
  );
}

function groupNamed(
  reference: string,
  match: readonly (string | undefined)[],
  groups: { readonly [name: string]: string | undefined } | undefined,
): string {
  if (/^\d+$/.test(reference)) {
    if (Number(reference) >= match.length)
      throw new PatternError(`the replacement refers to group ${reference}, which the expression does not have`);
    return match[Number(reference)] ?? "";
  }
  if (groups === undefined || !Object.hasOwn(groups, reference))
    throw new PatternError(`the replacement refers to the group '${reference}', which the expression does not have`);
  return groups[reference] ?? "";
}
