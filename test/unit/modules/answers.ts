import type { Reply } from "../../../engine/host/contract.ts";
import type { Effect, Look, Plan, Predictions, Query } from "../../../engine/modules/contract.ts";
import { Unknown } from "../../../engine/source/value.ts";

/** A host's reply, made up. */
export function reply(stdout: string, status = 0, stderr = ""): Reply {
  return { status, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
}

/** Predictions of these effects. */
export function predicted(...effects: readonly Effect[]): Predictions {
  return {
    of: (kind, subject) =>
      effects.findLast((effect) => "kind" in effect && effect.kind === kind && effect.subject === subject),
    all: (kind) => effects.filter((effect) => "kind" in effect && effect.kind === kind),
    open: (kind) => {
      const found = effects.find((effect) => "opens" in effect && effect.opens.includes(kind));
      return found && "because" in found ? found.because : undefined;
    },
  };
}

/** One answer to a query, the way the engine gives it. */
export function answer<T>(query: Query<T>, from: Reply, predictions: Predictions = predicted()): T | Unknown {
  const said = query.predict?.(predictions);
  if (said !== undefined) return said;
  const effect = query.predict ? undefined : predictions.of(query.kind, query.subject);
  if (effect && "state" in effect) return effect.state as T; // the test made it so
  const observed = query.decode(from);
  return query.amend ? query.amend(observed, predictions) : observed;
}

/** The plan of a look whose queries are answered by kind; a reply goes through the query's own decoder. */
export function planBy(
  look: Look<Plan>,
  answers: { readonly [kind: string]: Reply },
  predictions = predicted(),
): Plan | Unknown {
  let step = look.next([]);
  while (!step.done) {
    const round = step.value.queries.map((query) => answer(query, answers[query.kind] ?? reply(""), predictions));
    const unknown = round.find((each) => each instanceof Unknown);
    if (!step.value.maybe && unknown instanceof Unknown) return unknown;
    step = look.next(round);
  }
  return step.value;
}
