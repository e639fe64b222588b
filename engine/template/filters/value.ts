import { pythonRepr } from "../../source/python-repr.ts";
import { Omit, type Value } from "../../source/value.ts";
import { DateTime, zoneAt } from "../date-time.ts";
import { fail, failUndefined, type Item, isNumber, text, truthy, typeName, Undefined } from "../item.ts";
import { asNumber, requireNumber } from "../operators.ts";
import { type Family, plain, plugin } from "../plugin.ts";
import { parseDateTime } from "../strptime.ts";

const trueWords = new Set(["yes", "on", "1", "true", "y", "t"]);
const falseWords = new Set(["no", "off", "0", "false", "n", "f"]);

/** Ansible's `bool`: known words, else false. */
export function toBoolean(input: Item): Item {
  if (typeof input === "boolean") return input;
  if (isNumber(input)) return asNumber(input) === 1;
  return typeof input === "string" && ["yes", "on", "1", "true"].includes(input.toLowerCase());
}

/** The boolean that a word or number stands for, in the wider sense of `truthy(convert_bool=true)`; else undefined. */
export function booleanWord(input: Item): boolean | undefined {
  if (typeof input === "boolean") return input;
  const word = isNumber(input) ? String(asNumber(input)) : typeof input === "string" ? input.toLowerCase() : "";
  if (trueWords.has(word)) return true;
  return falseWords.has(word) ? false : undefined;
}

/** Python's pprint of what fits on a line; what does not has one item a line. */
function prettyPrint(value: Value, margin = 0): string {
  const line = pythonRepr(value);
  if (line.length + margin <= 80 || typeof value !== "object" || value === null) return line;
  const inner = " ".repeat(margin + 1);
  if (Array.isArray(value)) return `[${value.map((each) => prettyPrint(each, margin + 1)).join(`,\n${inner}`)}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${pythonRepr(key)}: ${prettyPrint(each, margin + pythonRepr(key).length + 3)}`).join(`,\n${inner}`)}}`;
}

/** Filters that ask about or choose between values. */
export const valueFilters: Family = {
  attr: plugin("name", (input, { name }, runtime) => runtime.member(input, text(name ?? ""))),
  bool: plugin("", toBoolean),
  default: plugin(
    "default_value boolean",
    (input, { default_value, boolean }) => {
      if (input instanceof Undefined) return input.isError ? failUndefined(input) : (default_value ?? "");
      return truthy(boolean ?? false) && !truthy(input) ? (default_value ?? "") : input;
    },
    { lenient: true },
  ),
  mandatory: plugin(
    "msg",
    (input, { msg }) => {
      if (!(input instanceof Undefined)) return input;
      if (input.isError) return failUndefined(input);
      return fail(
        msg === undefined || msg === null ? `${input.message}, and it is mandatory` : text(msg),
        "mandatory-variable",
        input.hint,
      );
    },
    { lenient: true },
  ),
  pprint: plugin("verbose", (input, _, runtime) => prettyPrint(plain(input, runtime))),
  strftime: plugin("second utc", (input, { second, utc }) => {
    const at =
      second === undefined || second === null
        ? undefined
        : typeof second === "string"
          ? Number(second)
          : requireNumber(second, "the seconds");
    if (at !== undefined && Number.isNaN(at)) return fail(`'${text(second ?? "")}' is no number of seconds`);
    const inUtc = truthy(utc ?? false);
    const time = at === undefined ? DateTime.now(inUtc) : DateTime.fromEpoch(at, inUtc);
    return time.format(text(input), zoneAt(at ?? Date.now() / 1000, inUtc));
  }),
  ternary: plugin("true_val false_val none_val", (input, { true_val, false_val, none_val }) => {
    if (input === null && none_val !== undefined && none_val !== null) return none_val;
    return truthy(typeof input === "string" && input === "" ? false : input) ? (true_val ?? null) : (false_val ?? null);
  }),
  to_datetime: plugin("format", (input, { format }) =>
    parseDateTime(text(input), format === undefined ? "%Y-%m-%d %H:%M:%S" : text(format)),
  ),
  type_debug: plugin(
    "",
    (input) =>
      input instanceof Undefined
        ? input.cause
          ? "CapturedExceptionMarker"
          : "UndefinedMarker"
        : input instanceof Omit
          ? "Omit"
          : typeName(input),
    { lenient: true },
  ),
};
