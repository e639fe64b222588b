import { floatValue, intValue, type Value } from "./value.ts";

const booleans: ReadonlyMap<string, boolean> = new Map(
  [
    ["yes", true],
    ["no", false],
    ["true", true],
    ["false", false],
    ["on", true],
    ["off", false],
  ].flatMap(([word, value]): [string, boolean][] => {
    const text = String(word);
    const spellings = [text, text.charAt(0).toUpperCase() + text.slice(1), text.toUpperCase()];
    return spellings.map((spelling) => [spelling, value === true]);
  }),
);

const decimal = /^[-+]?(?:0|[1-9][0-9_]*)$/;
const octal = /^[-+]?0[0-7_]+$/;
const binary = /^[-+]?0b[01_]+$/;
const hexadecimal = /^[-+]?0x[0-9a-fA-F_]+$/;
const float = /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/;
const infinity = /^[-+]?\.(?:inf|Inf|INF)$/;
const notANumber = /^\.(?:nan|NaN|NAN)$/;

/**
 * What PyYAML reads from a plain scalar, except that `22:22` and dates stay strings:
 * base sixty and `datetime` surprise more people than they serve.
 */
export function resolvePlain(text: string): Value {
  if (text === "" || text === "~" || text === "null" || text === "Null" || text === "NULL") return null;
  const boolean = booleans.get(text);
  if (boolean !== undefined) return boolean;
  const first = text.charCodeAt(0);
  const mayBeNumber = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  return mayBeNumber ? (readInt(text) ?? readFloat(text) ?? text) : text;
}

/** A YAML 1.1 integer; undefined where the text is none. */
export function readInt(text: string): number | bigint | undefined {
  const digits = text.replace(/^[-+]/, "").replaceAll("_", "");
  let magnitude: bigint;
  if (decimal.test(text)) magnitude = BigInt(digits);
  else if (octal.test(text)) magnitude = digits === "0" ? 0n : BigInt(`0o${digits.slice(1)}`);
  else if ((binary.test(text) || hexadecimal.test(text)) && digits.length > 2) magnitude = BigInt(digits);
  else return undefined;
  return intValue(text.startsWith("-") ? -magnitude : magnitude);
}

/** A YAML 1.1 float; undefined where the text is none. */
export function readFloat(text: string): Value | undefined {
  if (float.test(text)) return floatValue(Number(text.replaceAll("_", "")));
  if (infinity.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (notANumber.test(text)) return Number.NaN;
  return undefined;
}

/** Whether a text would be read back as something other than a string, so that a dump must quote it. */
export function resolvesToString(text: string): boolean {
  // Unlike the reader, the writer also quotes what PyYAML would take for base sixty or a date.
  if (typeof resolvePlain(text) !== "string") return false;
  if (text === "=" || text === "<<") return false;
  if (/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)) return false;
  return !/^\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)?$/.test(
    text,
  );
}
