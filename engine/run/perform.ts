import { setImmediate as immediate } from "node:timers/promises";
import { includeArguments } from "../playbook/imports.ts";
import type { Task } from "../playbook/tree.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import { type Dict, dict, isDict, type Value } from "../source/value.ts";
import type { HostRun, PlayRun } from "./context.ts";
import { debug, stopsInDebugger } from "./debugger.ts";
import { engineModule } from "./engine-modules.ts";
import { includeRole, includeTasks } from "./include.ts";
import { Keywords } from "./keywords.ts";
import { runMeta } from "./meta.ts";
import { notifiedNames } from "./notified.ts";
import type { OrderKey } from "./order-key.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { settleTask } from "./settle.ts";
import { Slots } from "./slots.ts";
import { resultOf } from "./task-result.ts";
import { runTask, type TaskEnd } from "./task-run.ts";

/** One task for the hosts that stand before it: all of a lockstep, or one that runs freely. */
export interface Performance {
  readonly play: PlayRun;
  readonly task: Task;
  readonly key: OrderKey;
  readonly hosts: readonly HostRun[];
  /** Strategies without lockstep tell which host a task starts on. */
  readonly alone?: boolean;
  readonly id: number;
}

/** What the first host does for all: nobody wants to be asked fifty times to go on, and the inventory is everybody's. */
const forAll: ReadonlySet<string> = new Set(["pause", "add_host"]);

/** Announces the task, runs it, tells the results and moves the cursors. */
export async function perform(performance: Performance): Promise<void> {
  const { play, task, hosts } = performance;
  if (task.module === "meta") {
    await runMeta(performance);
    return;
  }
  const [first] = hosts;
  if (!first) return;
  await engineModule(task.module);
  announce(performance, first);
  if (task.module === "include_tasks" || task.module === "include") return includeTasks(performance);
  if (task.module === "include_role") return includeRole(performance);

  const keywords = new Keywords(play.run.variables.forTask(play, first.name, task).templar, task.at);
  let once = false;
  let throttle = 0;
  try {
    once = (keywords.boolean("run_once", task.keywords.runOnce) ?? false) || forAll.has(task.module);
    throttle = keywords.number("throttle", task.keywords.throttle) ?? 0;
  } catch (error) {
    for (const host of hosts) endTask(performance, host, { outcome: outcomeOf(error, task.at), seconds: 0 }, [host]);
    return;
  }
  const slots = throttle > 0 ? new Slots(throttle) : undefined;
  if (once && !performance.alone) {
    await runFor(performance, first, hosts, slots);
    return;
  }
  // Hosts that end at the same time are told of in their order; none waits for one that is still at work.
  let before: Promise<void> = Promise.resolve();
  await Promise.all(
    hosts.map((host) => {
      const done = runFor(performance, host, [host], slots, before);
      before = done;
      return done;
    }),
  );
}

/** The name of a task as its banner shows it. */
export function announce(performance: Performance, first: HostRun): void {
  const { play, task, id, alone } = performance;
  const { run } = play;
  const check = run.options.check ?? false;
  run.emit({
    type: "task-start",
    id,
    task: displayName(play, task, first),
    module: task.module,
    handler: task.isHandler,
    at: task.at,
    ...(task.role ? { role: task.role.name } : {}),
    tags: task.tags,
    checkMode: check,
    time: run.time(),
    ...(alone ? { host: first.name } : {}),
  });
}

function displayName(play: PlayRun, task: Task, first: HostRun): string {
  const name = renderedName(play, task, first);
  // As Ansible has it: the name that was given to an include of a role stands alone, and one without is named for
  // the role as it is written.
  if (task.module === "include_role") return task.name === undefined ? includeRoleName(task) : name;
  return task.role ? `${task.role.name} : ${name}` : name;
}

function includeRoleName(task: Task): string {
  const { name, role } = includeArguments(task);
  return `${task.moduleAsWritten} : ${String(name ?? role)}`;
}

