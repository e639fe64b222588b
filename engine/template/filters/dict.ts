import {
  fail,
  failUndefined,
  type Item,
  type ItemDict,
  isItemDict,
  iterate,
  newDict,
  text,
  truthy,
  tuple,
  typeName,
  Undefined,
  valueBelow,
} from "../item.ts";
import { contains, keyText, order } from "../operators.ts";
import { type Family, plugin } from "../plugin.ts";

/** How `combine` joins lists under the same key. */
export type ListMerge = "replace" | "keep" | "append" | "prepend" | "append_rp" | "prepend_rp";

function joinLists(a: readonly Item[], b: readonly Item[], merge: string): Item[] {
  switch (merge) {
    case "replace":
      return [...b];
    case "keep":
      return [...a];
    case "append":
      return [...a, ...b];
    case "prepend":
      return [...b, ...a];
    case "append_rp":
      return [...a.filter((each) => !contains([...b], each)), ...b];
    case "prepend_rp":
      return [...b, ...a.filter((each) => !contains([...b], each))];
    default:
      return fail(
        `'${merge}' is no way to merge lists`,
        undefined,
        "Known: replace, keep, append, prepend, append_rp, prepend_rp.",
      );
  }
}

/** The second dict over the first. */
export function mergeDicts(a: ItemDict, b: ItemDict, recursive: boolean, lists: string): ItemDict {
  const result = newDict(Object.entries(a));
  for (const [key, value] of Object.entries(b)) {
    const before = Object.hasOwn(a, key) ? (a[key] ?? null) : undefined;
    if (recursive && isItemDict(before) && isItemDict(value)) result[key] = mergeDicts(before, value, recursive, lists);
    else if (Array.isArray(before) && Array.isArray(value)) result[key] = joinLists(before, value, lists);
    else result[key] = value;
  }
  return result;
}

function requireDict(item: Item, what: string): ItemDict {
  if (item instanceof Undefined) return failUndefined(item);
  return isItemDict(item) ? item : fail(`${what} needs a dict, not ${typeName(item)}`);
}

/** Filters on dicts. */
export const dictFilters: Family = {
  combine: plugin("*dicts recursive list_merge", (input, args, _, { rest }) => {
    const flat = (item: Item): Item[] => (Array.isArray(item) ? item.flatMap(flat) : item === null ? [] : [item]);
    const dicts = [input, ...rest].flatMap(flat).map((each) => requireDict(each, "combine"));
    const lists = args["list_merge"] === undefined ? "replace" : text(args["list_merge"]);
    joinLists([], [], lists);
    return dicts.reduce((a, b) => mergeDicts(a, b, truthy(args["recursive"] ?? false), lists), newDict());
  }),
  dict2items: plugin("key_name value_name", (input, { key_name, value_name }) =>
    Object.entries(requireDict(input, "dict2items")).map(([key, value]) =>
      newDict([
        [key_name === undefined ? "key" : text(key_name), key],
        [value_name === undefined ? "value" : text(value_name), value],
      ]),
    ),
  ),
  dictsort: plugin("case_sensitive by reverse", (input, args) => {
    const by = args["by"] === undefined ? "key" : text(args["by"]);
    if (by !== "key" && by !== "value") return fail("dictsort sorts by 'key' or by 'value'");
    const fold = (item: Item): Item =>
      typeof item === "string" && !truthy(args["case_sensitive"] ?? false) ? item.toLowerCase() : item;
    const entries = Object.entries(requireDict(input, "dictsort"));
    const sign = truthy(args["reverse"] ?? false) ? -1 : 1;
    entries.sort((a, b) => sign * order(fold(by === "key" ? a[0] : a[1]), fold(by === "key" ? b[0] : b[1])));
    return entries.map(([key, value]) => tuple(key, value));
  }),
  items: plugin(
    "",
    (input) =>
      input instanceof Undefined
        ? []
        : Object.entries(requireDict(input, "items")).map(([key, value]) => tuple(key, value)),
    { lenient: true },
  ),
  items2dict: plugin("key_name value_name", (input, { key_name, value_name }) => {
    const keyName = key_name === undefined ? "key" : text(key_name);
    const valueName = value_name === undefined ? "value" : text(value_name);
    return newDict(
      iterate(input).map((each): [string, Item] => {
        const item = requireDict(each, "items2dict");
        if (!Object.hasOwn(item, keyName) || !Object.hasOwn(item, valueName))
          return fail(`items2dict needs '${keyName}' and '${valueName}' in each item`);
        return [keyText(item[keyName] ?? null) ?? fail("a list or dict cannot be a key"), item[valueName] ?? null];
      }),
    );
  }),
  rekey_on_member: plugin("key duplicates", (input, { key, duplicates }) => {
    const name = text(key ?? fail("rekey_on_member needs a key"));
    const overwrite = duplicates !== undefined && text(duplicates) === "overwrite";
    const result = newDict();
    for (const each of isItemDict(input) ? Object.values(input) : iterate(input)) {
      const item = requireDict(each, "rekey_on_member");
      if (!Object.hasOwn(item, name)) return fail(`the key '${name}' is not in every item`);
      const value = keyText(item[name] ?? null) ?? fail("a list or dict cannot be a key");
      if (Object.hasOwn(result, value) && !overwrite) return fail(`the value '${value}' of '${name}' is there twice`);
      result[value] = item;
    }
    return result;
  }),
  subelements: plugin("subelements skip_missing", (input, args) => {
    const path = args["subelements"] ?? fail("subelements needs a key");
    const keys = Array.isArray(path) ? path.map(text) : text(path).split(".");
    const skip = truthy(args["skip_missing"] ?? false);
    const items = isItemDict(input) ? Object.values(input) : iterate(input);
    return items.flatMap((item) => {
      const found = valueBelow(item, keys);
      if (found === undefined) return skip ? [] : fail(`an item has no '${keys.join(".")}' to list`);
      if (!Array.isArray(found)) return fail(`'${keys.join(".")}' must be a list in every item`);
      return found.map((each) => tuple(item, each));
    });
  }),
};
