import { randomInt } from "node:crypto";
import picomatch from "picomatch";
import {
  fail,
  type Item,
  isItemDict,
  iterate,
  newDict,
  OperationError,
  text,
  truthy,
  tuple,
  valueBelow,
} from "../item.ts";
import { requireInteger } from "../operators.ts";
import { percentFormat } from "../percent-format.ts";
import { type Bound, type Family, plugin, type Runtime } from "../plugin.ts";
import { pythonRegex } from "../python-regex.ts";
import { inlineOptions } from "./terms.ts";

function flattenOnce(items: readonly Item[]): Item[] {
  return items.flatMap((item) => (Array.isArray(item) ? item : [item]));
}

function flattenAll(items: readonly Item[]): Item[] {
  return items.flatMap((item) =>
    Array.isArray(item) ? flattenAll(item) : item === null || item === "None" || item === "null" ? [] : [item],
  );
}

function sequenceOf(term: Item, args: Bound): Item[] {
  let options: { [name: string]: Item } = {};
  if (isItemDict(term)) options = { ...term };
  else if (text(term).trim() !== "") {
    const short = /^\s*(?:(-?(?:0x)?[\da-f]+)-)?(-?(?:0x)?[\da-f]+)(?:\/(-?(?:0x)?[\da-f]+))?(?::(.+))?\s*$/i.exec(
      text(term),
    );
    if (short !== null && !text(term).includes("=")) {
      const [, start, end, stride, format] = short;
      options = {
        ...(start ? { start } : {}),
        end: end ?? "",
        ...(stride ? { stride } : {}),
        ...(format ? { format } : {}),
      };
    } else options = { ...inlineOptions(text(term)).options };
  }
  const number = (name: string): number | undefined => {
    const given = args[name] ?? options[name];
    if (given === undefined || given === null) return undefined;
    const value =
      typeof given === "string"
        ? Number(/^0[0-7]+$/.test(given) ? `0o${given.slice(1)}` : given)
        : requireInteger(given, name);
    return Number.isInteger(value) ? value : fail(`sequence: '${name}' must be an integer, not '${text(given)}'`);
  };
  const start = number("start") ?? 1;
  const stride = number("stride") ?? 1;
  const count = number("count");
  const givenEnd = number("end");
  if (count === undefined && givenEnd === undefined) return fail("sequence needs 'end' or 'count'");
  if (count !== undefined && givenEnd !== undefined) return fail("sequence takes 'end' or 'count', not both");
  if (count === 0) return [];
  const end = givenEnd ?? start + ((count ?? 0) - 1) * stride;
  if (stride > 0 && end < start) return fail("sequence: to count downwards, the stride must be negative");
  if (stride < 0 && end > start) return fail("sequence: to count upwards, the stride must be positive");
  if (stride === 0) return [];
  const format = text(args["format"] ?? options["format"] ?? "%d");
  const result: Item[] = [];
  for (let value = start; stride > 0 ? value <= end : value >= end; value += stride)
    result.push(percentFormat(format, value));
  return result;
}

function subelements(terms: readonly Item[]): Item[] {
  const [source, path, flags] = terms;
  const keys = text(path ?? fail("subelements needs a list and a key")).split(".");
  const skip = isItemDict(flags) && truthy(flags["skip_missing"] ?? false);
  const items = isItemDict(source) ? Object.values(source) : iterate(source ?? null);
  return items.flatMap((item) => {
    if (isItemDict(item) && Object.hasOwn(item, "skipped") && truthy(item["skipped"] ?? false)) return [];
    const found = valueBelow(item, keys);
    if (found === undefined) return skip ? [] : fail(`an item has no '${keys.join(".")}' to list`);
    if (!Array.isArray(found)) return fail(`'${keys.join(".")}' must be a list in every item`);
    const rest = without(item, keys);
    return found.map((each) => tuple(rest, each));
  });
}

/** An item as Ansible's lookup hands it on: what was listed is no longer in it. */
function without(item: Item, [key, ...deeper]: readonly string[]): Item {
  if (!isItemDict(item) || key === undefined) return item;
  const copy = newDict(Object.entries(item));
  if (deeper.length === 0) delete copy[key];
  else copy[key] = without(copy[key] ?? null, deeper);
  return copy;
}

function nested(terms: readonly Item[]): Item[] {
  const lists = terms.map((each) => (Array.isArray(each) ? flattenOnce(each) : [each]));
  return lists.reduce<Item[][]>(
    (rows, each) => rows.flatMap((row) => each.map((item) => [...row, ...(Array.isArray(item) ? item : [item])])),
    [[]],
  );
}

