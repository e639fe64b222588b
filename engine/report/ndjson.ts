import type { Event, Reporter } from "../run/events.ts";
import { toJson } from "../source/to-json.ts";
import { isDict, type Value } from "../source/value.ts";

/** One JSON object a line for each event, as it happens: for machines that follow a run. */
export function ndjsonReporter(write: (text: string) => void): Reporter {
  return { report: (event) => write(`${eventJson(event)}\n`) };
}

/** An event as JSON; values of the language keep Python's number types. */
export function eventJson(event: Event): string {
  return toJson(asValue(event), { ensureAscii: false });
}

/** Events are data: all that has to go is what is not given. */
function asValue(value: unknown): Value {
  if (Array.isArray(value)) return value.map(asValue);
  if (isDict(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .map(([key, each]) => [key, asValue(each)]),
    );
  }
  return value as Value; // whatever is no container is a scalar of the language already
}
