import type { Task } from "../playbook/tree.ts";
import { type Dict, dict, Unknown, type Value } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { writtenArguments } from "./arguments.ts";
import { testAll } from "./conditions.ts";
import type { HostRun, PlayRun } from "./context.ts";
import { engineModule } from "./engine-modules.ts";
import type { Job } from "./item.ts";
import { doneOutcome, prepareItem } from "./item.ts";
import { runController } from "./item-controller.ts";
import { itemVariables, type LoopControl, loopControl, loopItems } from "./loop-items.ts";
import { missingModule } from "./missing-module.ts";
import { runOnce, runWithRetries } from "./one-item.ts";
import { failedWith, type Outcome, outcomeOf, unknownBecause, unknownOutcome } from "./outcome.ts";
import { settleItem } from "./settle.ts";
import type { Item } from "./state-batch.ts";
import { runStateBatch } from "./state-batch.ts";
import { sleep } from "./step-context.ts";
import { joined, skippedLoop, tellItem, withItem } from "./task-result.ts";
import { judged, ownResult } from "./verdict.ts";
/** How a task ended on one host. */
export interface TaskEnd {
  readonly outcome: Outcome;
  /** Of each item, where the task loops. */
  readonly items?: readonly Outcome[];
  readonly seconds: number;
  /** The debugger has shown its result. */
  readonly told?: boolean;
}

/** Items whose looks travel together at most. */
const batchLimit = 512;
/** Commands of a loop that are under way at once. */
const commandLimit = 32;

/** Runs one task on one host, with all of its loop, and tells of each item. `more`: variables over all others. */
export async function runTask(play: PlayRun, host: HostRun, task: Task, id: number, more?: Dict): Promise<TaskEnd> {
  const start = performance.now();
  const end = (outcome: Outcome, items?: readonly Outcome[]): TaskEnd => ({
    outcome,
    ...(items ? { items } : {}),
    seconds: (performance.now() - start) / 1000,
  });
  const module = (await engineModule(task.module)) ?? missingModule;
  const own = play.run.variables.forTask(play, host.name, task);
  const vars = more === undefined ? own : own.with({ name: "debugger", values: more, templated: false });
  let job: Job;
  try {
    const written = module === missingModule ? dict() : writtenArguments(module, task);
    job = { play, host, task, id, module, written, vars };
  } catch (error) {
    return end(failedWith(error instanceof Error ? error.message : String(error), {}, { at: task.at }));
  }
  if (!task.loop) return end(await runWithRetries(job, vars));

  let list: Value[] | Unknown = [];
  let control: LoopControl;
  try {
    control = loopControl(task.loop, vars);
    list = loopItems(task.loop, vars);
  } catch (error) {
    // A list that cannot be made matters only where the task is not skipped.
    const prepared = prepareItem(job, vars, error);
    return end(prepared.kind === "done" ? prepared.outcome : outcomeOf(error, task.loop.at));
  }
  if (list instanceof Unknown) {
    const verdict = quietVerdict(task, vars);
    if (verdict?.holds === false) return end(skippedLoop(verdict.condition));
    const effects = module.sort === "controller" ? {} : { effects: [{ opens: ["*"], because: list.reason }] };
    return end(unknownBecause(list, effects));
  }
  const items = await runLoop(job, list, control);
  return end(joined(items, list.length), items);
}

function quietVerdict(task: Task, vars: TaskVars): ReturnType<typeof testAll> | undefined {
  try {
    return testAll(task.when, vars.templar);
  } catch {
    return undefined;
  }
}

async function runLoop(job: Job, list: readonly Value[], control: LoopControl): Promise<Outcome[]> {
  const { task, vars, module } = job;
  const outcomes: Outcome[] = [];
  const itemOf = (index: number): Item => {
    const layer = { name: "loop", values: itemVariables(control, list, index), templated: false };
    return { index, value: list[index] ?? null, vars: vars.with(layer) };
  };
  const finish = (item: Item, outcome: Outcome): void => {
    const full = withItem(outcome, item, control);
    outcomes.push(full);
    tellItem(job, item, full);
  };
  const stopped = () => {
    const last = outcomes.at(-1);
    return job.play.run.interrupted || last?.unreachable === true || last?.fatal === true;
  };

  if (mustWait(job, control)) {
    for (let index = 0; index < list.length && !stopped(); index++) {
      if (index > 0 && control.pause !== undefined && !job.play.run.options.check) {
        await sleep(control.pause, job.play.run.cut);
      }
      const item = itemOf(index);
      finish(item, await runWithRetries(job, item.vars));
      if (task.loop && task.loop.breakWhen.length > 0) {
        const own = ownResult(job, item.vars, outcomes.at(-1)?.value ?? dict());
        if (testAll(task.loop.breakWhen, own.templar).holds === true) break;
      }
    }
    return outcomes;
  }
  if (module.sort === "controller") {
    for (let index = 0; index < list.length && !stopped(); index++) {
      const item = itemOf(index);
      const prepared = prepareItem(job, item.vars);
      const outcome = prepared.kind === "controller" ? runController(prepared) : doneOutcome(prepared);
      const verdict = judged(job, item.vars, outcome instanceof Promise ? await outcome : outcome, prepared);
      settleItem(job, verdict);
      finish(item, verdict);
    }
    return outcomes;
  }
  if (module.sort === "action") {
    for (let index = 0; index < list.length && !stopped(); index += commandLimit) {
      const batch = range(index, Math.min(index + commandLimit, list.length)).map(itemOf);
      const ended = await Promise.all(batch.map((item) => runOnce(job, item.vars)));
      for (const [at, item] of batch.entries()) finish(item, ended[at] ?? unknownOutcome(""));
    }
    return outcomes;
  }

  let limit = batchLimit;
  let waiting: Item[] = [];
  for (let index = 0; index < list.length && !stopped(); ) {
    while (waiting.length < limit && index + waiting.length < list.length) waiting.push(itemOf(index + waiting.length));
    const batch = waiting.slice(0, limit);
    const done = await runStateBatch(job, batch);
    done.forEach((outcome, at) => {
      const item = batch[at];
      if (item) finish(item, outcome);
    });
    index += done.length;
    waiting = waiting.slice(done.length);
    // What touched each other may go on doing so; what did not may go faster again.
    limit = done.length < batch.length ? Math.max(1, done.length) : Math.min(batchLimit, limit * 2);
  }
  return outcomes;
}

/** Items that wait for each other: what one does decides about the next, or time passes between them. */
function mustWait(job: Job, control: LoopControl): boolean {
  const { task, module } = job;
  if (task.until.length > 0 || task.retries !== undefined || task.async !== undefined) return true;
  if (control.pause !== undefined || (task.loop && task.loop.breakWhen.length > 0)) return true;
  if (module.sort === "action") {
    if (!module.command) return true;
    if ("creates" in job.written || "removes" in job.written) return true;
  }
  return task.register !== undefined && mentions(task, task.register);
}

function mentions(task: Task, name: string): boolean {
  const text = JSON.stringify([task.when, task.args, task.keywords, task.vars, task.delegateTo], (_key, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return new RegExp(`\\b${name.replace(/[^\w]/g, "")}\\b`).test(text);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, offset) => from + offset);
}