/** `web:!db:&staging`, with shell patterns, over the groups of the inventory. */
function hostNames(terms: readonly Item[], runtime: Runtime): Item[] {
  const groups = runtime.variable("groups");
  if (!isItemDict(groups)) return [];
  const all = [...new Set(Object.values(groups).flatMap((hosts) => iterate(hosts).map(text)))];
  const named = (pattern: string): string[] => {
    if (pattern === "all" || pattern === "*") return all;
    const matches = pattern.startsWith("~")
      ? (name: string) => pythonRegex(pattern.slice(1), "").test(name)
      : picomatch(pattern, { dot: true });
    const inGroups = Object.entries(groups)
      .filter(([name]) => matches(name))
      .flatMap(([, hosts]) => iterate(hosts).map(text));
    return [...new Set([...inGroups, ...all.filter((name) => matches(name))])];
  };
  const parts = terms
    .flatMap((term) => iterate(Array.isArray(term) ? term : [term]))
    .flatMap((term) => text(term).split(/[,:](?![^[]*\])/));
  let result: string[] = [];
  for (const part of parts.filter((each) => !/^[!&]/.test(each)))
    result.push(...named(part).filter((name) => !result.includes(name)));
  if (parts.every((each) => /^[!&]/.test(each))) result = all;
  for (const part of parts) {
    if (part.startsWith("&")) result = result.filter((name) => named(part.slice(1)).includes(name));
    if (part.startsWith("!")) result = result.filter((name) => !named(part.slice(1)).includes(name));
  }
  return result;
}

function variables(terms: Item, args: Bound, runtime: Runtime): Item {
  return iterate(terms).map((term) => {
    const found = runtime.variable(text(term));
    if (found !== undefined) return found;
    const hostvars = args["default"];
    if (hostvars !== undefined) return hostvars;
    throw new OperationError(`no variable named '${text(term)}' was found`, "undefined-variable");
  });
}

/** Lookups on values: what the `with_` loops are made of. */
export const valueLookups: Family = {
  config: plugin("on_missing plugin_type plugin_name show_origin", (terms) =>
    iterate(terms).map(
      (each): Item =>
        fail(
          `the setting '${text(each)}' is not kept here`,
          undefined,
          "ansible.cfg is read only for the settings that mean something to play.",
        ),
    ),
  ),
  dict: plugin("", (terms) =>
    iterate(terms).flatMap((term) => {
      const dicts = Array.isArray(term) ? term : [term];
      return dicts.flatMap((each) => {
        if (!isItemDict(each)) return fail("with_dict needs a dict");
        return Object.entries(each).map(([key, value]) =>
          newDict([
            ["key", key],
            ["value", value],
          ]),
        );
      });
    }),
  ),
  flattened: plugin("", (terms) => flattenAll(iterate(terms))),
  indexed_items: plugin("", (terms) => flattenOnce(iterate(terms)).map((item, index) => tuple(index, item))),
  inventory_hostnames: plugin("", (terms, _, runtime) => hostNames(iterate(terms), runtime)),
  items: plugin("", (terms) => flattenOnce(iterate(terms))),
  list: plugin("", (terms) => [...iterate(terms)]),
  nested: plugin("", (terms) => nested(iterate(terms))),
  random_choice: plugin("", (terms) => {
    const items = iterate(terms);
    return items.length === 0 ? [] : [items[randomInt(items.length)] ?? null];
  }),
  sequence: plugin("start end stride count format", (terms, args) => {
    const items = iterate(terms);
    return (items.length === 0 ? [""] : items).flatMap((term) => sequenceOf(term, args));
  }),
  subelements: plugin("", (terms) => subelements(iterate(terms))),
  together: plugin("", (terms) => {
    const lists = iterate(terms).map((each) => iterate(each));
    const length = Math.max(0, ...lists.map((each) => each.length));
    if (lists.length === 0) return fail("with_together needs at least one list");
    return Array.from({ length }, (_each, index) => lists.map((each) => each[index] ?? null));
  }),
  varnames: plugin("", (terms, _, runtime) => {
    const names = [...new Set(runtime.context.scope.names())];
    return iterate(terms).flatMap((term) => names.filter((name) => pythonRegex(text(term), "").test(name)));
  }),
  vars: plugin("default", variables),
};
