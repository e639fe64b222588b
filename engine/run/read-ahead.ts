import type { StateModule } from "../modules/contract.ts";
import type { Task } from "../playbook/tree.ts";
import { dict, Unknown, type Value } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { writtenArguments } from "./arguments.ts";
import type { HostRun, PlayRun } from "./context.ts";
import type { CursorRules } from "./cursor.ts";
import { loadedModule } from "./engine-modules.ts";
import { type Job, type Prepared, prepareItem } from "./item.ts";
import { performLook } from "./look.ts";
import { itemVariables, loopControl, loopItems } from "./loop-items.ts";

/** Questions that one reading ahead may put into the pipe. */
const questionLimit = 400;

/** Time passes, others act, or the rest of the play is not known before: nothing is read ahead beyond these. */
const barriers: ReadonlySet<string> = new Set([
  "meta",
  "include_tasks",
  "include_role",
  "include_vars",
  "pause",
  "wait_for",
  "wait_for_connection",
  "reboot",
  "setup",
  "gather_facts",
  "add_host",
  "group_by",
  "async_status",
]);

/** Lookups and functions whose value changes, or that act: they are never rendered before their time. */
const impure = /\b(lookup|query|q)\s*\(|\bnow\s*\(|\brandom\b|\bshuffle\b|password_hash|\bto_uuid\b/;

/**
 * While the present task's look is under way, asks what the tasks to come will want to know. Answers wait in the
 * host's probes; they go when anything changes. Nothing is opened, escalated, told or failed by this.
 */
export function readAhead(play: PlayRun, host: HostRun, present: Task): void {
  const { run } = play;
  // An interrupted run begins nothing.
  if (!run.readAhead || run.interrupted) return;
  const probes = run.connections.probesOf(host.name);
  const { window } = probes;
  if (window === 0) return;
  const state = { pending: dict(), questions: 0 };
  hide(state.pending, present);
  const cursor = host.cursor.clone(rulesAhead(play, host));
  const stop = cursor.peek();
  if (stop?.task === present) cursor.advance();
  run.quietly(() => {
    for (let count = 0; count < window && state.questions < questionLimit; count++) {
      const next = cursor.peek();
      if (!next || !ahead(play, host, next.task, state)) return;
      cursor.advance();
    }
  });
}

function rulesAhead(play: PlayRun, host: HostRun): CursorRules {
  return {
    selects: (task) => play.selects(host.name, task),
    notified: () => false,
    skipsRole: () => false,
    completesRole: () => {},
  };
}

/** What a pending task will set hides the older value. */
function hide(pending: { [name: string]: Value }, task: Task): void {
  if (task.register !== undefined) pending[task.register] = new Unknown("pending");
}

interface Ahead {
  readonly pending: { [name: string]: Value };
  questions: number;
}

/** Asks for one task; false where nothing beyond it may be read. */
function ahead(play: PlayRun, host: HostRun, task: Task, state: Ahead): boolean {
  if (barriers.has(task.module) || task.until.length > 0 || task.retries !== undefined || task.async !== undefined) {
    return false;
  }
  const module = loadedModule(task.module);
  if (!module) return false;
  if (module.sort === "controller") {
    if (module.name === "set_fact" && typeof task.args === "object") {
      for (const name of Object.keys(task.args)) state.pending[name] = new Unknown("pending");
    }
    hide(state.pending, task);
    return true;
  }
  if (module.sort === "action") {
    // It will run, and what was read ahead beyond it would be thrown away.
    return false;
  }
  const text = sourceOf(task);
  if (task.delegateTo === undefined && task.keywords.runOnce === undefined && !impure.test(text)) {
    askFor(play, host, task, module, state);
  }
  hide(state.pending, task);
  return true;
}

const sources = new WeakMap<Task, string>();

function sourceOf(task: Task): string {
  let text = sources.get(task);
  if (text === undefined) {
    text = JSON.stringify([task.args, task.when, task.loop?.value, task.vars, task.keywords], (_key, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
    sources.set(task, text);
  }
  return text;
}

function askFor(play: PlayRun, host: HostRun, task: Task, module: StateModule, state: Ahead): void {
  try {
    const vars = play.run.variables
      .forTask(play, host.name, task)
      .with({ name: "pending", values: state.pending, templated: false });
    const job: Job = {
      play,
      host,
      task,
      id: 0,
      module,
      written: writtenArguments(module, task),
      vars,
      speculative: true,
    };
    for (const each of itemsOf(task, vars, state)) look(prepareItem(job, each), state);
  } catch {
    // Whatever is wrong is told when the task is reached.
  }
}

function itemsOf(task: Task, vars: TaskVars, state: Ahead): TaskVars[] {
  if (!task.loop) return [vars];
  const items = loopItems(task.loop, vars);
  if (items instanceof Unknown || items.length > questionLimit - state.questions) return [];
  const control = loopControl(task.loop, vars);
  return items.map((_, index) =>
    vars.with({ name: "loop", values: itemVariables(control, items, index), templated: false }),
  );
}

function look(prepared: Prepared, state: Ahead): void {
  if (prepared.kind !== "state") return;
  const { ready, module } = prepared;
  if (!ready.seat?.opened) return;
  state.questions++;
  const { run } = ready.job.play;
  const predictions = run.options.check ? run.predictionsOf(ready.place) : undefined;
  void performLook(module.look(ready.args, ready.context, prepared.prepared), ready.seat, {
    signal: run.cut,
    once: true,
    speculative: true,
    ...(predictions && !predictions.empty ? { predictions } : {}),
  }).catch(() => {});
}
