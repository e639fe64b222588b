/**
 * The values of the playbook language: what YAML holds, what templates yield, what modules return.
 *
 * Invariants every room relies on:
 * - a dict is a plain object with a null or Object prototype, read only through its own keys;
 * - a `number` that is an integer is Python's int, any other `number` is its float;
 *   a float whose value is integral (`1.0`) is a {@link Float}; an int beyond 2^53 is a bigint;
 * - {@link Unknown} stands for what nobody can know before the run (check mode only).
 */
export type Value = null | boolean | number | bigint | string | Float | Unknown | Omit | Tagged | Value[] | Dict;

export interface Dict {
  [key: string]: Value;
}

/** A float with an integral value, which a JavaScript number could not tell from an int. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A value that is known only after the run; `reason` says what it depends on. */
export class Unknown {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** The value of the magic variable `omit`: an argument given it counts as not given. */
export class Omit {
  private constructor() {}
  static readonly value = new Omit();
}

/**
 * Text under a YAML tag that changes how it is read.
 * `unsafe` text is never templated; `vault` text is decrypted when it is first read.
 */
export class Tagged {
  readonly tag: "unsafe" | "vault";
  readonly text: string;
  constructor(tag: "unsafe" | "vault", text: string) {
    this.tag = tag;
    this.text = text;
  }
}

/** Makes a dict without a prototype, so that no key can reach JavaScript's own properties. */
export function dict(entries: Iterable<readonly [string, Value]> = []): Dict {
  const result: Dict = Object.create(null);
  for (const [key, value] of entries) result[key] = value;
  return result;
}

export function isDict(value: unknown): value is Dict {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The first {@link Unknown} inside a value, however deep; undefined where all of it is known. */
export function unknownIn(value: Value | undefined): Unknown | undefined {
  if (value instanceof Unknown) return value;
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = unknownIn(item);
      if (found) return found;
    }
  } else if (isDict(value)) {
    for (const key of Object.keys(value)) {
      const found = unknownIn(value[key]);
      if (found) return found;
    }
  }
  return undefined;
}

/** Python's float as a value: integral ones are wrapped, so that they stay apart from ints. */
export function floatValue(number: number): number | Float {
  return Number.isInteger(number) ? new Float(number) : number;
}

/** Python's int as a value: a number as far as JavaScript counts exactly, a bigint beyond. */
export function intValue(integer: bigint): number | bigint {
  return integer >= Number.MIN_SAFE_INTEGER && integer <= Number.MAX_SAFE_INTEGER ? Number(integer) : integer;
}

/** Python's tuple: what `items()` and `zip` give. It lives inside templates only; results hold plain lists. */
export class Tuple<T = Value> extends Array<T> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  static with<T>(items: readonly T[]): Tuple<T> {
    const tuple = new Tuple<T>();
    tuple.push(...items);
    return tuple;
  }
}
