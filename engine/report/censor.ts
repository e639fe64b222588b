import type { Event, Reporter, TaskResult } from "../run/events.ts";
import type { Secrets } from "../source/secrets.ts";
import { dict, Float, isDict, Tagged, Unknown, type Value } from "../source/value.ts";

/**
 * Stands before every other reporter: what it lets through holds no secret. A result of a `no_log` task loses its
 * values; in all other texts the known secrets are replaced. Keys and the structure stay.
 */
export function censoring(reporter: Reporter, secrets: Secrets): Reporter {
  return {
    report: (event) => reporter.report(censorEvent(event, secrets)),
    end: () => reporter.end?.(),
  };
}

export function censorEvent(event: Event, secrets: Secrets): Event {
  const plain = "result" in event ? { ...event, result: censorResult(event.result) } : event;
  return walk(plain, secrets) as Event; // walk keeps the shape and replaces only texts
}

const CENSORED = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";

function censorResult(result: TaskResult): TaskResult {
  if (!result.noLog) return result;
  const kept = dict([["censored", CENSORED]]);
  for (const key of ["changed", "failed", "skipped", "unreachable", "attempts", "retries"]) {
    const value = result.value[key];
    if (value !== undefined) kept[key] = value;
  }
  const { item: _hidden, ...rest } = result;
  return {
    ...rest,
    value: kept,
    diff: [],
    warnings: [],
    ...(result.item === undefined ? {} : { item: "(censored due to no_log)" }),
  };
}

function walk(value: unknown, secrets: Secrets): unknown {
  if (typeof value === "string") return secrets.redact(value);
  if (Array.isArray(value)) return value.map((each) => walk(each, secrets));
  if (value instanceof Unknown) return new Unknown(secrets.redact(value.reason));
  if (value instanceof Tagged) return value.tag === "vault" ? "********" : walk(value.text, secrets);
  if (value instanceof Float || typeof value !== "object" || value === null) return value;
  if (!isDict(value)) return value;
  const copy: { [key: string]: unknown } = Object.create(null);
  for (const key of Object.keys(value)) copy[key] = walk((value as { [key: string]: Value })[key], secrets);
  return copy;
}
