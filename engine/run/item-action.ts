import { HostError, type Reply } from "../host/contract.ts";
import type { ActionResult, Effect } from "../modules/contract.ts";
import { type Dict, dict, isDict, Unknown } from "../source/value.ts";
import type { Seat } from "./connections.ts";
import { settleDoubt } from "./doubt.ts";
import type { Prepared, Ready } from "./item.ts";
import { hostOf, predictionsFor, seatOf, tracing } from "./item-host.ts";
import { performLook } from "./look.ts";
import { marksBefore } from "./notified.ts";
import {
  failedWith,
  type Outcome,
  outcomeOf,
  skippedWith,
  succeeded,
  unknownBecause,
  unknownOutcome,
} from "./outcome.ts";
/** Whether an action's guard lets it run; an outcome where it need not or cannot. */
export async function guardAction(item: Prepared & { kind: "action" }): Promise<Outcome | undefined> {
  const { ready, module } = item;
  const { run } = ready.job.play;
  try {
    let certain = false;
    if (module.guard) {
      const { value } = await performLook(module.guard(ready.args, ready.context), seatOf(ready), {
        signal: run.cut,
        ...predictionsFor(ready),
        ...tracing(ready),
      });
      if (value instanceof Unknown) return unknownBecause(value, { effects: effectsOf(item, value.reason) });
      if (!value.run)
        return settleDoubt(ready, value.skipped ? skippedWith(value.result) : succeeded(value.result, false));
      certain = true;
    }
    if (ready.doubt) return unknownBecause(ready.doubt, { effects: effectsOf(item, ready.doubt.reason) });
    if (!ready.checkMode || module.readOnly?.(ready.args)) return undefined;
    const reason = `${ready.job.module.name} runs then`;
    return unknownOutcome(reason, { effects: effectsOf(item, reason), maybeChanged: true, ...(certain ? {} : {}) });
  } catch (error) {
    return outcomeOf(error, ready.job.task.at);
  }
}

function effectsOf(item: Prepared & { kind: "action" }, reason: string): readonly Effect[] {
  const { module, ready } = item;
  if (module.readOnly?.(ready.args)) return [];
  return module.effects?.(ready.args) ?? [{ opens: ["*"], because: reason }];
}

/** Runs an action. It is never run twice: where the connection broke, it "may have run". */
export async function runAction(item: Prepared & { kind: "action" }): Promise<Outcome> {
  const { ready, module } = item;
  const { run } = ready.job.play;
  const readOnly = module.readOnly?.(ready.args) ?? false;
  const prediction = readOnly && ready.checkMode ? run.anyPrediction() : undefined;
  const host = hostOf(ready);
  try {
    const seat = seatOf(ready);
    let result: ActionResult;
    if (!readOnly) {
      if (await run.leases.before(seat)) {
        run.connections.changed(ready.place);
        const needless = await guardAction(item);
        if (needless) return needless;
      }
      const before = marksBefore(ready, seat);
      // Sent ahead in the same pipe: the command does not run without it.
      if (before)
        void seat
          .session()
          .then((session) => session.request(before, { kind: "step" }))
          .catch(() => {});
    }
    if (module.command) result = await runOneCommand(item, seat);
    else result = await module.run(prediction === undefined ? ready.args : impatient(ready.args), ready.context, host);
    if (prediction !== undefined && result.failed) return unknownOutcome(prediction);
    return actionOutcome(result);
  } catch (error) {
    if (prediction !== undefined && !(error instanceof HostError && error.code === "cancelled")) {
      return unknownOutcome(prediction);
    }
    return mayHaveRun(error, ready, readOnly);
  } finally {
    if (!readOnly) run.connections.changed(ready.place);
    else if (ready.job.module.name !== "setup") seatOf(ready).probes.expire();
    await host.cleanUp();
  }
}

/** A prediction waits for nothing that is not there yet. */
function impatient(args: Dict): Dict {
  return typeof args["timeout"] === "number" ? { ...args, timeout: Math.min(args["timeout"], 1) } : args;
}

function mayHaveRun(error: unknown, ready: Ready, readOnly: boolean): Outcome {
  const { at } = ready.job.task;
  if (error instanceof HostError && error.sent && error.code === "connection-lost" && !readOnly) {
    return failedWith(`${error.message} The action was sent and may have run; it is not run twice.`, {}, { at });
  }
  return outcomeOf(error, at);
}

export function actionOutcome(result: ActionResult): Outcome {
  const failed = result.failed ?? false;
  const value: Dict = { ...dict(), ...result.result, changed: result.changed, failed };
  const facts = value["ansible_facts"];
  return {
    value,
    changed: result.changed,
    failed,
    skipped: false,
    unreachable: false,
    diff: result.diff ?? [],
    warnings: warningsOf(value),
    ...(isDict(facts) ? { facts } : {}),
  };
}

function warningsOf(value: Dict): string[] {
  const warnings = value["warnings"];
  return Array.isArray(warnings) ? warnings.filter((each) => typeof each === "string") : [];
}

/** One user command as a request of its own; those of a loop are sent without waiting for each other. */
async function runOneCommand(item: Prepared & { kind: "action" }, seat: Seat): Promise<ActionResult> {
  const { ready, module } = item;
  const command = module.command?.(ready.args, ready.context);
  if (!command) throw new Error(`${module.name} has no command`);
  const { run } = ready.job.play;
  tracing(ready).trace?.(command.script.text);
  const session = await seat.session();
  const start = performance.now();
  const reply: Reply = await session.request(command.script, {
    kind: "command",
    signal: run.cut,
    ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
    ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
  });
  return command.finish(reply, (performance.now() - start) / 1000);
}
