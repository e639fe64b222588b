import type { Effect } from "../modules/contract.ts";
import type { Task } from "../playbook/tree.ts";
import { type Dict, dict, Unknown, type Value } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { StepsLost } from "./apply.ts";
import { writtenArguments } from "./arguments.ts";
import { testAll } from "./conditions.ts";
import { Reach } from "./conflicts.ts";
import type { HostRun, PlayRun } from "./context.ts";
import { engineModule } from "./engine-modules.ts";
import type { TaskResult } from "./events.ts";
import {
  applyItem,
  guardAction,
  type Job,
  type LookedItem,
  lookItem,
  notifiedNames,
  type Prepared,
  prepareItem,
  runAction,
  runController,
} from "./item.ts";
import { runDetached, wantsDetached } from "./job.ts";
import { Keywords } from "./keywords.ts";
import { itemVariables, type LoopControl, loopControl, loopItems } from "./loop-items.ts";
import { failedWith, type Outcome, outcomeOf, unknownBecause, unknownOutcome } from "./outcome.ts";
import { readAhead } from "./read-ahead.ts";
import { settleItem } from "./settle.ts";
import { sleep } from "./step-context.ts";

/** How a task ended on one host. */
export interface TaskEnd {
  readonly outcome: Outcome;
  /** Of each item, where the task loops. */
  readonly items?: readonly Outcome[];
  readonly seconds: number;
}

interface Item {
  readonly index: number;
  readonly value: Value;
  readonly vars: TaskVars;
  prepared?: Prepared;
}

/** Items whose looks travel together at most. */
const batchLimit = 512;
/** Commands of a loop that are under way at once. */
const commandLimit = 32;

