import jmespath from "jmespath";
import { toJson } from "../../source/to-json.ts";
import { toYaml } from "../../source/to-yaml.ts";
import { Float, floatValue, intValue, isDict, type Value } from "../../source/value.ts";
import { parseYaml, toValue } from "../../source/yaml.ts";
import { fail, type Item, newDict, text, truthy } from "../item.ts";
import { requireInteger } from "../operators.ts";
import { type Bound, type Collected, type Family, plain, plugin, type Runtime } from "../plugin.ts";

/** Python's `json.loads`: `1.0` stays a float, large integers stay exact, `NaN` is read. @throws OperationError */
export function readJson(source: string): Item {
  let at = 0;
  const broken = (): never =>
    fail(`this is no JSON: ${source.length > 60 ? `${source.slice(0, 60)}…` : source} (at character ${at + 1})`);
  const blank = (): void => {
    while (/[ \t\n\r]/.test(source.charAt(at))) at++;
  };
  const token =
    /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?|"(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|true|false|null|NaN|-?Infinity/y;
  const scalar = (): Item => {
    token.lastIndex = at;
    const match = token.exec(source);
    if (match === null || match[0] === "") return broken();
    at = token.lastIndex;
    const [word, fraction, exponent] = match;
    if (word.startsWith('"')) return String(JSON.parse(word));
    switch (word) {
      case "true":
        return true;
      case "false":
        return false;
      case "null":
        return null;
      case "NaN":
        return Number.NaN;
      case "Infinity":
        return Number.POSITIVE_INFINITY;
      case "-Infinity":
        return Number.NEGATIVE_INFINITY;
      default:
        return fraction === undefined && exponent === undefined ? intValue(BigInt(word)) : floatValue(Number(word));
    }
  };
  const value = (): Item => {
    blank();
    const open = source.charAt(at);
    if (open !== "[" && open !== "{") return scalar();
    const close = open === "[" ? "]" : "}";
    const list: Item[] = [];
    const entries: [string, Item][] = [];
    at++;
    blank();
    if (source.charAt(at) === close) at++;
    else
      for (;;) {
        blank();
        if (open === "[") list.push(value());
        else {
          const key = source.charAt(at) === '"' ? scalar() : broken();
          blank();
          if (source.charAt(at++) !== ":") return broken();
          entries.push([text(key), value()]);
        }
        blank();
        const next = source.charAt(at++);
        if (next === close) break;
        if (next !== ",") {
          at--;
          return broken();
        }
      }
    return open === "[" ? list : newDict(entries);
  };
  const result = value();
  blank();
  return at < source.length ? broken() : result;
}

const boolean = (item: Item | undefined, fallback: boolean): boolean =>
  item === undefined || item === null ? fallback : truthy(item);

function json(input: Item, args: Bound, runtime: Runtime, nice: boolean): string {
  const { indent, sort_keys, ensure_ascii, separators } = args;
  const pair = Array.isArray(separators) ? separators.map(text) : undefined;
  return toJson(plain(input, runtime), {
    indent:
      indent === undefined || indent === null
        ? nice
          ? 4
          : undefined
        : typeof indent === "string"
          ? indent
          : requireInteger(indent, "indent"),
    sortKeys: boolean(sort_keys, nice),
    ensureAscii: boolean(ensure_ascii, true),
    ...(pair?.[0] !== undefined && pair[1] !== undefined ? { separators: [pair[0], pair[1]] as const } : {}),
  });
}

function yaml(input: Item, args: Bound, runtime: Runtime, { options }: Collected, nice: boolean): string {
  const option = (name: string): Item | undefined => options[name];
  const flow = args["default_flow_style"];
  return toYaml(plain(input, runtime), {
    indent: args["indent"] === undefined ? (nice ? 4 : 2) : requireInteger(args["indent"], "indent"),
    width: args["width"] === undefined ? 80 : Math.min(requireNumberOrInfinity(args["width"]), Number.MAX_SAFE_INTEGER),
    sortKeys: boolean(args["sort_keys"], true),
    flow: flow === undefined || flow === null ? (nice ? false : undefined) : truthy(flow),
    allowUnicode: boolean(option("allow_unicode"), true),
    explicitStart: boolean(option("explicit_start"), false),
    explicitEnd: boolean(option("explicit_end"), false),
  });
}

