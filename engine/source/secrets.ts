import { formsOf, secretsWithin } from "./secret-forms.ts";

/**
 * Knows the texts that must never be shown. Values that came out of a vault, passwords, arguments that a module marks
 * secret and results of `no_log` tasks are added as they flow; every output passes through {@link Secrets.redact}.
 */
export interface Secrets {
  /** Remembers a secret text. Shorter than six characters it is replaced only where it is a whole value. */
  readonly add: (text: string) => void;
  /** Remembers what was encrypted: the text, and each value in it that is long enough. */
  readonly addDecrypted: (plain: string) => void;
  /** The text with every secret, and its JSON, shell-quoted, base64 and URL forms, replaced by `********`. */
  readonly redact: (text: string) => string;
}

const mask = "********";
/** Below this length a text occurs by chance too often to be replaced inside others. */
export const shortestSecret = 6;

/** An empty store of secrets. Redacting costs next to nothing until the first is added. */
export function createSecrets(): Secrets {
  const known = new Set<string>();
  const short = new Set<string>();
  const needles = new Needles();

  const add = (text: string): void => {
    const whole = text.trim();
    if (whole === "" || known.has(whole)) return;
    if (whole.length < shortestSecret) {
      short.add(whole);
      return;
    }
    known.add(whole);
    for (const form of formsOf(whole)) needles.add(form);
    // Outputs cut, indent and interleave long texts, so each line is a secret of its own.
    const lines = whole.split(/\r?\n/);
    if (lines.length > 1) for (const line of lines) if (line.trim().length >= shortestSecret) add(line);
  };

  return {
    add,
    addDecrypted(plain) {
      add(plain);
      for (const text of secretsWithin(plain)) if (text.trim().length >= shortestSecret) add(text);
    },
    redact(text) {
      if (short.size > 0 && text.length < shortestSecret + 2 && short.has(text.trim())) return mask;
      return needles.replace(text, mask);
    },
  };
}

/** Texts to find, all at once and however many: by their first six characters, and before that by the first three. */
class Needles {
  readonly #byStart = new Map<string, string[]>();
  readonly #possible = new Uint8Array(1 << 16);

  add(needle: string): void {
    if (needle.length < shortestSecret) return;
    const start = needle.slice(0, shortestSecret);
    const others = this.#byStart.get(start);
    if (others?.includes(needle)) return;
    if (others) others.push(needle);
    else this.#byStart.set(start, [needle]);
    this.#possible[firstThree(needle, 0)] = 1;
  }

  /** Overlapping finds are replaced together, so that no tail of one stays. */
  replace(text: string, replacement: string): string {
    if (this.#byStart.size === 0) return text;
    let result = "";
    let copied = 0;
    let start = -1;
    let end = -1;
    for (let index = 0; index + shortestSecret <= text.length; index++) {
      const stop = this.#possible[firstThree(text, index)] === 1 ? this.#longestAt(text, index) : 0;
      if (stop === 0) continue;
      if (start >= 0 && index > end) {
        result += text.slice(copied, start) + replacement;
        copied = end;
        start = -1;
      }
      if (start < 0) start = index;
      end = Math.max(end, stop);
    }
    if (start < 0) return result + text.slice(copied);
    return result + text.slice(copied, start) + replacement + text.slice(end);
  }

  /** Where the longest needle that begins at an index ends; 0 where none does. */
  #longestAt(text: string, index: number): number {
    let stop = 0;
    for (const needle of this.#byStart.get(text.slice(index, index + shortestSecret)) ?? []) {
      if (index + needle.length > stop && text.startsWith(needle, index)) stop = index + needle.length;
    }
    return stop;
  }
}

function firstThree(text: string, index: number): number {
  return (text.charCodeAt(index) * 961 + text.charCodeAt(index + 1) * 31 + text.charCodeAt(index + 2)) & 0xffff;
}
