import { Float, floatValue, intValue } from "../../source/value.ts";
import { fail, type Item, isFloat, isInteger, isNumber, text, truthy } from "../item.ts";
import { asNumber, negate, requireInteger, requireNumber } from "../operators.ts";
import { fixed } from "../percent-format.ts";
import { type Family, plugin } from "../plugin.ts";

/** Jinja's `int`: what cannot be read is the default. */
export function toInt(input: Item, fallback: Item, base: number): Item {
  if (typeof input === "boolean") return Number(input);
  if (isInteger(input)) return input;
  if (isFloat(input)) {
    const number = asNumber(input);
    return Number.isFinite(number) ? intValue(BigInt(Math.trunc(number))) : fallback;
  }
  if (typeof input !== "string") return fallback;
  const digits = input.trim().replaceAll("_", "").toLowerCase();
  const match = /^([-+]?)(0[box])?([\da-z]+)$/.exec(digits);
  if (match !== null) {
    const [, sign, prefix, body = ""] = match;
    const prefixBase = prefix === "0b" ? 2 : prefix === "0o" ? 8 : prefix === "0x" ? 16 : undefined;
    // Python's base 0 takes what the prefix says.
    const used = base === 0 ? (prefixBase ?? 10) : base;
    if (prefixBase === undefined || prefixBase === used) {
      const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz".slice(0, used);
      if ([...body].every((each) => alphabet.includes(each))) {
        let value = 0n;
        for (const each of body) value = value * BigInt(used) + BigInt(alphabet.indexOf(each));
        return intValue(sign === "-" ? -value : value);
      }
    }
  }
  const number = pythonFloat(digits);
  return number === undefined || !Number.isFinite(number) ? fallback : intValue(BigInt(Math.trunc(number)));
}

function pythonFloat(value: string): number | undefined {
  const word = /^([-+]?)(inf|infinity|nan)$/i.exec(value.trim());
  if (word)
    return /nan/i.test(word[2] ?? "")
      ? Number.NaN
      : word[1] === "-"
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY;
  return /^[-+]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[-+]?\d+)?$/i.test(value.trim())
    ? Number(value.trim().replaceAll("_", ""))
    : undefined;
}

function round(number: number, precision: number, method: string): Item {
  const scale = 10 ** precision;
  if (method === "ceil") return floatValue(Math.ceil(number * scale) / scale);
  if (method === "floor") return floatValue(Math.floor(number * scale) / scale);
  if (method !== "common") return fail("round knows the methods common, ceil and floor");
  if (precision >= 0) return floatValue(Number((number < 0 ? "-" : "") + fixed(Math.abs(number), precision)));
  return floatValue(Number(`${roundHalfEven(number * scale)}e${-precision}`));
}

function roundHalfEven(number: number): number {
  const floor = Math.floor(number);
  if (number - floor !== 0.5) return Math.round(number);
  return floor % 2 === 0 ? floor : floor + 1;
}

const units = ["", "K", "M", "G", "T", "P", "E", "Z", "Y"];

function humanReadable(size: number, bits: boolean, unit: string | undefined): string {
  const wanted = unit?.charAt(0).toUpperCase();
  let power = units.length - 1;
  while (
    power > 0 &&
    !(wanted === undefined || wanted === "B" ? size >= 1024 ** power && wanted !== "B" : wanted === units[power])
  )
    power--;
  const suffix = power === 0 ? (bits ? "bits" : "Bytes") : `${units[power]}${bits ? "b" : "B"}`;
  return `${fixed(size / 1024 ** power, 2)} ${suffix}`;
}

