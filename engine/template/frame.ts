import type { Item } from "./item.ts";

/** Variables that a template sets itself: a loop's target, `set`, a macro's parameters. Inner frames hide outer ones. */
export class Frame {
  readonly #own = new Map<string, Item>();
  readonly #parent: Frame | undefined;
  constructor(parent?: Frame) {
    this.#parent = parent;
  }
  get(name: string): Item | undefined {
    const item = this.#own.get(name);
    return item === undefined ? this.#parent?.get(name) : item;
  }
  set(name: string, item: Item): void {
    this.#own.set(name, item);
  }
  *names(): Generator<string> {
    yield* this.#own.keys();
    if (this.#parent) yield* this.#parent.names();
  }
  /** What was set in this frame itself: a module's exports. */
  own(): ReadonlyMap<string, Item> {
    return this.#own;
  }
}
