import { floatRepr, pythonRepr } from "../source/python-repr.ts";
import { Float, isDict, Omit, Tagged, Tuple, Unknown, type Value } from "../source/value.ts";

/**
 * What expressions work on: the language's values, and objects that exist only while a template is rendered
 * (undefined, macros, methods, `loop`, `namespace`, dates).
 */
export type Item =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | Unknown
  | Omit
  | Tagged
  | Internal
  | Item[]
  | ItemDict;

export interface ItemDict {
  [key: string]: Item;
}

/** An object of the template's own; it has just the attributes that it offers here. */
export abstract class Internal {
  /** Python's name of the type, for messages and `type_debug`. */
  abstract readonly typeName: string;
  /** undefined where there is no such attribute. */
  attribute(_name: string): Item | undefined {
    return undefined;
  }
  repr(): string {
    return `<${this.typeName}>`;
  }
}

/**
 * A name or attribute that does not exist, or what a filter, test or lookup could not give: since ansible-core 2.19 an
 * error in one of these is kept until its value is used. Filters hand it on; whatever else uses it fails, except that
 * `default`, `is defined` and their kin answer for what is absent.
 */
export class Undefined extends Internal {
  readonly typeName = "Undefined";
  readonly message: string;
  /** Where in the template it was read; set by the evaluator. */
  readonly at: number | undefined;
  readonly #suggest: (() => string | undefined) | undefined;
  /** The error behind it, where it is not just a name that is missing. */
  readonly cause: Error | undefined;
  /** @param suggest finds the nearest known name, which takes long and is seldom needed */
  constructor(message: string, at?: number, suggest?: () => string | undefined, cause?: Error) {
    super();
    this.message = message;
    this.at = at;
    this.#suggest = suggest;
    this.cause = cause;
  }
  /** An `if` without `else`: printed beside other text it is nothing, as in Ansible. */
  readonly silent: boolean = false;
  /** Something went wrong, rather than being absent: `default` and `is defined` do not hide that. */
  get isError(): boolean {
    const { cause } = this;
    return cause !== undefined && !("code" in cause && cause.code === "undefined-variable");
  }
  get hint(): string | undefined {
    return this.#suggest?.();
  }
}

export class SilentUndefined extends Undefined {
  override readonly silent = true;
}

export interface CallArguments {
  readonly positional: readonly Item[];
  readonly named: ItemDict;
}

/** A macro, a method bound to its object, or a global function. */
export class Callable extends Internal {
  readonly typeName = "function";
  readonly name: string;
  readonly call: (args: CallArguments) => Item;
  readonly #attributes: ItemDict;
  /** A macro may be given undefined arguments, which it can ask about; anything else hands them on. */
  readonly isMacro: boolean;
  constructor(name: string, call: (args: CallArguments) => Item, attributes?: ItemDict) {
    super();
    this.isMacro = attributes !== undefined;
    this.name = name;
    this.call = call;
    this.#attributes = attributes ?? {};
  }
  override attribute(name: string): Item | undefined {
    return Object.hasOwn(this.#attributes, name) ? this.#attributes[name] : undefined;
  }
  override repr(): string {
    return `<function ${this.name}>`;
  }
}

/** `namespace()`: the one thing whose attributes `set` can change. */
export class Namespace extends Internal {
  readonly typeName = "Namespace";
  readonly members: ItemDict;
  constructor(members: ItemDict) {
    super();
    this.members = members;
  }
  override attribute(name: string): Item | undefined {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }
}

/** Not known, and perhaps not even there: an attribute of something unknown. */
export class Doubtful extends Unknown {}

/** Raised by operations on values; the evaluator adds the place. */
export class OperationError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly at: number | undefined;
  constructor(message: string, code = "template-error", hint?: string, at?: number) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.at = at;
  }
}

/** Stops the rendering of a text whose course depends on something unknown. */
export class UnknownFound extends Error {
  readonly unknown: Unknown;
  constructor(unknown: Unknown) {
    super(unknown.reason);
    this.unknown = unknown;
  }
}

export function isItemDict(item: unknown): item is ItemDict {
  return isDict(item);
}

export function newDict(entries: Iterable<readonly [string, Item]> = []): ItemDict {
  const result: ItemDict = Object.create(null);
  for (const [key, value] of entries) result[key] = value;
  return result;
}

export function tuple(...items: Item[]): Item[] {
  return Tuple.with(items);
}

/** What `groupby` yields: a pair whose halves have names too. */
export class Group extends Tuple<Item> {
  static pair(grouper: Item, items: Item[]): Group {
    const group = new Group();
    group.push(grouper, items);
    return group;
  }
  member(name: string): Item | undefined {
    return name === "grouper" ? this[0] : name === "list" ? this[1] : undefined;
  }
}

export function fail(message: string, code?: string, hint?: string): never {
  throw new OperationError(message, code, hint);
}

export function failUndefined(item: Undefined): never {
  if (item.cause) throw item.cause;
  throw new OperationError(item.message, "undefined-variable", item.hint, item.at);
}

/** Python's name of an item's type. */
export function typeName(item: Item): string {
  if (item === null) return "NoneType";
  if (typeof item === "boolean") return "bool";
  if (typeof item === "number") return Number.isInteger(item) ? "int" : "float";
  if (typeof item === "bigint") return "int";
  if (typeof item === "string" || item instanceof Tagged) return "str";
  if (item instanceof Float) return "float";
  if (item instanceof Tuple) return "tuple";
  if (Array.isArray(item)) return "list";
  if (item instanceof Internal) return item.typeName;
  if (item instanceof Unknown) return "unknown";
  if (item instanceof Omit) return "Omit";
  return "dict";
}

