import type { Task } from "../playbook/tree.ts";
import { dict } from "../source/value.ts";
import { testAll } from "./conditions.ts";
import type { HostRun, PlayRun } from "./context.ts";
import type { OrderKey } from "./order-key.ts";
import { outcomeOf } from "./outcome.ts";
import { resultOf } from "./task-run.ts";

/** The action of a `meta` task. */
export function metaAction(task: Task): string {
  const { args } = task;
  if (typeof args === "string") return args.trim();
  const raw = args["_raw_params"] ?? args["cmd"] ?? args["action"];
  return typeof raw === "string" ? raw.trim() : "";
}

/** Carries a meta task out for the hosts that stand before it. The cursors are advanced here. */
export async function runMeta(play: PlayRun, task: Task, key: OrderKey, hosts: readonly HostRun[]): Promise<void> {
  const action = metaAction(task);
  for (const host of hosts) {
    const runs = shallRun(play, host, task);
    host.cursor.advance();
    if (runs === "failed") {
      host.status = "failed";
      continue;
    }
    if (!runs) continue;
    await once(play, host, action, key);
  }
}

function shallRun(play: PlayRun, host: HostRun, task: Task): boolean | "failed" {
  if (task.when.length === 0) return true;
  try {
    return testAll(task.when, play.run.variables.forTask(play, host.name, task).templar).holds === true;
  } catch (error) {
    const outcome = outcomeOf(error, task.at);
    const result = resultOf({ host, task }, outcome, 0);
    play.run.emit({ type: "result", id: play.run.nextId(), result, time: play.run.time() });
    play.run.summary.count(result);
    return "failed";
  }
}

async function once(play: PlayRun, host: HostRun, action: string, key: OrderKey): Promise<void> {
  const { run } = play;
  switch (action) {
    case "flush_handlers":
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
        if (each.status === "failed" || each.status === "unreachable") {
          each.status = "active";
          run.lost.delete(each.name);
        }
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
    case "refresh_inventory":
      run.variables.inventoryChanged();
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
