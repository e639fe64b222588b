import { type Look, ModuleFailure, type Predictions, type Query } from "../modules/contract.ts";
import type { PathState } from "../modules/paths.ts";
import { Unknown } from "../source/value.ts";
import { plain } from "./conflicts.ts";
import type { Seat } from "./connections.ts";
import type { AskOptions } from "./probes.ts";

/** A question that was asked on the way to a plan, and where the answer says that its subject really is. */
export interface Asked {
  readonly kind: string;
  readonly subject: string;
  readonly real?: string;
  /** It is a folder now: what comes to be below it leaves it one. */
  readonly folder?: boolean;
  /** Nothing of the answer came through links. */
  readonly plain?: boolean;
}

export interface Looked<T> {
  /** Unknown: an answer on the way is known after the run only. */
  readonly value: T | Unknown;
  readonly asked: readonly Asked[];
}

export interface LookOptions extends AskOptions {
  /** Read ahead: dear questions are not asked. */
  readonly speculative?: boolean;
  /** Check mode: the effects of what was planned before. */
  readonly predictions?: Predictions & { anyOpen(): string | undefined };
}

/**
 * Asks a host what a look wants to know, round by round. Looks that run at the same time share the pipe, so those of
 * all items of a loop travel together.
 * @throws ModuleFailure, HostError
 */
export async function performLook<T>(look: Look<T>, seat: Seat, options: LookOptions = {}): Promise<Looked<T>> {
  const asked: Asked[] = [];
  const open = options.predictions?.anyOpen();
  try {
    let step = look.next([]);
    while (!step.done) {
      const round = step.value;
      const answers = await Promise.all(round.queries.map((query) => answer(query, seat, options)));
      round.queries.forEach((query, index) => {
        asked.push(askedOf(query, answers[index]));
      });
      if (!round.maybe) {
        const unknown = answers.find((each) => each instanceof Unknown);
        if (unknown instanceof Unknown) return { value: unknown, asked };
      }
      step = look.next(answers);
    }
    return { value: step.value, asked };
  } catch (error) {
    // After an action that could not be predicted, what fails now need not fail then.
    if (error instanceof ModuleFailure && open !== undefined) return { value: new Unknown(open), asked };
    throw error;
  }
}

async function answer(query: Query<unknown>, seat: Seat, options: LookOptions): Promise<unknown> {
  const { predictions } = options;
  const predicted = predictions && predict(query, predictions);
  if (predicted !== undefined) return predicted;
  if (options.speculative && query.expensive) throw new Error("not asked ahead");
  const reply = await seat.probes.ask(seat, query, options);
  const observed = query.decode(reply);
  seat.probes.understood(reply, askedOf(query, observed));
  return predictions && query.amend ? query.amend(observed, predictions) : amendNothing(query, observed);
}

/** Without predictions a module's own amendment still puts its answer in order, over nothing. */
function amendNothing(query: Query<unknown>, observed: unknown): unknown {
  return query.amend ? query.amend(observed, noPredictions) : observed;
}

const noPredictions: Predictions = { of: () => undefined, all: () => [], open: () => undefined };

export function predict(query: Query<unknown>, predictions: Predictions): unknown {
  if (query.predict) return query.predict(predictions);
  const effect = predictions.of(query.kind, query.subject);
  if (!effect) return undefined;
  if ("state" in effect) return effect.state;
  return new Unknown("unknown" in effect ? effect.unknown : "known after the run");
}

/** Where a path is when its links are followed: two names of one file are one subject. */
function askedOf(query: Query<unknown>, answer: unknown): Asked {
  const { kind, subject } = query;
  if (kind !== "path" || typeof answer !== "object" || answer === null || !("real" in answer)) {
    return { kind, subject, plain: kind !== "path" };
  }
  const state = answer as PathState; // only paths.ts makes queries of this kind
  const folder = state.exists && state.type === "directory" && !query.fleeting;
  return { kind, subject, real: state.real, folder, plain: plain(subject, state) };
}
