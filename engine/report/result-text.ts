import type { TaskResult } from "../run/events.ts";
import { toJson } from "../source/to-json.ts";
import { type Dict, dict, isDict, type Value } from "../source/value.ts";

/** The JSON behind `=>`: what the module returned, without what only the engine needs. */
export function resultJson(
  result: TaskResult,
  options: { readonly indent?: number; readonly invocation?: boolean },
): string {
  return toJson(shownValue(result, options.invocation === true), {
    sortKeys: true,
    ensureAscii: false,
    ...(options.indent === undefined ? {} : { indent: options.indent }),
  });
}

function shownValue(result: TaskResult, invocation: boolean): Dict {
  const shown = dict();
  for (const key of Object.keys(result.value)) {
    if (key.startsWith("_ansible_") || key === "diff" || key === "exception" || key === "results_unsafe") continue;
    if (key === "invocation" && !invocation) continue;
    if (key === "failed" || (key === "skipped" && result.status === "skipped")) continue; // the line says it
    shown[key] = result.value[key] ?? null;
  }
  return shown;
}

/** An item of a loop as the line shows it: text as it is, structures in Python's words. */
export function itemLabel(item: Value | undefined, python: (value: Value) => string): string {
  if (typeof item === "string") return item;
  return item === undefined ? "" : python(item);
}

const besideVariables = ["changed", "failed", "skipped", "ansible_loop_var", "ansible_index_var", "ansible_loop"];

/** What debug shows: its message alone, or its variable with what the loop gave. */
export function debugValue(result: TaskResult): Dict {
  const shown = dict();
  const hasMessage = Object.hasOwn(result.value, "msg");
  for (const [key, value] of Object.entries(result.value)) {
    if (hasMessage ? key !== "msg" : besideVariables.includes(key) || key.startsWith("_ansible_")) continue;
    shown[key] = isDict(value) ? { ...value } : value;
  }
  return shown;
}