function requireNumberOrInfinity(item: Item): number {
  if (item instanceof Float) return item.value;
  return typeof item === "number" && !Number.isFinite(item) ? item : requireInteger(item, "width");
}

function fromYaml(input: Item, all: boolean): Item {
  if (typeof input !== "string") return input;
  const { documents } = parseYaml(input, "<from_yaml>");
  // An empty text has no document at all; from_yaml gives null for it.
  const values: Item[] = /^(?:\s*(?:#.*)?\n?)*$/.test(input) ? [] : documents.map(toValue);
  if (all) return values;
  if (values.length > 1)
    return fail("from_yaml expects one document, and there are several", undefined, "Use from_yaml_all.");
  return values[0] ?? null;
}

/** JMESPath knows JavaScript's plain numbers only. */
function plainNumbers(value: Value): unknown {
  if (value instanceof Float) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (isDict(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainNumbers(each)]));
  return value;
}

function backFromJmespath(value: unknown): Item {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(backFromJmespath);
  if (typeof value === "object")
    return newDict(Object.entries(value).map(([key, each]) => [key, backFromJmespath(each)]));
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : String(value);
}

/** The lines of comma-separated values. */
export function readCsv(source: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  const endRow = (): void => {
    row.push(field);
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
    field = "";
  };
  for (let at = 0; at < source.length; at++) {
    const character = source.charAt(at);
    if (quoted) {
      if (character !== '"') field += character;
      else if (source.charAt(at + 1) === '"') {
        field += '"';
        at++;
      } else quoted = false;
    } else if (character === '"' && field === "") quoted = true;
    else if (character === delimiter) {
      row.push(field);
      field = "";
    } else if (character === "\n" || character === "\r") {
      if (character === "\r" && source.charAt(at + 1) === "\n") at++;
      endRow();
    } else field += character;
  }
  if (field !== "" || row.length > 0) endRow();
  return rows;
}

/** Filters between values and JSON, YAML and the like. */
export const dataFilters: Family = {
  from_csv: plugin("dialect fieldnames delimiter skipinitialspace strict", (input, { fieldnames, delimiter }) => {
    const rows = readCsv(text(input), delimiter === undefined || delimiter === null ? "," : text(delimiter));
    const names = Array.isArray(fieldnames) ? fieldnames.map(text) : rows.shift();
    return rows.map((row) => newDict((names ?? []).map((name, index) => [name, row[index] ?? null])));
  }),
  from_json: plugin("", (input) => (typeof input === "string" ? readJson(input) : fail("from_json needs a text"))),
  from_yaml: plugin("", (input) => fromYaml(input, false)),
  from_yaml_all: plugin("", (input) => fromYaml(input, true)),
  json_query: plugin("expr", (input, { expr }, runtime) => {
    try {
      return backFromJmespath(jmespath.search(plainNumbers(plain(input, runtime)), text(expr ?? "")));
    } catch (error) {
      if (!(error instanceof Error) || error.name === "UnknownFound") throw error;
      return fail(`the query '${text(expr ?? "")}' failed: ${error.message}`);
    }
  }),
  to_json: plugin("indent sort_keys ensure_ascii separators vault_to_text preprocess_unsafe", (input, args, runtime) =>
    json(input, args, runtime, false),
  ),
  to_nice_json: plugin(
    "indent sort_keys ensure_ascii separators vault_to_text preprocess_unsafe",
    (input, args, runtime) => json(input, args, runtime, true),
  ),
  to_nice_yaml: plugin("indent width sort_keys default_flow_style **options", (input, args, runtime, collected) =>
    yaml(input, args, runtime, collected, true),
  ),
  to_yaml: plugin("default_flow_style indent width sort_keys **options", (input, args, runtime, collected) =>
    yaml(input, args, runtime, collected, false),
  ),
  tojson: plugin("indent", (input, args, runtime) =>
    json(input, { ...args, sort_keys: true }, runtime, false)
      .replaceAll("<", "\\u003c")
      .replaceAll(">", "\\u003e")
      .replaceAll("&", "\\u0026")
      .replaceAll("'", "\\u0027"),
  ),
};
