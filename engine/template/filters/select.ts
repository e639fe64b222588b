import { fail, type Item, isItemDict, iterate, newDict, text, truthy, Undefined } from "../item.ts";
import { type Family, plugin, type Runtime } from "../plugin.ts";

/** `select` and its kin: by a test, on the item or one of its attributes, for or against. */
function selecting(withAttribute: boolean, wanted: boolean) {
  return plugin("*args **named", (input, _, runtime, { rest, options }) => {
    const [attribute, ...afterAttribute] = rest;
    if (withAttribute && attribute === undefined) return fail("the name of an attribute is missing");
    const [test, ...args] = withAttribute ? afterAttribute : rest;
    return elements(input).filter((item) => {
      const value = withAttribute ? runtime.member(item, attribute ?? null) : item;
      const result =
        test === undefined ? truthy(value) : runtime.test(text(test), value, { positional: args, named: options });
      return result === wanted;
    });
  });
}

/** As in Jinja, what is false has no elements: none, too. */
function elements(input: Item): Item[] {
  return input === null || input === false || input === 0 ? [] : iterate(input);
}

function map(input: Item, rest: readonly Item[], options: { readonly [name: string]: Item }, runtime: Runtime): Item {
  const { attribute, default: fallback, ...others } = options;
  if (rest.length === 0 && attribute !== undefined) {
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) return fail(`map has no argument '${unknown}'`);
    return elements(input).map((item) => {
      const value = runtime.member(item, attribute);
      return value instanceof Undefined && fallback !== undefined ? fallback : value;
    });
  }
  const [name, ...args] = rest;
  if (name === undefined) return fail("map needs the name of a filter, or attribute=");
  return elements(input).map((item) =>
    runtime.filter(text(name), item, { positional: args, named: newDict(Object.entries(options)) }),
  );
}

/** Filters that call other filters and tests. */
export const selectFilters: Family = {
  map: plugin("*args **named", (input, _, runtime, { rest, options }) =>
    map(isItemDict(input) ? Object.keys(input) : input, rest, options, runtime),
  ),
  reject: selecting(false, false),
  rejectattr: selecting(true, false),
  select: selecting(false, true),
  selectattr: selecting(true, true),
};