/** Whether an item is a number (`True` and `False` are, in Python, but not here). */
export function isNumber(item: Item): item is number | bigint | Float {
  return typeof item === "number" || typeof item === "bigint" || item instanceof Float;
}

export function isInteger(item: Item): item is number | bigint {
  return typeof item === "bigint" || (typeof item === "number" && Number.isInteger(item));
}

export function isFloat(item: Item): item is number | Float {
  return item instanceof Float || (typeof item === "number" && !Number.isInteger(item));
}

/** Python's truth: empty and zero are false. An {@link Unknown} must be dealt with before. */
export function truthy(item: Item): boolean {
  if (item === null || item === false || item === "" || item === 0 || item === 0n) return false;
  if (item instanceof Undefined) return failUndefined(item);
  if (item instanceof Unknown) throw new UnknownFound(item);
  if (item instanceof Float) return item.value !== 0;
  if (item instanceof Tagged) return item.text !== "";
  if (Array.isArray(item)) return item.length > 0;
  if (isItemDict(item)) return Object.keys(item).length > 0;
  return true;
}

/** Python's `str()`, for everything an expression can hold. */
export function text(item: Item): string {
  if (typeof item === "string") return item;
  if (item instanceof Tagged) return item.text;
  if (item instanceof Undefined) return failUndefined(item);
  if (item instanceof Unknown) throw new UnknownFound(item);
  if (item instanceof Omit) return fail("the value omit cannot be part of a text");
  if (item instanceof Internal) return item.repr();
  return repr(item);
}

/** Python's `repr()`. */
export function repr(item: Item): string {
  if (Array.isArray(item)) {
    const inner = [...item].map(repr).join(", ");
    if (item instanceof Tuple) return item.length === 1 ? `(${inner},)` : `(${inner})`;
    return `[${inner}]`;
  }
  if (item instanceof Undefined) return failUndefined(item);
  if (item instanceof Internal) return item.repr();
  if (item instanceof Unknown) throw new UnknownFound(item);
  if (isItemDict(item))
    return `{${Object.entries(item)
      .map(([key, value]) => `${pythonRepr(key)}: ${repr(value)}`)
      .join(", ")}}`;
  if (isFloat(item)) return floatRepr(item instanceof Float ? item.value : item);
  return pythonRepr(item as Value);
}

/** The characters as Python counts them: code points. */
export function characters(value: string): string[] {
  return /[\ud800-\udfff]/.test(value) ? [...value] : value.split("");
}

/** The elements of a list, the keys of a dict, the characters of a string. */
export function iterate(item: Item, what = "value"): Item[] {
  if (Array.isArray(item)) return item;
  if (typeof item === "string") return characters(item);
  if (item instanceof Tagged) return characters(item.text);
  if (item instanceof Undefined) return failUndefined(item);
  if (item instanceof Unknown) throw new UnknownFound(item);
  if (isItemDict(item)) return Object.keys(item);
  return fail(`a ${what} of type '${typeName(item)}' is no list: ${repr(item)}`);
}

/** The value at the end of a path of keys; a dict's methods are no keys. */
export function valueBelow(item: Item, keys: readonly string[]): Item | undefined {
  return keys.reduce<Item | undefined>(
    (each, key) => (isItemDict(each) && Object.hasOwn(each, key) ? each[key] : undefined),
    item,
  );
}

/** Lists in place of tuples, however deep: what a template prints is what it would return. */
export function withoutTuples(item: Item): Item {
  if (Array.isArray(item)) return item.map(withoutTuples);
  if (!isItemDict(item)) return item;
  return newDict(Object.entries(item).map(([key, value]) => [key, withoutTuples(value)] as const));
}

/** The first {@link Unknown} inside an item, however deep. */
export function unknownInside(item: Item | undefined): Unknown | undefined {
  if (item instanceof Unknown) return item;
  if (Array.isArray(item)) {
    for (const each of item) {
      const found = unknownInside(each);
      if (found) return found;
    }
  } else if (typeof item === "object" && item !== null && isItemDict(item)) {
    for (const key of Object.keys(item)) {
      const found = unknownInside(item[key]);
      if (found) return found;
    }
  }
  return undefined;
}

/**
 * The value that leaves the template: tuples become lists, vaulted texts are opened.
 * What needs no change is handed on as it is, not copied.
 * @throws OperationError where something undefined is inside
 */
export function finish(item: Item, decrypt: (text: string) => string): Value {
  if (item === null || typeof item !== "object") return item;
  if (item instanceof Tagged) return item.tag === "vault" ? decrypt(item.text) : item.text;
  if (item instanceof Float || item instanceof Unknown || item instanceof Omit) return item;
  if (item instanceof Undefined) return failUndefined(item);
  if (item instanceof Namespace) return finish(item.members, decrypt);
  if (item instanceof Internal) return item.repr();
  if (Array.isArray(item)) {
    let changed: Value[] | undefined = item instanceof Tuple ? [] : undefined;
    for (let index = 0; index < item.length; index++) {
      const before = item[index] ?? null;
      const after = finish(before, decrypt);
      if (changed === undefined && after !== before) changed = item.slice(0, index) as Value[];
      changed?.push(after);
    }
    return changed ?? (item as Value[]);
  }
  let changed: { [key: string]: Value } | undefined;
  for (const key of Object.keys(item)) {
    const before = item[key] ?? null;
    const after = finish(before, decrypt);
    if (after === before) continue;
    if (changed === undefined) {
      const copy: { [key: string]: Value } = Object.create(null);
      for (const each of Object.keys(item)) copy[each] = item[each] as Value;
      changed = copy;
    }
    changed[key] = after;
  }
  return changed ?? (item as { [key: string]: Value });
}
