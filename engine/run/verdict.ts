import { type Dict, dict, Unknown } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { testAll } from "./conditions.ts";
import type { Job, Prepared } from "./item.ts";
import { missingModule } from "./missing-module.ts";
import { notifiedNames } from "./notified.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";

/** The task's variables with its own result under the name that it registers. */
export function ownResult(job: Job, vars: TaskVars, value: Dict): TaskVars {
  const { register } = job.task;
  if (register === undefined) return vars;
  return vars.with({ name: "own result", values: dict([[register, value]]), templated: false });
}

/** `failed_when` and `changed_when`, and then the handlers that a change notifies. */
export function judged(job: Job, vars: TaskVars, outcome: Outcome, prepared: Prepared): Outcome {
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
  // That play lacks the module is not what `failed_when: false` was written for.
  if (full.skipped || full.unreachable || full.fatal || job.module === missingModule) return full;
  if (task.failedWhen.length === 0 && task.changedWhen.length === 0) return full;
  const value: Dict = { ...dict(), ...full.value };
  full.value = value;
  let asked = "changed_when_result";
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
    asked = "failed_when_result";
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
    // Whether it changed anything stays what the module said.
    const msg = failure.value["msg"] ?? "";
    const told = { ...value, ...failure.value, changed: full.changed, [asked]: msg };
    return { ...full, failed: true, value: told, ...(failure.at ? { at: failure.at } : {}) };
  }
}

function unknownResult(job: Job, vars: TaskVars, reason: string): TaskVars {
  const { register } = job.task;
  if (register === undefined) return vars;
  return vars.with({ name: "own result", values: dict([[register, new Unknown(reason)]]), templated: false });
}
