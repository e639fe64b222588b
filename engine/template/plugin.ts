import type { Value } from "../source/value.ts";
import type { TemplateContext, TextOptions } from "./contract.ts";
import {
  type CallArguments,
  fail,
  finish,
  type Item,
  type ItemDict,
  newDict,
  UnknownFound,
  unknownInside,
} from "./item.ts";

/** What filters, tests and lookups may ask of the evaluator. */
export interface Runtime {
  readonly context: TemplateContext;
  /** A variable of the template or the scope; undefined where there is none. */
  variable(name: string): Item | undefined;
  filter(name: string, input: Item, args?: CallArguments): Item;
  test(name: string, input: Item, args?: CallArguments): boolean;
  lookup(name: string, terms: readonly Item[], options: ItemDict): Item;
  /** `object.name`, or a path such as `a.b.0`; an Undefined where it does not exist. */
  member(object: Item, path: Item): Item;
  call(callee: Item, args: CallArguments): Item;
  /** A text that is itself a template (the lookup `template`, `undef`). */
  renderText(text: string, options: TextOptions): string;
  evaluate(expression: string): Item;
}

/** Arguments by name; `rest` and `options` hold what `*rest` and `**options` collect. */
export interface Bound {
  readonly [name: string]: Item | undefined;
}

/** A filter, a test, or a lookup: all alike, so that one table serves for calls, docs and checks. */
export interface Plugin<Result = Item> {
  readonly parameters: Parameters;
  readonly run: (input: Item, args: Bound, runtime: Runtime, collected: Collected) => Result;
  /** Takes undefined values as they are, as `default` does. */
  readonly lenient: boolean;
}

export interface Collected {
  readonly rest: readonly Item[];
  readonly options: ItemDict;
}

interface Parameters {
  readonly names: readonly string[];
  /** How many of the names can be given by place; those after `*rest` cannot. */
  readonly placed: number;
  readonly rest: boolean;
  readonly options: boolean;
}

export type Family<Result = Item> = { readonly [name: string]: Plugin<Result> };

/**
 * Describes a plug-in.
 * @param parameters the names after the input, in order: `"d attribute *rest onlyByName **options"`
 */
export function plugin<Result = Item>(
  parameters: string,
  run: Plugin<Result>["run"],
  options: { readonly lenient?: boolean } = {},
): Plugin<Result> {
  const words = parameters.split(/\s+/).filter(Boolean);
  return {
    parameters: {
      names: words.filter((word) => !word.startsWith("*")),
      placed:
        words.findIndex((word) => word.startsWith("*")) < 0
          ? words.length
          : words.findIndex((word) => word.startsWith("*")),
      rest: words.some((word) => /^\*\w/.test(word)),
      options: words.some((word) => word.startsWith("**")),
    },
    run,
    lenient: options.lenient ?? false,
  };
}

/** Sorts a call's arguments into the parameters. @throws OperationError for one too many or an unknown name */
export function bind(
  plugin: Plugin<unknown>,
  what: string,
  args: CallArguments,
): { bound: Bound; collected: Collected } {
  const { names, placed, rest, options } = plugin.parameters;
  const bound: ItemDict = newDict();
  const more: Item[] = [];
  for (const [index, item] of args.positional.entries()) {
    const name = names[index];
    if (index < placed && name !== undefined) bound[name] = item;
    else if (rest) more.push(item);
    else fail(`${what} takes at most ${placed} argument${placed === 1 ? "" : "s"}, ${args.positional.length} given`);
  }
  const other: ItemDict = newDict();
  for (const [name, item] of Object.entries(args.named)) {
    if (names.includes(name)) {
      if (Object.hasOwn(bound, name)) fail(`${what} got the argument '${name}' twice`);
      bound[name] = item;
    } else if (options) other[name] = item;
    else
      fail(
        `${what} has no argument '${name}'`,
        undefined,
        names.length > 0 ? `It takes: ${names.join(", ")}.` : "It takes none.",
      );
  }
  return { bound, collected: { rest: more, options: other } };
}

/** An item as a plain value all the way down, for what writes or digests it. */
export function plain(item: Item, runtime: Runtime): Value {
  const unknown = unknownInside(item);
  if (unknown) throw new UnknownFound(unknown);
  return finish(item, (vaulted) => runtime.context.decrypt(vaulted));
}

/** The last part of a fully qualified name: `ansible.builtin.combine` is `combine`. */
export function shortName(name: string): string {
  return name.split(".").length >= 3 ? name.slice(name.lastIndexOf(".") + 1) : name;
}
