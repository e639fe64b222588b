import type { Task } from "../playbook/tree.ts";
import { type Dict, dict } from "../source/value.ts";

/** What `register` gets of an include that came about. */
export function includedResult(task: Task, name: string, args: Dict): Dict {
  return dict([["changed", false], ...parts(task, name, args)]);
}

/** The same for one item of a loop. */
export function includedItem(task: Task, name: string, args: Dict, item: Dict): Dict {
  return { ...dict(parts(task, name, args)), ...item };
}

/** What `register` gets of a loop in which some item came about. */
export function includedLoop(results: readonly Dict[]): Dict {
  return dict([
    ["changed", false],
    ["msg", "All items completed"],
    ["results", [...results]],
    ["skipped", false],
  ]);
}

/** Of a loop of which every item was skipped. */
export function allSkipped(results: readonly Dict[]): Dict {
  return dict([
    ["changed", false],
    ["msg", "All items skipped"],
    ["results", [...results]],
    ["skipped", true],
  ]);
}

/** Of a loop without items. */
export function noItems(): Dict {
  return dict([
    ["changed", false],
    ["results", []],
    ["skipped", true],
    ["skipped_reason", "No items in the list"],
  ]);
}

function parts(task: Task, name: string, args: Dict): [string, Dict | string][] {
  if (task.module === "include_role") return [["include_args", args]];
  const { _raw_params, file, ...others } = args;
  return [
    ["include", name],
    ["include_args", dict(Object.entries(others))],
  ];
}
