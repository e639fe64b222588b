import { textsIn } from "../source/secret-forms.ts";
import { type Secrets, shortestSecret } from "../source/secrets.ts";
import { toJson } from "../source/to-json.ts";
import { type Dict, dict, Float, isDict, Tagged, Unknown, type Value } from "../source/value.ts";
import type { Event, TaskResult } from "./events.ts";

/**
 * What every event passes through before anybody sees it. A result of a `no_log` task loses its values, and they are
 * secrets from then on; in all other texts the known secrets are replaced. Keys, names of hosts and modules, places
 * and numbers by which events belong together stay: they are the stream's structure.
 */
export function censored(event: Event, secrets: Secrets): Event {
  const text = (plain: string) => secrets.redact(plain);
  const walk = (value: Value) => redacted(value, secrets);
  switch (event.type) {
    case "play-start":
    case "no-hosts-matched":
      return { ...event, play: text(event.play) };
    case "task-start":
      return { ...event, task: text(event.task) };
    case "item-result":
    case "result":
    case "retry":
    case "debugger":
      return { ...event, result: censoredResult(event.result, secrets) };
    case "included":
      return event.item === undefined ? event : { ...event, item: event.noLog ? hiddenItem : walk(event.item) };
    case "handler-notified":
      return { ...event, handler: text(event.handler) };
    case "warning":
    case "deprecation":
      return { ...event, message: text(event.message) };
    case "trace":
      return { ...event, text: text(event.text) };
    case "stats":
      return {
        ...event,
        data: redactedDict(event.data, secrets),
        perHost: Object.fromEntries(
          Object.entries(event.perHost).map(([host, data]) => [host, redactedDict(data, secrets)]),
        ),
      };
    case "run-start":
    case "no-hosts-remaining":
    case "host-start":
    case "async-poll":
    case "async-end":
    case "interrupted":
    case "run-end":
      return event;
  }
}

const hiddenValue = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";
const hiddenItem = "(censored due to no_log)";

function censoredResult(result: TaskResult, secrets: Secrets): TaskResult {
  if (!result.noLog) {
    return {
      ...result,
      value: redactedDict(result.value, secrets),
      diff: result.diff.map((part) => redactedDiff(part, secrets)),
      warnings: result.warnings.map((each) => secrets.redact(each)),
      ...(result.unknown === undefined ? {} : { unknown: secrets.redact(result.unknown) }),
      ...(result.item === undefined ? {} : { item: redacted(result.item, secrets) }),
    };
  }
  for (const text of hiddenTexts(result.value)) if (text.trim().length >= shortestSecret) secrets.add(text);
  const kept = dict([["censored", hiddenValue]]);
  for (const key of ["changed", "failed", "skipped", "unreachable", "attempts", "retries"]) {
    const value = result.value[key];
    if (value !== undefined) kept[key] = value;
  }
  const { shown: _, ...rest } = result; // debug has nothing to show
  return {
    ...rest,
    value: kept,
    diff: [],
    warnings: [],
    ...(result.unknown === undefined ? {} : { unknown: secrets.redact(result.unknown) }),
    ...(result.item === undefined ? {} : { item: hiddenItem }),
  };
}

/** What results say in everybody's words: to hide these wherever they occur would hide nothing and blind the reader. */
const publicKeys: ReadonlySet<string> = new Set(
  (
    "changed failed skipped unreachable attempts retries rc start end delta state mode owner group path dest src " +
    "checksum uid gid size ansible_loop_var ansible_index_var false_condition skip_reason"
  ).split(" "),
);
const publicTexts: ReadonlySet<string> = new Set([
  "non-zero return code",
  "All items completed",
  "All items skipped",
  "One or more items failed",
]);
/** Below these a result holds what a task made out of secrets; below others, what it saw on the host. */
const opaqueKeys: ReadonlySet<unknown> = new Set(["ansible_facts", "json"]);

function* hiddenTexts(value: Dict): Generator<string> {
  for (const [key, each] of Object.entries(value)) {
    if (publicKeys.has(key)) continue;
    if (key === "results" && Array.isArray(each)) {
      for (const one of each) if (isDict(one)) yield* hiddenTexts(one);
      continue;
    }
    const structure = isDict(each) && !opaqueKeys.has(key) && key !== value["ansible_loop_var"];
    for (const text of textsIn(each)) {
      if (!publicTexts.has(text) && !(structure && /^[A-Za-z]*$/.test(text))) yield text;
    }
  }
}

function redactedDiff(part: TaskResult["diff"][number], secrets: Secrets): TaskResult["diff"][number] {
  const before = redacted(part.before, secrets);
  const after = redacted(part.after, secrets);
  const differs = toJson(part.before) !== toJson(part.after);
  // Only the secret changed: that something did is still told.
  const hidden = differs && toJson(before) === toJson(after);
  return {
    ...part,
    before,
    after,
    ...(part.beforeHeader === undefined ? {} : { beforeHeader: secrets.redact(part.beforeHeader) }),
    ...(part.afterHeader === undefined ? {} : { afterHeader: secrets.redact(part.afterHeader) }),
    ...(hidden && part.withheld === undefined ? { withheld: "secret" as const } : {}),
  };
}

function redactedDict(value: Dict, secrets: Secrets): Dict {
  return dict(Object.keys(value).map((key) => [key, redacted(value[key] ?? null, secrets)] as const));
}

function redacted(value: Value, secrets: Secrets): Value {
  if (typeof value === "string") return secrets.redact(value);
  if (Array.isArray(value)) return value.map((each) => redacted(each, secrets));
  if (value instanceof Unknown) return new Unknown(secrets.redact(value.reason));
  if (value instanceof Tagged) return value.tag === "vault" ? "********" : secrets.redact(value.text);
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Float) {
    const digits = String(value instanceof Float ? value.value : value);
    return digits.length >= shortestSecret && secrets.redact(digits) !== digits ? "********" : value;
  }
  return isDict(value) ? redactedDict(value, secrets) : value;
}