/** Runs one task on one host, with all of its loop, and tells of each item. */
export async function runTask(play: PlayRun, host: HostRun, task: Task, id: number): Promise<TaskEnd> {
  const start = performance.now();
  const end = (outcome: Outcome, items?: readonly Outcome[]): TaskEnd => ({
    outcome,
    ...(items ? { items } : {}),
    seconds: (performance.now() - start) / 1000,
  });
  const module = await engineModule(task.module);
  if (!module) {
    return end(failedWith(`couldn't resolve module/action '${task.moduleAsWritten}'`, {}, { at: task.moduleAt }));
  }
  if (task.debugger !== undefined && task.debugger !== "never") {
    play.run.warn("the keyword 'debugger' is not supported: the task fails or goes on without stopping");
  }
  const vars = play.run.variables.forTask(play, host.name, task);
  let job: Job;
  try {
    job = { play, host, task, id, module, written: writtenArguments(module, task), vars };
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

function skippedLoop(condition: string | boolean): Outcome {
  return {
    value: dict([
      ["changed", false],
      ["skipped", true],
      ["skip_reason", "Conditional result was False"],
      ["false_condition", condition],
    ]),
    changed: false,
    failed: false,
    skipped: true,
    unreachable: false,
    diff: [],
    warnings: [],
  };
}

// ─── loops ──────────────────────────────────────────────────────────────────────────────────────────────────────

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
      finish(item, judged(job, item.vars, outcome instanceof Promise ? await outcome : outcome, prepared));
      settleItem(job, outcomes.at(-1));
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

/**
 * Looks for all items at once, then carries out the plans of as many from the front as do not touch what a later one
 * looked at. At least one is done.
 */
async function runStateBatch(job: Job, batch: readonly Item[]): Promise<Outcome[]> {
  for (const item of batch) item.prepared ??= prepareItem(job, item.vars);
  const looks = looking(job, batch);
  const looked = await Promise.all(looks);
  const reach = new Reach();
  let count = 0;
  for (const each of looked) {
    if (count > 0 && each && reach.touches(each.asked)) break;
    const item = batch[count]?.prepared;
    if (item) reach.add(effectsOfPlan(item, each));
    count++;
  }
  const outcomes = await Promise.all(
    batch.slice(0, count).map(async (item, at) => {
      const each = looked[at];
      const { prepared } = item;
      if (!prepared) throw new Error("an item was not prepared");
      if (prepared.kind !== "state" || !each) return judged(job, item.vars, doneOutcome(prepared), prepared);
      return judged(job, item.vars, await applyAgain(prepared, each), prepared);
    }),
  );
  for (const outcome of outcomes) predict(job, outcome);
  return outcomes;
}

function looking(job: Job, batch: readonly Item[]): (Promise<LookedItem> | undefined)[] {
  const probes = job.play.run.connections.probesOf(job.host.name);
  const before = probes.sent;
  const looks = batch.map(({ prepared }) => (prepared?.kind === "state" ? lookItem(prepared) : undefined));
  if (probes.sent > before) readAhead(job.play, job.host, job.task);
  return looks;
}

function effectsOfPlan(item: Prepared, looked: LookedItem | undefined): readonly Effect[] {
  if (item.kind === "done") return item.outcome.effects ?? [];
  if (item.kind !== "state" || !looked || looked.failure) return [];
  if (!(looked.value instanceof Unknown)) return looked.value.change?.effects ?? [];
  return item.module.outcome?.(item.ready.args, item.prepared) ?? [{ opens: ["*"], because: looked.value.reason }];
}

/** Carries a plan out; where the connection broke meanwhile, it looks and plans anew, once. */
async function applyAgain(item: Prepared & { kind: "state" }, looked: LookedItem): Promise<Outcome> {
  try {
    return await applyItem(item, looked);
  } catch (error) {
    if (!(error instanceof StepsLost)) throw error;
  }
  try {
    return await applyItem(item, await lookItem(item));
  } catch (error) {
    if (!(error instanceof StepsLost)) throw error;
    return outcomeOf(error.reason, item.ready.job.task.at);
  }
}

// ─── one item ───────────────────────────────────────────────────────────────────────────────────────────────────

/** One item, or a task without a loop, once. */
async function runOnce(job: Job, vars: TaskVars): Promise<Outcome> {
  const prepared = prepareItem(job, vars);
  const outcome = await carryOut(job, vars, prepared);
  const verdict = judged(job, vars, outcome, prepared);
  predict(job, verdict);
  return verdict;
}

async function carryOut(job: Job, vars: TaskVars, prepared: Prepared): Promise<Outcome> {
  switch (prepared.kind) {
    case "done":
      return prepared.outcome;
    case "controller": {
      const outcome = await runController(prepared);
      settleItem(job, outcome);
      return outcome;
    }
    case "action": {
      const guarded = await guardAction(prepared);
      if (guarded) return guarded;
      if (wantsDetached(job.task) && !prepared.ready.checkMode) return runDetached(prepared, vars);
      return runAction(prepared);
    }
    case "state": {
      const [looked] = looking(job, [{ index: 0, value: null, vars, prepared }]);
      if (!looked) throw new Error("a state module did not look");
      return applyAgain(prepared, await looked);
    }
  }
}

function doneOutcome(prepared: Prepared): Outcome {
  if (prepared.kind !== "done") throw new Error(`${prepared.ready.job.module.name} is not done`);
  return prepared.outcome;
}

/** In check mode what was planned lies over later answers of the host that it was planned for. */
function predict(job: Job, outcome: Outcome): void {
  const { run } = job.play;
  if (!run.options.check || !outcome.effects || outcome.effects.length === 0) return;
  run.predictionsOf(outcome.delegate ?? job.host.name).add(outcome.effects);
}

/** `until`, `retries`, `delay`: runs again until the conditions hold. */
async function runWithRetries(job: Job, vars: TaskVars): Promise<Outcome> {
  const { task, play } = job;
  const { run } = play;
  if (task.until.length === 0 && task.retries === undefined) return runOnce(job, vars);
  let retries: number;
  let delay: number;
  try {
    const keywords = new Keywords(vars.templar, task.at);
    retries = Math.max(0, keywords.number("retries", task.retries) ?? 3);
    delay = Math.max(0, keywords.number("delay", task.delay) ?? 5);
  } catch (error) {
    return outcomeOf(error, task.at);
  }
  const attempts = retries + 1;
  for (let attempt = 1; ; attempt++) {
    const outcome = await runOnce(job, vars);
    if (outcome.skipped || outcome.unreachable || outcome.fatal || outcome.unprepared) return outcome;
    if (outcome.unknown !== undefined) return outcome;
    let satisfied: boolean;
    try {
      const own = ownResult(job, vars, outcome.value);
      const verdict = task.until.length > 0 ? testAll(task.until, own.templar) : { holds: !outcome.failed };
      if (verdict.holds === "unknown") return { ...outcome, unknown: verdict.unknown.reason };
      satisfied = verdict.holds === true;
    } catch (error) {
      return outcomeOf(error, task.at);
    }
    outcome.value["attempts"] = attempt;
    if (satisfied) return outcome;
    const prediction = run.options.check ? run.anyPrediction() : undefined;
    if (prediction !== undefined) return unknownOutcome(prediction, { maybeChanged: outcome.changed });
    if (attempt >= attempts || run.interrupted) {
      const failed = { ...outcome, failed: true };
      failed.value = { ...outcome.value, attempts: attempt, failed: true };
      if (attempt > 1) failed.value["attempts"] = attempt - (attempt === attempts ? 1 : 0);
      failed.value["msg"] ??= "";
      return failed;
    }
    const result = resultOf(job, outcome, 0);
    run.emit({
      type: "retry",
      id: job.id,
      host: job.host.name,
      left: attempts - attempt,
      result: { ...result, value: { ...result.value, retries: attempts } },
    });
    try {
      await sleep(delay, run.cut);
    } catch (error) {
      return outcomeOf(error, task.at);
    }
    run.connections.probesOf(outcome.delegate ?? job.host.name).expire();
  }
}

/** The task's variables with its own result under the name that it registers. */
function ownResult(job: Job, vars: TaskVars, value: Dict): TaskVars {
  const { register } = job.task;
  if (register === undefined) return vars;
  return vars.with({ name: "own result", values: dict([[register, value]]), templated: false });
}

/** `failed_when` and `changed_when`, and then the handlers that a change notifies. */
function judged(job: Job, vars: TaskVars, outcome: Outcome, prepared: Prepared): Outcome {
  const verdict = byConditions(job, vars, outcome, prepared);
  if (job.task.notify === undefined || !(verdict.changed || verdict.maybeChanged) || verdict.failed) return verdict;
  try {
    return { ...verdict, notify: notifiedNames(job.task, vars) };
  } catch (error) {
    return outcomeOf(error, job.task.at);
  }
}

function byConditions(job: Job, vars: TaskVars, outcome: Outcome, prepared: Prepared): Outcome {
  const { task } = job;
  const ready = prepared.kind === "done" ? undefined : prepared.ready;
  const full: Outcome = {
    ...outcome,
    noLog: outcome.noLog ?? ready?.noLog ?? false,
    ...(outcome.delegate === undefined && ready?.delegate !== undefined ? { delegate: ready.delegate } : {}),
  };
  if (ready && !ready.diff) full.diff = [];
  if (full.skipped || full.unreachable || full.fatal) return full;
  if (task.failedWhen.length === 0 && task.changedWhen.length === 0) return full;
  const value: Dict = { ...dict(), ...full.value };
  full.value = value;
  try {
    const visible = full.unknown === undefined ? ownResult(job, vars, value) : unknownResult(job, vars, full.unknown);
    if (task.changedWhen.length > 0) {
      const verdict = testAll(task.changedWhen, visible.templar);
      if (verdict.holds === "unknown") {
        full.unknown ??= verdict.unknown.reason;
        full.maybeChanged = true;
      } else {
        full.changed = verdict.holds;
        full.maybeChanged = full.unknown !== undefined && verdict.holds;
        value["changed"] = verdict.holds;
      }
    }
    if (task.failedWhen.length > 0) {
      const verdict = testAll(task.failedWhen, visible.templar);
      if (verdict.holds === "unknown") full.unknown ??= verdict.unknown.reason;
      else {
        full.failed = verdict.holds;
        value["failed"] = verdict.holds;
        value["failed_when_result"] = verdict.holds;
        if (verdict.holds) full.at = task.failedWhen[0]?.at ?? task.at;
      }
    }
    return full;
  } catch (error) {
    const failure = outcomeOf(error, task.at);
    return { ...full, failed: true, value: { ...value, ...failure.value }, ...(failure.at ? { at: failure.at } : {}) };
  }
}

function unknownResult(job: Job, vars: TaskVars, reason: string): TaskVars {
  const { register } = job.task;
  if (register === undefined) return vars;
  return vars.with({ name: "own result", values: dict([[register, new Unknown(reason)]]), templated: false });
}

// ─── results ────────────────────────────────────────────────────────────────────────────────────────────────────

function withItem(outcome: Outcome, item: Item, control: LoopControl): Outcome {
  const value: Dict = { ...dict(), ...outcome.value };
  value[control.loopVar] = item.value;
  value["ansible_loop_var"] = control.loopVar;
  if (control.indexVar !== undefined) {
    value[control.indexVar] = item.index;
    value["ansible_index_var"] = control.indexVar;
  }
  const extended = control.extended ? item.vars.lookup("ansible_loop") : undefined;
  if (extended !== undefined) value["ansible_loop"] = extended;
  return { ...outcome, value };
}

function tellItem(job: Job, item: Item, outcome: Outcome): void {
  const { loop } = job.task;
  let label = item.value;
  if (loop?.label !== undefined) {
    try {
      label = item.vars.templar.render(loop.label, loop.at);
    } catch {
      // A label that cannot be rendered is no reason to fail: the item itself is shown.
    }
  }
  const { run } = job.play;
  const result = { ...resultOf(job, outcome, 0), item: label };
  run.emit({ type: "item-result", id: job.id, result, time: run.time() });
}

/** The event's form of an outcome. `ignored` and `rescued` are decided where the task ends. */
export function resultOf(
  job: Pick<Job, "host" | "task">,
  outcome: Outcome,
  seconds: number,
  more: { readonly ignored?: boolean; readonly rescued?: boolean } = {},
): TaskResult {
  return {
    host: job.host.name,
    ...(outcome.delegate === undefined || outcome.delegate === job.host.name ? {} : { delegate: outcome.delegate }),
    status: statusOf(outcome),
    ignored: more.ignored ?? false,
    rescued: more.rescued ?? false,
    ...(outcome.unknown === undefined || outcome.failed ? {} : { unknown: outcome.unknown }),
    value: outcome.value,
    diff: outcome.diff,
    noLog: outcome.noLog ?? false,
    seconds,
    warnings: outcome.warnings,
    ...(outcome.failed || outcome.unreachable ? { at: outcome.at ?? job.task.at } : {}),
  };
}

function statusOf(outcome: Outcome): TaskResult["status"] {
  if (outcome.unreachable) return "unreachable";
  if (outcome.failed) return "failed";
  if (outcome.skipped) return "skipped";
  return outcome.changed ? "changed" : "ok";
}

/** The result of a loop as a whole. */
function joined(items: readonly Outcome[], total: number): Outcome {
  const base = { diff: [], warnings: [] };
  if (total === 0) {
    return {
      ...base,
      value: dict([
        ["changed", false],
        ["results", []],
        ["skipped", true],
        ["skipped_reason", "No items in the list"],
      ]),
      changed: false,
      failed: false,
      skipped: true,
      unreachable: false,
    };
  }
  const failed = items.some((each) => each.failed);
  const changed = items.some((each) => each.changed);
  const skipped = items.every((each) => each.skipped);
  const unreachable = items.some((each) => each.unreachable);
  const unknown = items.find((each) => each.unknown !== undefined)?.unknown;
  const value = dict([
    ["results", items.map((each) => (each.unknown === undefined ? each.value : registeredUnknown(each)))],
    ["changed", changed],
    ["skipped", skipped],
    ["msg", failed ? "One or more items failed" : skipped ? "All items skipped" : "All items completed"],
  ]);
  if (failed) value["failed"] = true;
  if (unreachable) value["unreachable"] = true;
  const at = items.find((each) => each.failed)?.at;
  return {
    ...base,
    value,
    changed,
    failed,
    skipped,
    unreachable,
    ...(unknown === undefined ? {} : { unknown }),
    maybeChanged: items.some((each) => each.maybeChanged === true),
    noLog: items.some((each) => each.noLog === true),
    fatal: items.some((each) => each.fatal === true),
    notify: [...new Set(items.flatMap((each) => each.notify ?? []))],
    ...(at ? { at } : {}),
  };
}

function registeredUnknown(outcome: Outcome): Value {
  return new Unknown(outcome.unknown ?? "known after the run");
}
