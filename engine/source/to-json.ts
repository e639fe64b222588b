import { floatRepr, pythonRepr } from "./python-repr.ts";
import { Float, isDict, Omit, Tagged, Unknown, type Value } from "./value.ts";

export interface JsonOptions {
  /** Spaces a level, or the text itself; one line where it is left out. */
  readonly indent?: number | string | undefined;
  readonly sortKeys?: boolean;
  /** Writes what is not ASCII as `\uXXXX`; Python's default. */
  readonly ensureAscii?: boolean;
  /** Between items and after a key; Python's defaults depend on `indent`. */
  readonly separators?: readonly [string, string];
}

/** Python's `json.dumps`: `[1, 2.0]`, `{"a": "\u00e4"}`, `NaN`. */
export function toJson(value: Value, options: JsonOptions = {}): string {
  const step = typeof options.indent === "number" ? " ".repeat(Math.max(0, options.indent)) : options.indent;
  const ensureAscii = options.ensureAscii ?? true;
  const [comma, colon] = options.separators ?? [step === undefined ? ", " : ",", ": "];

  const text = (each: string): string => {
    const quoted = JSON.stringify(each);
    return ensureAscii
      ? quoted.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      : quoted;
  };
  const wrap = (open: string, parts: readonly string[], close: string, margin: string): string => {
    if (parts.length === 0) return open + close;
    if (step === undefined) return open + parts.join(comma) + close;
    const inner = `\n${margin}${step}`;
    return `${open}${inner}${parts.join(`${comma}${inner}`)}\n${margin}${close}`;
  };
  const write = (each: Value, margin: string): string => {
    if (each === null) return "null";
    if (typeof each === "string") return text(each);
    if (typeof each === "boolean") return each ? "true" : "false";
    if (typeof each === "number" || each instanceof Float) return number(each);
    if (typeof each === "bigint") return String(each);
    if (each instanceof Tagged) return text(each.text);
    if (each instanceof Unknown || each instanceof Omit) return text(pythonRepr(each));
    const deeper = step === undefined ? "" : margin + step;
    if (Array.isArray(each))
      return wrap(
        "[",
        each.map((item) => write(item, deeper)),
        "]",
        margin,
      );
    if (!isDict(each)) return text(String(each));
    const keys = Object.keys(each);
    if (options.sortKeys) keys.sort(byCodePoint);
    return wrap(
      "{",
      keys.map((key) => `${text(key)}${colon}${write(each[key] ?? null, deeper)}`),
      "}",
      margin,
    );
  };
  return write(value, "");
}

function number(value: number | Float): string {
  const plain = value instanceof Float ? value.value : value;
  if (Number.isNaN(plain)) return "NaN";
  if (!Number.isFinite(plain)) return plain > 0 ? "Infinity" : "-Infinity";
  return value instanceof Float || !Number.isInteger(plain) ? floatRepr(plain) : String(plain);
}

/** Python's order of strings: by code point, which differs from JavaScript's beyond U+FFFF. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) {
      const xHigh = x >= 0xd800 && x <= 0xdfff;
      const yHigh = y >= 0xd800 && y <= 0xdfff;
      return xHigh === yHigh ? x - y : xHigh ? 1 : -1;
    }
  }
  return a.length - b.length;
}
