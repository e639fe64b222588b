import { Tuple } from "../../source/value.ts";
import {
  characters,
  fail,
  failUndefined,
  Group,
  type Item,
  isItemDict,
  isNumber,
  iterate,
  newDict,
  truthy,
  tuple,
  typeName,
  Undefined,
} from "../item.ts";
import { binary, contains, equals, order, requireInteger } from "../operators.ts";
import { type Family, plugin, type Runtime } from "../plugin.ts";
import { PythonRandom } from "../python-random.ts";

const integer = (item: Item | undefined, fallback: number, what: string): number =>
  item === undefined || item === null ? fallback : requireInteger(item, what);

/** What items are compared by: an attribute, and texts without regard to case unless told otherwise. */
export function keyFunction(
  runtime: Runtime,
  attribute: Item | undefined,
  caseSensitive: Item | undefined,
): (item: Item) => Item {
  const sensitive = truthy(caseSensitive ?? false);
  return (item) => {
    const value = attribute === undefined || attribute === null ? item : runtime.member(item, attribute);
    if (value instanceof Undefined) return failUndefined(value);
    return typeof value === "string" && !sensitive ? value.toLowerCase() : value;
  };
}

/** The items without doubles, the first of each kept. */
export function distinct(items: readonly Item[]): Item[] {
  const texts = new Set<string>();
  const others: Item[] = [];
  const result: Item[] = [];
  for (const item of items) {
    if (typeof item === "string") {
      if (texts.has(item)) continue;
      texts.add(item);
    } else {
      if (others.some((each) => equals(each, item))) continue;
      others.push(item);
    }
    result.push(item);
  }
  return result;
}

function flatten(items: readonly Item[], levels: number, skipNulls: boolean): Item[] {
  return items.flatMap((item) => {
    if (skipNulls && (item === null || item === "None" || item === "null")) return [];
    return Array.isArray(item) && levels !== 0 ? flatten(item, levels - 1, skipNulls) : [item];
  });
}

function product(lists: readonly (readonly Item[])[]): Item[] {
  return lists
    .reduce<Item[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]])
    .map((row) => Tuple.with(row));
}

/** Sorts stably by a key. */
export function sorted(items: readonly Item[], key: (item: Item) => Item, reverse: boolean): Item[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  keyed.sort((a, b) => (reverse ? order(b.key, a.key) : order(a.key, b.key)));
  return keyed.map((each) => each.item);
}

/** Jinja's sort by several attributes: `"a,b"`. */
function sortKey(runtime: Runtime, attribute: Item | undefined, caseSensitive: Item | undefined): (item: Item) => Item {
  if (typeof attribute !== "string" || !attribute.includes(",")) return keyFunction(runtime, attribute, caseSensitive);
  const keys = attribute
    .split(",")
    .map((each) => keyFunction(runtime, /^\d+$/.test(each) ? Number(each) : each, caseSensitive));
  return (item) => keys.map((key) => key(item));
}

function extreme(direction: 1 | -1) {
  return plugin("case_sensitive attribute", (input, args, runtime) => {
    const items = iterate(input);
    const key = keyFunction(runtime, args["attribute"], args["case_sensitive"]);
    let best: Item = new Undefined("no item: the list is empty");
    let bestKey: Item | undefined;
    for (const item of items) {
      const each = key(item);
      if (bestKey === undefined || order(each, bestKey) * direction < 0) {
        best = item;
        bestKey = each;
      }
    }
    return best;
  });
}

function size(input: Item): number {
  if (typeof input === "string") return characters(input).length;
  if (Array.isArray(input)) return input.length;
  if (isItemDict(input)) return Object.keys(input).length;
  return fail(`a ${typeName(input)} has no length`);
}

