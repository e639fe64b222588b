import type { Dict, Value } from "../source/value.ts";

/** A dict whose values are made when they are first read: `hostvars` of a thousand hosts costs their names alone. */
export function lazyDict(names: Iterable<string>, value: (name: string) => Value): Dict {
  const result: Dict = Object.create(null);
  for (const name of names) {
    Object.defineProperty(result, name, {
      enumerable: true,
      configurable: true,
      get() {
        const made = value(name);
        Object.defineProperty(result, name, { value: made, enumerable: true, configurable: true, writable: true });
        return made;
      },
    });
  }
  return result;
}
