import type { Effect } from "../modules/contract.ts";

import type { Unknown } from "../source/value.ts";
import type { Ready } from "./item.ts";
import { type Outcome, unknownOutcome } from "./outcome.ts";
/** An action or a state whose arguments are unknown may do anything. */
export function anything(unknown: Unknown): Effect[] {
  return [{ opens: ["*"], because: unknown.reason }];
}

/** Whether the task runs at all is unknown: what it would do may or may not be. */
export function settleDoubt(ready: Ready, outcome: Outcome): Outcome {
  if (!ready.doubt) return outcome;
  const { reason } = ready.doubt;
  if (outcome.failed || outcome.unreachable) return unknownOutcome(reason, { effects: anything(ready.doubt) });
  const effects = blurred(outcome.effects ?? [], reason);
  return unknownOutcome(reason, { effects, maybeChanged: outcome.changed || outcome.maybeChanged === true });
}

/** Effects of which nobody knows whether they come to pass. */
export function blurred(effects: readonly Effect[], reason: string): Effect[] {
  return effects.map((effect) =>
    "kind" in effect ? { kind: effect.kind, subject: effect.subject, unknown: reason } : effect,
  );
}
