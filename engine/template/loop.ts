import { Callable, fail, Internal, type Item, tuple } from "./item.ts";
import { equals } from "./operators.ts";

/** The variable `loop` inside a `for`. */
export class Loop extends Internal {
  readonly typeName = "LoopContext";
  readonly recurse: (items: Item) => Item;
  readonly #items: readonly Item[];
  readonly #depth: number;
  readonly #changed: { last: Item | undefined };
  index = 0;

  constructor(items: readonly Item[], depth: number, recurse: ((items: Item) => Item) | undefined) {
    super();
    this.#items = items;
    this.#depth = depth;
    this.#changed = { last: undefined };
    this.recurse = recurse ?? (() => fail("loop() works only in a loop that is marked 'recursive'"));
  }

  override attribute(name: string): Item | undefined {
    const { length } = this.#items;
    switch (name) {
      case "index":
        return this.index + 1;
      case "index0":
        return this.index;
      case "revindex":
        return length - this.index;
      case "revindex0":
        return length - this.index - 1;
      case "first":
        return this.index === 0;
      case "last":
        return this.index === length - 1;
      case "length":
        return length;
      case "depth":
        return this.#depth + 1;
      case "depth0":
        return this.#depth;
      case "previtem":
        return this.#items[this.index - 1];
      case "nextitem":
        return this.#items[this.index + 1];
      case "cycle":
        return new Callable(name, ({ positional }) => {
          if (positional.length === 0) return fail("loop.cycle needs at least one value");
          return positional[this.index % positional.length] ?? null;
        });
      case "changed":
        return new Callable(name, ({ positional }) => {
          const value = tuple(...positional);
          const { last } = this.#changed;
          this.#changed.last = value;
          return last === undefined || !equals(last, value);
        });
      default:
        return undefined;
    }
  }
}
