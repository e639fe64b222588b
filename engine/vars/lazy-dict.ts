import type { Dict, Value } from "../source/value.ts";

/**
 * A dict whose values are made when they are first read: `hostvars` of a thousand hosts costs their names alone.
 * @param unlisted names that can be read, but are not among the keys
 */
export function lazyDict(
  names: Iterable<string>,
  value: (name: string) => Value,
  unlisted: readonly string[] = [],
): Dict {
  const result: Dict = Object.create(null);
  const define = (name: string, enumerable: boolean) =>
    Object.defineProperty(result, name, {
      enumerable,
      configurable: true,
      get() {
        const made = value(name);
        Object.defineProperty(result, name, { value: made, enumerable, configurable: true, writable: true });
        return made;
      },
    });
  for (const name of names) define(name, true);
  for (const name of unlisted) if (!Object.hasOwn(result, name)) define(name, false);
  return result;
}
