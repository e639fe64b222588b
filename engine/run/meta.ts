import { metaActions } from "../playbook/language-actions.ts";
import type { Task } from "../playbook/tree.ts";
import { dict } from "../source/value.ts";
import { testAll } from "./conditions.ts";
import type { HostRun, PlayRun } from "./context.ts";
import type { OrderKey } from "./order-key.ts";
import { failedWith, type Outcome, outcomeOf, skippedBy, unknownBecause } from "./outcome.ts";
import { announce, leave, type Performance } from "./perform.ts";
import { resultOf } from "./task-result.ts";

/** The action of a `meta` task. */
export function metaAction(task: Task): string {
  const { args } = task;
  if (typeof args === "string") return args.trim();
  const raw = args["_raw_params"] ?? args["cmd"] ?? args["action"];
  return typeof raw === "string" ? raw.trim() : "";
}

/** Carries a meta task out for the hosts that stand before it. The cursors are advanced here. */
export async function runMeta(performance: Performance): Promise<void> {
  const { play, task, key, hosts, id } = performance;
  const action = metaAction(task);
  const [first] = hosts;
  if (first && task.implicit !== true) announce(performance, first);
  /** Only what a condition stopped is told of. */
  const tell = (host: HostRun, outcome: Outcome): void => {
    const { run } = play;
    const result = resultOf({ host, task }, outcome, 0);
    if (outcome.failed) run.summary.count(result);
    run.emit({ type: "result", id, result, time: run.time() });
  };
  const refresh = once(() => refreshInventory(play, task));
  for (const host of hosts) {
    const stopped =
      stoppedBy(play, host, task) ??
      unknownAction(task, action) ??
      (action === "refresh_inventory" ? refresh() : undefined);
    host.cursor.advance();
    if (stopped) {
      tell(host, stopped);
      if (stopped.failed) leave(play, host, task, stopped);
    } else await act(play, host, action, key);
  }
}

/** For all hosts at once; the plays that follow see the new hosts. The outcome only where it failed. */
function refreshInventory({ run }: PlayRun, task: Task): Outcome | undefined {
  try {
    run.inventory.refresh();
    run.variables.inventoryChanged();
    return undefined;
  } catch (error) {
    return outcomeOf(error, task.at);
  }
}

function once<T>(work: () => T): () => T {
  let done: { readonly value: T } | undefined;
  return () => {
    done ??= { value: work() };
    return done.value;
  };
}

/** How the task ends where its condition does not hold, or cannot be evaluated. */
function stoppedBy(play: PlayRun, host: HostRun, task: Task): Outcome | undefined {
  if (task.when.length === 0) return undefined;
  try {
    const verdict = testAll(task.when, play.run.variables.forTask(play, host.name, task).templar);
    if (verdict.holds === true) return undefined;
    return verdict.holds === "unknown" ? unknownBecause(verdict.unknown) : skippedBy(verdict.condition);
  } catch (error) {
    return outcomeOf(error, task.at);
  }
}

function unknownAction(task: Task, action: string): Outcome | undefined {
  if (Object.hasOwn(metaActions, action) || action === "role_complete") return undefined;
  return failedWith(`meta has no action '${action}'`, {}, { at: task.moduleAt });
}

/** Roles that came in since a name was notified may define it anew. */
function renewNotified(play: PlayRun, host: HostRun): void {
  if (host.notifiedNames.size === 0) return;
  const { templar } = play.run.variables.forTask(play, host.name, undefined);
  for (const [name, before] of host.notifiedNames) {
    const due = before.map((handler) => host.notified.get(handler)).find((each) => each !== undefined);
    const now = play.handlers.find(name, templar);
    if (due === undefined || now.length === 0) continue;
    for (const handler of before) host.notified.delete(handler);
    for (const handler of now) host.notified.set(handler, due);
  }
  host.notifiedNames.clear();
}

async function act(play: PlayRun, host: HostRun, action: string, key: OrderKey): Promise<void> {
  const { run } = play;
  switch (action) {
    case "flush_handlers":
      renewNotified(play, host);
      for (const handler of play.handlers.all) {
        if (!host.notified.has(handler) && (await run.marks.due(host.name, play.play, handler))) {
          host.notified.set(handler, "due");
        }
      }
      host.cursor.flush(play.handlers.all, key);
      return;
    case "clear_facts": {
      const state = run.stateOf(host.name);
      state.facts = dict();
      state.cachedFacts = dict();
      run.variables.changed([host.name]);
      return;
    }
    case "clear_host_errors":
      for (const each of play.hosts) {
        if (each.status !== "failed" && each.status !== "unreachable") continue;
        // One that failed is back for the plays that follow: in this one its tasks are over.
        each.status = each.status === "failed" ? "ended" : "active";
        run.lost.delete(each.name);
      }
      return;
    case "end_host":
      host.status = "ended";
      host.cursor.end();
      return;
    case "end_play":
      play.ended = true;
      for (const each of play.hosts) endHost(each);
      return;
    case "end_batch":
      for (const each of play.hosts) endHost(each);
      return;
    case "end_role":
      host.cursor.endRole();
      return;
    case "reset_connection":
      await run.connections.reset(host.name);
      return;
    default:
      // noop, role_complete
      return;
  }
}

function endHost(host: HostRun): void {
  if (host.status !== "active") return;
  host.status = "ended";
  host.cursor.end();
}
