import type { TaskVars } from "../vars/contract.ts";
import { testAll } from "./conditions.ts";
import type { Job, Prepared } from "./item.ts";
import { prepareItem } from "./item.ts";
import { guardAction, runAction } from "./item-action.ts";
import { runController } from "./item-controller.ts";
import { runDetached, wantsDetached } from "./job.ts";
import { Keywords } from "./keywords.ts";
import { type Outcome, outcomeOf, unknownOutcome } from "./outcome.ts";
import { settleItem } from "./settle.ts";
import { applyAgain, looking, predict } from "./state-batch.ts";
import { sleep } from "./step-context.ts";
import { resultOf } from "./task-result.ts";
import { judged, ownResult } from "./verdict.ts";
/** One item, or a task without a loop, once. */
export async function runOnce(job: Job, vars: TaskVars): Promise<Outcome> {
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

/** `until`, `retries`, `delay`: runs again until the conditions hold. */
export async function runWithRetries(job: Job, vars: TaskVars): Promise<Outcome> {
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