/** Filters on lists. */
export const listFilters: Family = {
  batch: plugin("linecount fill_with", (input, args) => {
    const items = iterate(input);
    const width = requireInteger(args["linecount"] ?? null, "linecount");
    const result: Item[][] = [];
    for (let at = 0; at < items.length; at += width) result.push(items.slice(at, at + width));
    const last = result.at(-1);
    const fill = args["fill_with"];
    if (last !== undefined && fill !== undefined && fill !== null) while (last.length < width) last.push(fill);
    return result;
  }),
  combinations: plugin("set_size", (input, args) => {
    const items = iterate(input);
    const wanted = requireInteger(args["set_size"] ?? null, "the size");
    const result: Item[] = [];
    const pick = (from: number, chosen: readonly Item[]): void => {
      if (chosen.length === wanted) result.push(Tuple.with([...chosen]));
      else for (let at = from; at < items.length; at++) pick(at + 1, [...chosen, items[at] ?? null]);
    };
    pick(0, []);
    return result;
  }),
  difference: plugin("other", (input, { other }) => {
    const others = iterate(other ?? null);
    return distinct(iterate(input).filter((each) => !contains(others, each)));
  }),
  extract: plugin("container morekeys", (input, { container, morekeys }, runtime) => {
    const keys = [
      input,
      ...(morekeys === undefined || morekeys === null ? [] : Array.isArray(morekeys) ? morekeys : [morekeys]),
    ];
    return keys.reduce<Item>(
      (item, key) =>
        typeof key === "string" && key.includes(".") && isItemDict(item)
          ? at(item, key, runtime)
          : runtime.member(item, key),
      container ?? null,
    );
  }),
  first: plugin("", (input) => {
    const [first] = iterate(input);
    return first === undefined ? new Undefined("no first item: the list is empty") : first;
  }),
  flatten: plugin("levels skip_nulls", (input, { levels, skip_nulls }) =>
    flatten(iterate(input), integer(levels, -1, "levels"), truthy(skip_nulls ?? true)),
  ),
  groupby: plugin("attribute default case_sensitive", (input, args, runtime) => {
    const { attribute, default: fallback, case_sensitive } = args;
    const value = (item: Item): Item => {
      const found = runtime.member(item, attribute ?? null);
      return found instanceof Undefined && fallback !== undefined ? fallback : found;
    };
    const compared = (item: Item): Item => {
      const found = value(item);
      if (found instanceof Undefined) return failUndefined(found);
      return typeof found === "string" && !truthy(case_sensitive ?? false) ? found.toLowerCase() : found;
    };
    const groups: { key: Item; grouper: Item; items: Item[] }[] = [];
    for (const item of sorted(iterate(input), compared, false)) {
      const key = compared(item);
      const last = groups.at(-1);
      if (last !== undefined && equals(last.key, key)) last.items.push(item);
      else groups.push({ key, grouper: value(item), items: [item] });
    }
    return groups.map(({ grouper, items }) => Group.pair(grouper, items));
  }),
  intersect: plugin("other", (input, { other }) => {
    const others = iterate(other ?? null);
    return distinct(iterate(input).filter((each) => contains(others, each)));
  }),
  last: plugin("", (input) => {
    const last = iterate(input).at(-1);
    return last === undefined ? new Undefined("no last item: the list is empty") : last;
  }),
  length: plugin("", size),
  list: plugin("", (input) => [...iterate(input)]),
  max: extreme(-1),
  min: extreme(1),
  permutations: plugin("set_size", (input, args) => {
    const items = iterate(input);
    const wanted = integer(args["set_size"], items.length, "the size");
    const result: Item[] = [];
    const pick = (chosen: readonly number[]): void => {
      if (chosen.length === wanted) result.push(Tuple.with(chosen.map((at) => items[at] ?? null)));
      else for (let at = 0; at < items.length; at++) if (!chosen.includes(at)) pick([...chosen, at]);
    };
    pick([]);
    return result;
  }),
  product: plugin("*others repeat", (input, { repeat }, _, { rest }) => {
    const lists = [input, ...rest].map((each) => iterate(each));
    return product(Array.from({ length: integer(repeat, 1, "repeat") }, () => lists).flat());
  }),
  random: plugin("end start step seed", (input, args) => {
    // `random(seed=…)` and `100 | random(1, 10)`: what comes first is the start where the input is a number.
    const random = new PythonRandom(args["seed"]);
    if (!isNumber(input)) {
      const items = iterate(input);
      return items.length === 0
        ? fail("random needs a list that is not empty")
        : (items[random.below(items.length)] ?? null);
    }
    const start = integer(args["end"] ?? args["start"], 0, "start");
    const step = integer(args["end"] === undefined ? args["step"] : args["start"], 1, "step");
    const count = Math.ceil((requireInteger(input, "the end") - start) / step);
    return count <= 0 ? fail("random has an empty range") : start + step * random.below(count);
  }),
  reverse: plugin("", (input) =>
    typeof input === "string" ? characters(input).reverse().join("") : [...iterate(input)].reverse(),
  ),
  shuffle: plugin("seed", (input, { seed }) => {
    if (!Array.isArray(input)) return input;
    const items = [...input];
    const random = new PythonRandom(seed);
    for (let at = items.length - 1; at > 0; at--) {
      const other = random.below(at + 1);
      [items[at], items[other]] = [items[other] ?? null, items[at] ?? null];
    }
    return items;
  }),
  slice: plugin("slices fill_with", (input, args) => {
    const items = iterate(input);
    const count = requireInteger(args["slices"] ?? null, "slices");
    const each = Math.floor(items.length / count);
    const more = items.length % count;
    const result: Item[][] = [];
    for (let index = 0, from = 0; index < count; index++) {
      const to = from + each + (index < more ? 1 : 0);
      const part = items.slice(from, to);
      if (args["fill_with"] !== undefined && args["fill_with"] !== null && more > 0 && index >= more)
        part.push(args["fill_with"]);
      result.push(part);
      from = to;
    }
    return result;
  }),
  sort: plugin("reverse case_sensitive attribute", (input, args, runtime) =>
    sorted(
      iterate(input),
      sortKey(runtime, args["attribute"], args["case_sensitive"]),
      truthy(args["reverse"] ?? false),
    ),
  ),
  sum: plugin("attribute start", (input, { attribute, start }, runtime) =>
    iterate(input)
      .map((each) => (attribute === undefined || attribute === null ? each : runtime.member(each, attribute)))
      .reduce((total, each) => binary("+", total, each), start ?? 0),
  ),
  symmetric_difference: plugin("other", (input, { other }) => {
    const a = iterate(input);
    const b = iterate(other ?? null);
    return distinct([...a.filter((each) => !contains(b, each)), ...b.filter((each) => !contains(a, each))]);
  }),
  union: plugin("other", (input, { other }) => distinct([...iterate(input), ...iterate(other ?? null)])),
  unique: plugin("case_sensitive attribute", (input, args, runtime) => {
    const key = keyFunction(runtime, args["attribute"], args["case_sensitive"]);
    const seen: Item[] = [];
    return iterate(input).filter((item) => {
      const each = key(item);
      if (seen.some((other) => equals(other, each))) return false;
      seen.push(each);
      return true;
    });
  }),
  zip: plugin("*others", (input, _, __, { rest }) => {
    const lists = [input, ...rest].map((each) => iterate(each));
    const length = Math.min(...lists.map((each) => each.length));
    return Array.from({ length }, (_each, index) => tuple(...lists.map((list) => list[index] ?? null)));
  }),
  zip_longest: plugin("*others fillvalue", (input, { fillvalue }, __, { rest }) => {
    const lists = [input, ...rest].map((each) => iterate(each));
    const length = Math.max(...lists.map((each) => each.length));
    return Array.from({ length }, (_each, index) =>
      tuple(...lists.map((list) => (index < list.length ? (list[index] ?? null) : (fillvalue ?? null)))),
    );
  }),
};

/** A key with dots in it, such as an address, is a key first. */
function at(item: { [key: string]: Item }, key: string, runtime: Runtime): Item {
  return Object.hasOwn(item, key) ? (item[key] ?? null) : runtime.member(item, key);
}

/** A call's arguments for the filters and tests that filters call. */
export function callArguments(positional: readonly Item[], named: { readonly [name: string]: Item } = {}) {
  return { positional, named: newDict(Object.entries(named)) };
}