function humanToBytes(value: string, defaultUnit: string | undefined, bits: boolean): Item {
  const match = /^\s*(\d*\.?\d*)\s*([A-Za-z]+)?\s*$/.exec(value);
  if (match === null || match[1] === "") return fail(`'${value}' is no size such as 10M or 1.5 GB`);
  const unit = match[2] ?? defaultUnit ?? "";
  const letter = unit.charAt(0).toUpperCase();
  const power = letter === "" || letter === "B" ? 0 : units.indexOf(letter);
  if (power < 0 || (unit.length > 1 && !/^(?:.?[bB]|.?bits?|.?bytes?|.?ib)$/i.test(unit)))
    return fail(`'${value}' has an unknown unit`);
  if (unit.length === 2 && power > 0 && unit.charAt(1) !== (bits ? "b" : "B"))
    return fail(`'${value}' is in ${bits ? "bytes" : "bits"}, not in ${bits ? "bits" : "bytes"}`);
  return intValue(BigInt(roundHalfEven(Number(match[1]) * 1024 ** power)));
}

function fileSize(bytes: number, binary: boolean): string {
  const base = binary ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const names = binary ? units.slice(1) : ["k", ...units.slice(2)];
  let index = 0;
  while (index < names.length - 1 && bytes >= base ** (index + 2)) index++;
  return `${fixed(bytes / base ** (index + 1), 1)} ${names[index]}${binary ? "iB" : "B"}`;
}

/** Filters that make or take numbers. */
export const numberFilters: Family = {
  abs: plugin("", (input) =>
    requireNumber(input, "the value") < 0 ? negate(input) : typeof input === "boolean" ? Number(input) : input,
  ),
  filesizeformat: plugin("binary", (input, { binary }) => {
    const number = typeof input === "string" ? Number(input) : requireNumber(input, "the size");
    return fileSize(number, truthy(binary ?? false));
  }),
  float: plugin("default", (input, args) => {
    if (isNumber(input) || typeof input === "boolean")
      return floatValue(isNumber(input) ? asNumber(input) : Number(input));
    const number = typeof input === "string" ? pythonFloat(input) : undefined;
    return number === undefined ? (args["default"] ?? new Float(0)) : floatValue(number);
  }),
  human_readable: plugin("isbits unit", (input, { isbits, unit }) => {
    const size = typeof input === "string" ? (pythonFloat(input) ?? Number.NaN) : requireNumber(input, "the size");
    if (Number.isNaN(size)) return fail(`'${text(input)}' is no number of bytes`);
    return humanReadable(size, truthy(isbits ?? false), unit === undefined || unit === null ? undefined : text(unit));
  }),
  human_to_bytes: plugin("default_unit isbits", (input, args) =>
    humanToBytes(
      text(input),
      args["default_unit"] === undefined || args["default_unit"] === null ? undefined : text(args["default_unit"]),
      truthy(args["isbits"] ?? false),
    ),
  ),
  int: plugin("default base", (input, args) =>
    toInt(input, args["default"] ?? 0, args["base"] === undefined ? 10 : requireInteger(args["base"], "the base")),
  ),
  log: plugin("base", (input, { base }) => {
    const number = requireNumber(input, "the value");
    if (number <= 0) return fail("log needs a number above zero");
    if (base === undefined) return floatValue(Math.log(number));
    const by = requireNumber(base, "the base");
    return floatValue(by === 10 ? Math.log10(number) : by === 2 ? Math.log2(number) : Math.log(number) / Math.log(by));
  }),
  pow: plugin("exponent", (input, { exponent }) =>
    floatValue(requireNumber(input, "the base") ** requireNumber(exponent ?? null, "the exponent")),
  ),
  root: plugin("base", (input, { base }) => {
    const by = base === undefined ? 2 : requireNumber(base, "the base");
    const number = requireNumber(input, "the value");
    if (number < 0) return fail("root needs a number that is not negative");
    return floatValue(by === 2 ? Math.sqrt(number) : number ** (1 / by));
  }),
  round: plugin("precision method", (input, { precision, method }) => {
    const digits = precision === undefined ? 0 : requireInteger(precision, "the precision");
    const result = round(requireNumber(input, "the value"), digits, method === undefined ? "common" : text(method));
    // An int stays one, where nothing but its own digits are rounded.
    return isInteger(input) && (method === undefined || method === "common") && isNumber(result)
      ? asNumber(result)
      : result;
  }),
};
