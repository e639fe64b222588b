import type { Effect } from "../modules/contract.ts";
import { Unknown, type Value } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { Overtaken, StepsLost } from "./apply.ts";
import { Reach } from "./conflicts.ts";
import type { Job, Prepared } from "./item.ts";
import { doneOutcome, prepareItem } from "./item.ts";
import { applyItem, type LookedItem, lookItem } from "./item-state.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { readAhead } from "./read-ahead.ts";
import { judged } from "./verdict.ts";
export interface Item {
  readonly index: number;
  readonly value: Value;
  readonly vars: TaskVars;
  prepared?: Prepared;
}

/**
 * Looks for all items at once, then carries out the plans of as many from the front as do not touch what a later one
 * looked at. At least one is done.
 */
export async function runStateBatch(job: Job, batch: readonly Item[]): Promise<Outcome[]> {
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

export function looking(job: Job, batch: readonly Item[]): (Promise<LookedItem> | undefined)[] {
  const probes = job.play.run.connections.probesOf(job.host.name);
  const before = probes.sent;
  const looks = batch.map(({ prepared }) => (prepared?.kind === "state" ? lookItem(prepared) : undefined));
  if (probes.sent > before) readAhead(job.play, job.host, job.task);
  else if (looks.some((each) => each !== undefined)) probes.calm();
  return looks;
}

function effectsOfPlan(item: Prepared, looked: LookedItem | undefined): readonly Effect[] {
  if (item.kind === "done") return item.outcome.effects ?? [];
  if (item.kind !== "state" || !looked || looked.failure) return [];
  if (!(looked.value instanceof Unknown)) return looked.value.change?.effects ?? [];
  return item.module.outcome?.(item.ready.args, item.prepared) ?? [{ opens: ["*"], because: looked.value.reason }];
}

/**
 * Carries a plan out. It looks and plans anew, once, where another run was at work until now, and once where the
 * connection broke meanwhile: what is as declared then was changed by the steps whose answer was lost: the task
 * changed it, and its handlers are due.
 */
export async function applyAgain(item: Prepared & { kind: "state" }, looked: LookedItem): Promise<Outcome> {
  try {
    return await applyDespiteLoss(item, looked);
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error;
    return applyDespiteLoss(item, await lookItem(item));
  }
}

async function applyDespiteLoss(item: Prepared & { kind: "state" }, looked: LookedItem): Promise<Outcome> {
  let lost: StepsLost;
  try {
    return await applyItem(item, looked);
  } catch (error) {
    if (!(error instanceof StepsLost)) throw error;
    lost = error;
  }
  try {
    const outcome = await applyItem(item, await lookItem(item));
    const { change } = looked.value instanceof Unknown ? {} : (looked.value ?? {});
    if (outcome.changed || outcome.failed || outcome.unreachable || !lost.reason.sent || !change || change.silent)
      return outcome;
    return { ...outcome, changed: true, value: { ...outcome.value, changed: true }, diff: change.diff };
  } catch (error) {
    if (!(error instanceof StepsLost)) throw error;
    return outcomeOf(error.reason, item.ready.job.task.at);
  }
}

/** In check mode what was planned lies over later answers of the host that it was planned for. */
export function predict(job: Job, outcome: Outcome): void {
  const { run } = job.play;
  if (!run.options.check || !outcome.effects || outcome.effects.length === 0) return;
  run.predictionsOf(outcome.delegate ?? job.host.name).add(outcome.effects);
}