function renderedName(play: PlayRun, task: Task, host: HostRun): string {
  const name = task.name ?? task.moduleAsWritten;
  if (name.includes("{{") || name.includes("{%")) {
    try {
      return String(play.run.variables.forTask(play, host.name, task).templar.render(name, task.at));
    } catch {
      // A name that cannot be rendered is shown as it is written.
    }
  }
  return name;
}

async function runFor(
  performance: Performance,
  host: HostRun,
  sharing: readonly HostRun[],
  slots: Slots | undefined,
  before?: Promise<void>,
): Promise<void> {
  const { play, task, id } = performance;
  const { run } = play;
  const work = async () => {
    if (run.interrupted) return;
    run.emit({ type: "host-start", id, host: host.name, time: run.time() });
    const end =
      host.notified.get(task) === "maybe"
        ? await runDoubtful(play, host, task, id)
        : await debugged(performance, host, await runTask(play, host, task, id));
    if (before) await Promise.race([before, immediate()]);
    endTask(performance, host, end, sharing);
  };
  await run.slots.with(() => (slots ? slots.with(work) : work()));
}

/** The end of a task after the person at the debugger has had their say, where it stops there. */
async function debugged(performance: Performance, host: HostRun, first: TaskEnd): Promise<TaskEnd> {
  const { play, task, id } = performance;
  const { run } = play;
  let end = first;
  let changed: { readonly task: Task; readonly vars: Dict } = { task, vars: dict() };
  while (stopsInDebugger(play, host, task, end.outcome)) {
    run.emit({ type: "debugger", id, result: resultOf({ host, task }, end.outcome, end.seconds) });
    const decision = await debug(play, host, task, end.outcome, changed);
    if (decision.kind === "redo") {
      changed = decision;
      end = await runTask(play, host, changed.task, id, changed.vars);
      continue;
    }
    if (decision.kind === "quit") run.interrupt();
    return { ...end, told: true };
  }
  return end;
}

/** Check mode: a handler whose notification is known after the run only. */
async function runDoubtful(play: PlayRun, host: HostRun, task: Task, id: number): Promise<TaskEnd> {
  const reason = "whether it is notified is known after the run";
  const end = await runTask(play, host, task, id);
  if (end.outcome.skipped) return end;
  const { failed: _failed, unreachable: _unreachable, ...rest } = end.outcome;
  return {
    ...end,
    outcome: { ...rest, failed: false, unreachable: end.outcome.unreachable, unknown: reason, diff: [] },
  };
}

/** Registers, notifies, counts and tells; then the host goes on, or turns to rescue, or leaves the play. */
export function endTask(
  performance: Performance,
  host: HostRun,
  end: TaskEnd,
  sharing: readonly HostRun[] = [host],
): void {
  const { play, task, id } = performance;
  const { run } = play;
  const { outcome } = end;
  let problem: Outcome | undefined;
  if (!outcome.failed && !outcome.unreachable) problem = notify(play, task, outcome, sharing);
  const final = problem ?? outcome;
  if (task.notify !== undefined && !final.unreachable && run.marks.any(host.name)) withdrawMarks(play, host, task);
  if (task.role && !final.skipped && !final.unreachable) host.rolesRun.add(task.role.signature);
  settleTask(
    play,
    sharing.map((each) => each.name),
    task,
    final,
  );
  const ignored = final.failed || final.unreachable ? ignores(play, host, task, final) : false;
  const bad = (final.failed || final.unreachable) && !ignored;
  const rescued = bad && final.failed && final.fatal !== true && host.cursor.rescuable;
  const result = resultOf({ host, task }, final, end.seconds, { ignored, rescued });
  run.summary.count(result);
  run.emit({ type: "result", id, result, time: run.time(), ...(end.told ? { told: true } : {}) });
  for (const each of sharing) {
    if (task.isHandler) {
      each.notified.delete(task);
      if (!bad) run.marks.done(each.name, play.play, task);
    }
    if (!bad) each.cursor.advance();
    else leave(play, each, task, final);
  }
}

