import { DateTime } from "./date-time.ts";
import {
  type CallArguments,
  Callable,
  fail,
  Internal,
  type Item,
  type ItemDict,
  isItemDict,
  iterate,
  Namespace,
  newDict,
  OperationError,
  text,
  truthy,
  Undefined,
} from "./item.ts";
import { keyText, requireInteger } from "./operators.ts";
import type { Runtime } from "./plugin.ts";

/** `cycler("odd", "even")` */
class Cycler extends Internal {
  readonly typeName = "Cycler";
  readonly #items: readonly Item[];
  #at = 0;
  constructor(items: readonly Item[]) {
    super();
    this.#items = items;
  }
  override attribute(name: string): Item | undefined {
    if (name === "current") return this.#items[this.#at];
    if (name === "next")
      return new Callable(name, () => {
        const item = this.#items[this.#at] ?? null;
        this.#at = (this.#at + 1) % this.#items.length;
        return item;
      });
    if (name === "reset")
      return new Callable(name, () => {
        this.#at = 0;
        return null;
      });
    return undefined;
  }
}

function range({ positional }: CallArguments): Item {
  const numbers = positional.map((each) => requireInteger(each, "an argument of range"));
  const [start, stop, step] =
    numbers.length === 1 ? [0, numbers[0] ?? 0, 1] : [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 1];
  if (numbers.length < 1 || numbers.length > 3) return fail("range takes one to three numbers");
  if (step === 0) return fail("the step of range cannot be zero");
  if (Math.abs((stop - start) / step) > 10_000_000) return fail("the range is too long");
  const result: Item[] = [];
  for (let value = start; step > 0 ? value < stop : value > stop; value += step) result.push(value);
  return result;
}

function makeDict({ positional, named }: CallArguments): Item {
  const [source] = positional;
  const entries: (readonly [string, Item])[] = [];
  if (isItemDict(source)) entries.push(...Object.entries(source));
  else if (source !== undefined)
    for (const pair of iterate(source)) {
      const [key, value] = iterate(pair);
      entries.push([keyText(key ?? null) ?? fail("a list or dict cannot be the key of a dict"), value ?? null]);
    }
  return newDict([...entries, ...Object.entries(named)]);
}

/** `lookup("name", terms…, wantlist=, errors=)` */
function lookup(runtime: Runtime, args: CallArguments, alwaysList: boolean): Item {
  const [name, ...terms] = args.positional;
  if (name === undefined) return fail("lookup needs the name of a lookup");
  const { wantlist, errors = "strict", allow_unsafe: _, ...options } = args.named;
  const asList = alwaysList || (wantlist !== undefined && truthy(wantlist));
  let result: Item;
  try {
    result = runtime.lookup(text(name), terms, newDict(Object.entries(options)));
  } catch (error) {
    if (!(error instanceof OperationError) || error.code === "unknown-lookup") throw error;
    if (errors === "strict") return new Undefined(error.message, undefined, undefined, error);
    if (errors === "warn") runtime.context.warn(`the lookup '${text(name)}' failed: ${error.message}`);
    return asList ? [] : null;
  }
  if (asList || !Array.isArray(result)) return result;
  if (result.length === 0) return result;
  if (result.length === 1) return result[0] ?? null;
  return result.every((each) => typeof each === "string") ? result.join(",") : result;
}

/** The functions that every template can call. */
export function globals(runtime: Runtime): ItemDict {
  const define = (name: string, call: (args: CallArguments) => Item): readonly [string, Item] => [
    name,
    new Callable(name, call),
  ];
  return newDict([
    define("range", range),
    define("dict", makeDict),
    define("namespace", (args) => {
      const members = makeDict(args);
      return new Namespace(isItemDict(members) ? members : newDict());
    }),
    define("cycler", ({ positional }) =>
      positional.length > 0 ? new Cycler(positional) : fail("cycler needs at least one value"),
    ),
    define("joiner", ({ positional, named }) => {
      let used = false;
      return new Callable("joiner", () => {
        const result = used ? (positional[0] ?? named["sep"] ?? ", ") : "";
        used = true;
        return result;
      });
    }),
    define("lookup", (args) => lookup(runtime, args, false)),
    define("query", (args) => lookup(runtime, args, true)),
    define("q", (args) => lookup(runtime, args, true)),
    define("now", ({ positional, named }) => {
      const utc = positional[0] ?? named["utc"] ?? false;
      const format = positional[1] ?? named["fmt"] ?? null;
      const time = DateTime.now(truthy(utc));
      return format === null ? time : time.format(text(format));
    }),
    define("undef", ({ positional, named }) => {
      const hint = positional[0] ?? named["hint"];
      return new Undefined(hint === undefined ? "mandatory variable has not been overridden" : text(hint));
    }),
    define("lipsum", ({ named }) => {
      const count = requireInteger(named["n"] ?? 5, "n");
      const paragraph = "Lorem ipsum dolor sit amet, consectetur adipiscing elit.";
      return named["html"] === false
        ? Array<string>(count).fill(paragraph).join("\n\n")
        : Array<string>(count).fill(`<p>${paragraph}</p>`).join("\n");
    }),
  ]);
}
