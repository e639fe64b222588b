import type { Item, Task } from "../playbook/tree.ts";
import type { Templar } from "../template/contract.ts";

/** The handlers of a play in the order of their definition, and who is meant by a notified name. */
export class Handlers {
  readonly #tasks: Task[] = [];

  constructor(items: readonly Item[]) {
    this.add(items);
  }

  /** Those that an included role brings. */
  add(items: readonly Item[]): void {
    for (const task of flatten(items)) {
      if (!this.#tasks.includes(task)) this.#tasks.push(task);
    }
  }

  get all(): readonly Task[] {
    return this.#tasks;
  }

  /**
   * Of several handlers of one name the last defined counts; all that listen to it do (of one name the last). Empty
   * where there is none.
   */
  find(name: string, templar: Templar): Task[] {
    const found: Task[] = [];
    const byName = this.#tasks.findLast((task) => namesOf(task, templar).includes(name));
    if (byName) found.push(byName);
    const seen = new Set<string>();
    for (const task of this.#tasks.toReversed()) {
      if (!task.listen.some((topic) => rendered(topic, templar) === name)) continue;
      if (task.name !== undefined && seen.has(task.name)) continue;
      if (task.name !== undefined) seen.add(task.name);
      if (!found.includes(task)) found.push(task);
    }
    return found;
  }
}

function* flatten(items: readonly Item[]): Generator<Task> {
  for (const item of items) {
    if (item.kind === "task") yield item;
    else yield* flatten([...item.block, ...item.rescue, ...item.always]);
  }
}

function namesOf(task: Task, templar: Templar): string[] {
  if (task.name === undefined) return [];
  const name = rendered(task.name, templar);
  const { role } = task;
  if (!role) return [name];
  const full = role.collection === undefined ? [] : [`${role.collection}.${role.name} : ${name}`];
  return [name, `${role.name} : ${name}`, ...full];
}

/** A name that cannot be rendered here is nobody's. */
function rendered(text: string, templar: Templar): string {
  if (!text.includes("{{")) return text;
  try {
    return String(templar.render(text));
  } catch {
    return text;
  }
}