/** A host whose task failed. */
export function leave(play: PlayRun, host: HostRun, task: Task, outcome: Outcome): void {
  const { run } = play;
  play.failedNow.add(host.name);
  if (outcome.unreachable) {
    // It goes on here if its errors are forgiven (meta: clear_host_errors).
    host.status = "unreachable";
    host.cursor.advance();
    run.lost.add(host.name);
    play.removed.add(host.name);
    return;
  }
  const rescuable = host.cursor.rescuable;
  if (rescuable) {
    const state = run.stateOf(host.name);
    state.setFacts["ansible_failed_task"] = describe(
      task,
      task.name === undefined ? "" : renderedName(play, task, host),
    );
    state.setFacts["ansible_failed_result"] = outcome.value;
    run.variables.changed([host.name]);
  }
  failHost(play, host);
}

/** On to rescue or always; a host that has neither is out. */
export function failHost(play: PlayRun, host: HostRun): void {
  if (host.cursor.fail() !== "dead") return;
  host.status = "failed";
  play.run.lost.add(host.name);
  play.removed.add(host.name);
}

function describe(task: Task, name: string): Value {
  return dict([
    ["name", name],
    ["action", task.moduleAsWritten],
    ["args", isDict(task.args) ? task.args : dict([["_raw_params", task.args]])],
    ["tags", [...task.tags]],
    ["delegate_to", task.delegateTo ?? null],
    ["register", task.register ?? null],
    ["ignore_errors", task.keywords.ignoreErrors ?? null],
  ]);
}

function ignores(play: PlayRun, host: HostRun, task: Task, outcome: Outcome): boolean {
  const keywords = new Keywords(play.run.variables.forTask(play, host.name, task).templar, task.at);
  try {
    if (outcome.fatal || outcome.unignorable) return false;
    return outcome.unreachable
      ? (keywords.boolean("ignore_unreachable", task.keywords.ignoreUnreachable) ?? false)
      : (keywords.boolean("ignore_errors", task.keywords.ignoreErrors) ?? false);
  } catch {
    return false;
  }
}

/** Marks that were left before a change that did not come about. */
function withdrawMarks(play: PlayRun, host: HostRun, task: Task): void {
  const vars = play.run.variables.forTask(play, host.name, task);
  try {
    for (const name of notifiedNames(task, vars)) {
      for (const handler of play.handlers.find(name, vars.templar)) {
        if (!host.notified.has(handler)) play.run.marks.withdraw(host.name, play.play, handler);
      }
    }
  } catch {
    // Names of a loop's items cannot be rendered here: such a mark makes a handler run once more.
  }
}

/** Marks the handlers that a change notified; a name that nobody has is a failure, as Ansible's. */
function notify(play: PlayRun, task: Task, outcome: Outcome, hosts: readonly HostRun[]): Outcome | undefined {
  const names = outcome.notify ?? [];
  if (names.length === 0) return undefined;
  const { run } = play;
  const due = outcome.changed ? "due" : "maybe";
  for (const name of names) {
    for (const host of hosts) {
      const found = play.handlers.find(name, run.variables.forTask(play, host.name, task).templar);
      if (found.length === 0) {
        const summary = `The requested handler '${name}' was not found in either the main handlers list nor in the listening handlers list`;
        return outcomeOf(
          new DiagnosticError({ code: "unknown-handler", severity: "error", summary, at: task.at }),
          task.at,
        );
      }
      for (const handler of found) {
        if (host.notified.get(handler) !== "due") host.notified.set(handler, due);
      }
      if (!host.cursor.flushing) host.notifiedNames.set(name, [...(host.notifiedNames.get(name) ?? []), ...found]);
      run.emit({ type: "handler-notified", handler: name, host: host.name });
    }
  }
  return undefined;
}
