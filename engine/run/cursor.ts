import type { Block, Item, Task } from "../playbook/tree.ts";
import type { OrderKey } from "./order-key.ts";
import { itemsOfBlock } from "./role-arguments.ts";

/** One task and its place. */
export interface Stop {
  readonly task: Task;
  readonly key: OrderKey;
}

/** What decides on the way whether a host stops at a task. */
export interface CursorRules {
  /** Tags, `--start-at-task`. */
  selects(task: Task): boolean;
  /** Handlers: whether this host has notified it. */
  notified(handler: Task): boolean;
  /** Whether a role was completed on this host already and need not run again. */
  skipsRole(block: Block): boolean;
  completesRole(block: Block): void;
}

type Phase = "block" | "rescue" | "always";

interface Frame {
  readonly kind: "list" | "block" | "handlers";
  readonly key: OrderKey;
  readonly block?: Block;
  phase: Phase;
  items: readonly Item[];
  index: number;
  /** A failure that goes on when `always` has ended. */
  failing: boolean;
}

const phaseNumber: { readonly [phase in Phase]: number } = { block: 0, rescue: 1, always: 2 };

/** What became of a host whose task failed. */
export type AfterFailure = "rescued" | "failing" | "dead";

/**
 * One host's way through a play: a stack of lists and blocks. The host stands before a task (`peek`) until it is told
 * how the task went: `advance` or `fail`.
 */
export class Cursor {
  readonly #rules: CursorRules;
  #frames: Frame[];
  /** A failure took it to the end. */
  died = false;

  constructor(rules: CursorRules, items: readonly Item[] = []) {
    this.#rules = rules;
    this.#frames = [{ kind: "list", key: [], phase: "block", items, index: 0, failing: false }];
  }

  /** A copy that can be walked ahead; its rules should have no effects. */
  clone(rules: CursorRules): Cursor {
    const copy = new Cursor(rules);
    copy.#frames = this.#frames.map((frame) => ({ ...frame }));
    return copy;
  }

  /** The task that comes next; undefined at the end of the play. */
  peek(): Stop | undefined {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const item = frame.items[frame.index];
      if (item === undefined) {
        if (!this.#leave(frame)) return undefined;
      } else if (item.kind === "block") this.#enter(item, frame);
      else if (frame.kind === "handlers" ? this.#rules.notified(item) : this.#accepts(item)) {
        return { task: item, key: this.#keyIn(frame) };
      } else frame.index++;
    }
    return undefined;
  }

  /** Over the task that `peek` gave. */
  advance(): void {
    const frame = this.#frames.at(-1);
    if (frame) frame.index++;
  }

  /** The task failed: on to the nearest rescue, or through the `always` of all blocks around to the end. */
  fail(): AfterFailure {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      if (frame.block && frame.phase === "block" && frame.block.rescue.length > 0) {
        this.#turn(frame, "rescue", frame.block.rescue);
        return "rescued";
      }
      if (frame.block && frame.phase !== "always" && frame.block.always.length > 0) {
        this.#turn(frame, "always", frame.block.always);
        frame.failing = true;
        return "failing";
      }
      this.#frames.pop();
    }
    this.died = true;
    return "dead";
  }

  /** Whether a failure now would be rescued. */
  get rescuable(): boolean {
    return this.#frames.some((frame) => frame.block && frame.phase === "block" && frame.block.rescue.length > 0);
  }

  /** Whether an `always` runs on the way down from a failure. */
  get failing(): boolean {
    return this.#frames.some((frame) => frame.failing);
  }

  /** Puts what a task included behind it; `key` makes hosts that included the same meet again. */
  include(items: readonly Item[], key: OrderKey): void {
    this.#frames.push({ kind: "list", key, phase: "block", items, index: 0, failing: false });
  }

  /** Goes through the handlers; call after `advance`, with the key of the task that flushes. */
  flush(handlers: readonly Item[], key: OrderKey): void {
    this.#frames.push({ kind: "handlers", key, phase: "block", items: handlers, index: 0, failing: false });
  }

  get flushing(): boolean {
    return this.#frames.some((frame) => frame.kind === "handlers");
  }

  /** To the end of the play. */
  end(): void {
    this.#frames = [];
  }

  /** To the end of the role around the present task. */
  endRole(): void {
    while (this.#frames.length > 0) {
      const frame = this.#frames.pop();
      if (frame?.block?.roleRoot) {
        this.#rules.completesRole(frame.block);
        return;
      }
    }
  }

  #accepts(task: Task): boolean {
    return this.#rules.selects(task);
  }

  #keyIn(frame: Frame): OrderKey {
    return [...frame.key, phaseNumber[frame.phase], frame.index];
  }

  #enter(block: Block, frame: Frame): void {
    const key = this.#keyIn(frame);
    frame.index++;
    if (block.roleRoot && this.#rules.skipsRole(block)) return;
    this.#frames.push({
      kind: "block",
      key,
      block,
      phase: "block",
      items: itemsOfBlock(block),
      index: 0,
      failing: false,
    });
  }

  #turn(frame: Frame, phase: Phase, items: readonly Item[]): void {
    frame.phase = phase;
    frame.items = items;
    frame.index = 0;
  }

  /** At the end of a list; false when the host has nothing more to do. */
  #leave(frame: Frame): boolean {
    const { block } = frame;
    if (block && frame.phase !== "always" && block.always.length > 0) {
      this.#turn(frame, "always", block.always);
      return true;
    }
    this.#frames.pop();
    if (frame.failing) return this.fail() !== "dead";
    if (block?.roleRoot) this.#rules.completesRole(block);
    return this.#frames.length > 0;
  }
}
