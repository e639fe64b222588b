import type { TSchema } from "@sinclair/typebox";
import { nearest } from "../source/nearest.ts";
import { pythonStr } from "../source/python-repr.ts";
import { type Dict, dict, Float, isDict, Tagged, type Value } from "../source/value.ts";
import { parsePairs } from "./free-form.ts";

export type Coerced =
  | { readonly value: Value }
  | {
      readonly problem: string;
      readonly kind: "type" | "value";
      readonly path: readonly string[];
      readonly hint?: string;
    };

const truths = new Set(["yes", "on", "1", "true", "t", "y"]);
const falsehoods = new Set(["no", "off", "0", "false", "f", "n"]);

/** Brings a value to the type that a schema asks for, by Ansible's rules: `yes` is a boolean, `80` a text, … */
export function coerce(schema: TSchema, given: Value): Coerced {
  const value = given instanceof Tagged ? given.text : given;
  if (value === null) return { value };
  if (schema["coercion"] === "mode") return mode(value);
  switch (schema["type"]) {
    case "boolean":
      return boolean(value);
    case "integer":
      return integer(value);
    case "number":
      return number(value);
    case "string":
      return chosen(schema, text(value));
    case "array":
      return list(schema, value);
    case "object":
      return mapping(schema, value);
    default:
      return { value };
  }
}

function wrong(problem: string, kind: "type" | "value" = "type", hint?: string): Coerced {
  return { problem, kind, path: [], ...(hint === undefined ? {} : { hint }) };
}

function boolean(value: Value): Coerced {
  if (typeof value === "boolean") return { value };
  const word = typeof value === "string" || typeof value === "number" ? String(value).trim().toLowerCase() : "";
  if (truths.has(word)) return { value: true };
  if (falsehoods.has(word)) return { value: false };
  return wrong(`must be a boolean (yes or no), not ${shown(value)}`);
}

function integer(value: Value): Coerced {
  if (typeof value === "number" && Number.isInteger(value)) return { value };
  if (value instanceof Float) return { value: value.value };
  if (typeof value === "bigint") return { value: Number(value) };
  if (typeof value === "string" && /^\s*[-+]?\d+\s*$/.test(value)) return { value: Number(value) };
  return wrong(`must be an integer, not ${shown(value)}`);
}

function number(value: Value): Coerced {
  if (typeof value === "number") return { value };
  if (value instanceof Float) return { value: value.value };
  if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    return { value: Number(value) };
  return wrong(`must be a number, not ${shown(value)}`);
}

/** As Ansible's own conversion to text. */
function text(value: Value): string {
  return typeof value === "string" ? value : pythonStr(value);
}

function chosen(schema: TSchema, value: string): Coerced {
  const options: unknown = schema["enum"];
  if (!Array.isArray(options) || options.includes(value)) return { value };
  const words = options.map(String);
  // YAML reads `yes` and `no` as booleans where a choice was meant.
  const same = { True: ["yes", "true", "on"], False: ["no", "false", "off"] }[value];
  const meant = words.find((word) => same?.includes(word));
  if (meant !== undefined) return { value: meant };
  const guess = nearest(value, words);
  return wrong(
    `must be one of ${words.join(", ")}, not ${shown(value)}`,
    "value",
    guess === undefined ? undefined : `Did you mean '${guess}'?`,
  );
}

/** Integers are what YAML made of `0644`: permissions as such. */
function mode(value: Value): Coerced {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0o7777) {
    return { value: `0${value.toString(8).padStart(3, "0")}` };
  }
  if (typeof value === "string") {
    const spec = value.trim();
    if (/^(0o?)?[0-7]{1,5}$/.test(spec)) return { value: `0${spec.replace(/^0o?/, "").padStart(3, "0")}` };
    // An empty text asks for nothing: `mode: "{{ mode | default('') }}"`.
    if (
      spec === "" ||
      spec === "preserve" ||
      /^([ugoa]*([-+=]([rwxXst]*|[ugo]))+)(,[ugoa]*([-+=]([rwxXst]*|[ugo]))+)*$/.test(spec)
    ) {
      return { value: spec };
    }
  }
  return wrong(
    `must be permissions such as '0644' or u=rw,g=r, not ${shown(value)}`,
    "value",
    typeof value === "number" ? "Write it in quotes, with a leading zero." : undefined,
  );
}

function list(schema: TSchema, value: Value): Coerced {
  const item: TSchema = schema["items"] ?? {};
  const items = Array.isArray(value) ? value : scalarToItems(value, item);
  const result: Value[] = [];
  for (const [index, each] of items.entries()) {
    const coerced = coerce(item, each);
    if ("problem" in coerced) return { ...coerced, path: [String(index), ...coerced.path] };
    result.push(coerced.value);
  }
  return { value: result };
}

function scalarToItems(value: Value, item: TSchema): Value[] {
  if (typeof value !== "string") return [value];
  if (value === "") return [];
  if (item["type"] === "object" || item["type"] === undefined) return [value];
  return value.split(",").map((each) => each.trim());
}

function mapping(schema: TSchema, value: Value): Coerced {
  const given = isDict(value) ? value : typeof value === "string" ? parseMapping(value) : undefined;
  if (!given) return wrong(`must be a mapping, not ${shown(value)}`);
  const properties: { readonly [name: string]: TSchema } | undefined = schema["properties"];
  if (!properties) return { value: given };
  const result = dict();
  for (const [name, item] of Object.entries(given)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!own) {
      if (schema["additionalProperties"] !== false) {
        result[name] = item;
        continue;
      }
      const guess = nearest(name, Object.keys(properties));
      return {
        ...wrong(`has no option '${name}'`, "value", guess === undefined ? undefined : `Did you mean '${guess}'?`),
      };
    }
    if (item === null) continue;
    const coerced = coerce(own, item);
    if ("problem" in coerced) return { ...coerced, path: [name, ...coerced.path] };
    result[name] = coerced.value;
  }
  for (const [name, own] of Object.entries(properties)) {
    if (result[name] === undefined && own["default"] !== undefined)
      result[name] = structuredClone(own["default"]) as Value; // plain JSON
  }
  return { value: result };
}

function parseMapping(text: string): Dict | undefined {
  if (text.trimStart().startsWith("{")) {
    try {
      const parsed: unknown = JSON.parse(text);
      return isDict(parsed) ? parsed : undefined;
    } catch {
      return undefined;
    }
  }
  return parsePairs(text);
}

function shown(value: Value): string {
  if (Array.isArray(value)) return "a list";
  if (isDict(value)) return "a mapping";
  return typeof value === "string" ? `'${value}'` : text(value);
}
