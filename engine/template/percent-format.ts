import { floatRepr } from "../source/python-repr.ts";
import { Float, Tuple } from "../source/value.ts";
import { fail, type Item, isInteger, isItemDict, isNumber, repr, text, typeName } from "./item.ts";

const specifier = /%(?:\(([^)]*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([diouxXeEfFgGcrsa%])/g;

/** Python's `text % values`. @throws OperationError */
export function percentFormat(format: string, values: Item): string {
  const list = values instanceof Tuple ? values : undefined;
  let next = 0;
  const take = (): Item => {
    if (list === undefined) {
      if (next++ > 0) return fail("not enough arguments for the format string");
      return values;
    }
    if (next >= list.length) return fail("not enough arguments for the format string");
    return list[next++] ?? null;
  };
  let named = false;
  const stray = format.replace(specifier, "").indexOf("%");
  if (stray >= 0)
    fail(
      `the format ${repr(format)} has a '%' that is followed by no known letter`,
      undefined,
      "Write %% for a percent sign.",
    );
  const result = format.replace(
    specifier,
    (_, key: string | undefined, flags: string, width: string, precision: string, type: string) => {
      if (type === "%") return "%";
      const wide = width === "*" ? Number(text(take())) : Number(width ?? 0);
      const digits = precision === "*" ? Number(text(take())) : precision === undefined ? undefined : Number(precision);
      let value: Item;
      if (key !== undefined) {
        named = true;
        if (!isItemDict(values)) return fail("a format with names needs a dict");
        value = Object.hasOwn(values, key) ? (values[key] ?? null) : fail(`the format needs the key '${key}'`);
      } else value = take();
      return pad(convert(value, type, flags, digits), flags, wide, type);
    },
  );
  if (!named && list !== undefined && next < list.length)
    return fail("not all arguments were converted by the format string");
  if (!named && list === undefined && next === 0 && !isItemDict(values))
    return fail("not all arguments were converted by the format string");
  return result;
}

function convert(value: Item, type: string, flags: string, precision: number | undefined): string {
  switch (type) {
    case "s":
      return text(value).slice(0, precision);
    case "r":
    case "a":
      return repr(value).slice(0, precision);
    case "c":
      return isInteger(value) ? String.fromCodePoint(Number(value)) : text(value);
    default:
  }
  const number = typeof value === "boolean" ? Number(value) : value;
  if (!isNumber(number)) return fail(`%${type} needs a number, not ${typeName(value)}`);
  const plain = number instanceof Float ? number.value : number;
  const sign = plain < 0 || Object.is(plain, -0) ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  if ("diuoxX".includes(type)) {
    if ("oxX".includes(type) && !isInteger(number)) return fail(`%${type} needs an integer, not ${typeName(value)}`);
    const integer = typeof plain === "bigint" ? plain : BigInt(Math.trunc(plain));
    const magnitude = integer < 0n ? -integer : integer;
    const base = type === "o" ? 8 : type === "x" || type === "X" ? 16 : 10;
    let digits = magnitude.toString(base).padStart(precision ?? 0, "0");
    if (flags.includes("#") && base !== 10) digits = (base === 8 ? "0o" : "0x") + digits;
    return (integer < 0n ? "-" : sign === "-" ? "" : sign) + (type === "X" ? digits.toUpperCase() : digits);
  }
  return sign + formatFloat(Math.abs(Number(plain)), type, precision ?? 6, flags.includes("#"));
}

/** `e`, `f` and `g` of both cases, without a sign. */
export function formatFloat(number: number, type: string, precision: number, alternate = false): string {
  const upper = type === type.toUpperCase();
  const finish = (result: string): string => (upper ? result.toUpperCase() : result);
  if (!Number.isFinite(number)) return finish(Number.isNaN(number) ? "nan" : "inf");
  const exponential = (digits: number): string =>
    number.toExponential(Math.min(100, digits)).replace(/e([-+])(\d)$/, "e$10$2");
  switch (type.toLowerCase()) {
    case "e":
      return finish(exponential(precision));
    case "f":
      return finish(fixed(number, precision));
    case "g": {
      const digits = precision === 0 ? 1 : precision;
      const exponent = number === 0 ? 0 : Number(number.toExponential(Math.min(100, digits - 1)).split("e")[1]);
      const useExponent = exponent < -4 || exponent >= digits;
      const result = useExponent ? exponential(digits - 1) : fixed(number, digits - 1 - exponent);
      if (alternate || !result.includes(".")) return finish(result);
      return finish(result.replace(/\.?0+(?=e|$)/, ""));
    }
    default:
      return floatRepr(number);
  }
}

/** Like `toFixed`, but exact for large numbers and with Python's rounding of ties. */
export function fixed(number: number, digits: number): string {
  if (number >= 1e21) return `${BigInt(number)}${digits > 0 ? `.${"0".repeat(digits)}` : ""}`;
  const result = number.toFixed(Math.min(100, digits));
  // toFixed rounds exact halves up, Python to the even neighbour.
  const scale = 10 ** digits;
  const scaled = number * scale;
  if (
    digits <= 3 &&
    scaled % 1 === 0.5 &&
    Number.isInteger(scaled * 2) &&
    scaled / scale === number &&
    Math.floor(scaled) % 2 === 0
  )
    return (Math.floor(scaled) / scale).toFixed(digits);
  return result;
}

function pad(value: string, flags: string, width: number, type: string): string {
  if (value.length >= width) return value;
  if (flags.includes("-")) return value.padEnd(width);
  if (flags.includes("0") && !"srca".includes(type)) {
    const sign = /^[-+ ]?(?:0[ox])?/i.exec(value)?.[0] ?? "";
    const prefix = value.startsWith("0") && !/^0[ox]/i.test(value) ? "" : sign;
    return prefix + value.slice(prefix.length).padStart(width - prefix.length, "0");
  }
  return value.padStart(width);
}
