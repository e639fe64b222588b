import type { Change, Plan } from "../modules/contract.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { applySteps, Overtaken, StepsLost } from "./apply.ts";
import { anything, blurred, settleDoubt } from "./doubt.ts";
import type { Prepared } from "./item.ts";
import { hostOf, predictionsFor, seatOf, tracing } from "./item-host.ts";
import { type Looked, performLook } from "./look.ts";
import { marksBefore } from "./notified.ts";
import { type Outcome, outcomeOf, succeeded, unknownBecause, unknownOutcome, withLines } from "./outcome.ts";
export interface LookedItem extends Looked<Plan> {
  /** The look failed. */
  readonly failure?: Outcome;
}

/** The look of a state module: what its host answers, and what follows. Never throws but for bugs. */
export async function lookItem(item: Prepared & { kind: "state" }): Promise<LookedItem> {
  const { ready, module, prepared } = item;
  const seat = seatOf(ready);
  const { run } = ready.job.play;
  try {
    return await performLook(module.look(ready.args, ready.context, prepared), seat, {
      signal: run.cut,
      ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
      ...predictionsFor(ready),
      ...tracing(ready),
    });
  } catch (error) {
    return { value: new Unknown(""), asked: [], failure: outcomeOf(error, ready.job.task.at) };
  }
}

/** Carries a plan out, or in check mode says what it would do. Never throws but for bugs. */
export async function applyItem(item: Prepared & { kind: "state" }, looked: LookedItem): Promise<Outcome> {
  return withLines(await applied(item, looked));
}

async function applied(item: Prepared & { kind: "state" }, looked: LookedItem): Promise<Outcome> {
  const { ready, module, prepared } = item;
  if (looked.failure) return settleDoubt(ready, looked.failure);
  const plan = looked.value;
  if (plan instanceof Unknown) {
    const effects = module.outcome?.(ready.args, prepared) ?? anything(plan);
    return unknownBecause(plan, { effects });
  }
  const { change } = plan;
  const warnings = plan.warnings ?? [];
  if (!change) {
    ready.seat?.probes.calm();
    return settleDoubt(ready, succeeded(plan.result ?? {}, false, { warnings }));
  }
  const outcome = succeeded(plan.result ?? {}, !change.silent, {
    diff: change.silent ? [] : change.diff,
    warnings,
    effects: change.effects,
  });
  if (ready.checkMode) {
    if (change.uncertain === undefined) return settleDoubt(ready, outcome);
    const reason = ready.doubt?.reason ?? change.uncertain;
    return unknownOutcome(reason, { effects: blurred(change.effects, reason) });
  }
  const seat = seatOf(ready);
  const { run } = ready.job.play;
  const host = hostOf(ready);
  let done: Change | undefined;
  try {
    const uploads = change.steps.flatMap(({ upload }) => (upload ? [upload.path] : []));
    if (await run.leases.before(seat, uploads)) throw new Overtaken();
    const before = marksBefore(ready, seat);
    const replies = await applySteps(change, seat, {
      ...(before ? { before } : {}),
      signal: run.cut,
      context: host,
      ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
      ...tracing(ready),
    });
    done = change;
    const finished: Dict = change.finish?.(replies) ?? {};
    const { changed, ...rest } = finished;
    const really = typeof changed === "boolean" ? changed : outcome.changed;
    return succeeded({ ...plan.result, ...rest }, really, { diff: really ? change.diff : [], warnings });
  } catch (error) {
    if (error instanceof StepsLost || error instanceof Overtaken) throw error;
    return outcomeOf(error, ready.job.task.at);
  } finally {
    // What a step that failed has done nobody knows.
    run.connections.changed(ready.place, done);
    await host.cleanUp();
  }
}
