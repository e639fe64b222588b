import { type Dict, dict, Unknown, type Value } from "../source/value.ts";
import { loadedModule } from "./engine-modules.ts";
import type { TaskResult } from "./events.ts";
import type { Job } from "./item.ts";
import type { LoopControl } from "./loop-items.ts";
import type { Outcome } from "./outcome.ts";
import type { Item } from "./state-batch.ts";
export function skippedLoop(condition: string | boolean): Outcome {
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

export function withItem(outcome: Outcome, item: Item, control: LoopControl): Outcome {
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

export function tellItem(job: Job, item: Item, outcome: Outcome): void {
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
    ...(outcome.controller?.shown === undefined ? {} : { shown: outcome.controller.shown }),
    ...(loadedModule(job.task.module)?.quiet ? { shown: "nothing" as const } : {}),
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
export function joined(items: readonly Outcome[], total: number): Outcome {
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
