import { argumentPlace, checkArgumentNames } from "../modules/arguments.ts";
import type { Module } from "../modules/contract.ts";
import { parseFreeForm } from "../modules/free-form.ts";
import { findModule, shortName } from "../modules/registry.ts";
import { UnclosedQuote } from "../source/key-values.ts";
import { nearest } from "../source/nearest.ts";
import { type Dict, dict, isDict } from "../source/value.ts";
import { positionOf } from "../source/yaml.ts";
import { hasTemplate } from "../template/templar.ts";
import { Notes } from "./notes.ts";
import type { Item, Play, Playbook, Task } from "./tree.ts";

/**
 * The checks that need the modules themselves: names of arguments, required ones, handlers that no task can reach.
 * @throws DiagnosticError with everything that is wrong
 * @returns what is wrong only when it is reached
 */
export async function checkPlaybooks(playbooks: readonly Playbook[], strict: boolean): Promise<Notes["warnings"]> {
  const notes = new Notes(strict);
  for (const { plays } of playbooks) {
    for (const play of plays) {
      for (const task of tasksOf(play)) await checkTask(task, notes);
      checkNotifications(play, notes);
    }
  }
  notes.end();
  return notes.warnings;
}

/** All tasks of a play, handlers last. */
export function* tasksOf(play: Play): Iterable<Task> {
  for (const section of play.sections) yield* walk(section.items);
  yield* walk(play.handlers);
}

export function* walk(items: readonly Item[]): Iterable<Task> {
  for (const item of items) {
    if (item.kind === "task") yield item;
    else {
      yield* walk(item.block);
      yield* walk(item.rescue);
      yield* walk(item.always);
    }
  }
}

async function checkTask(task: Task, notes: Notes): Promise<void> {
  const module = await findModule(task.module);
  if (!module) return;
  let args: Dict;
  try {
    args = writtenArguments(module, task);
  } catch (error) {
    const summary = error instanceof Error ? error.message : String(error);
    const hint = "Close it, or put a backslash before it.";
    if (error instanceof UnclosedQuote) notes.error("unclosed-quote", summary, task.moduleAt, hint);
    else notes.later("module-arguments", summary, task.moduleAt);
    return;
  }
  // A whole mapping that is a template (`args: "{{ x }}"`) is known when it is rendered.
  if (Object.keys(args).some(hasTemplate) || isTemplate(task.args)) return;
  const defaults = task.keywords.moduleDefaults
    .flatMap((each) => Object.entries(each))
    .filter(([name]) => shortName(name) === module.name || module.aliases?.includes(shortName(name)))
    .map(([, values]) => values)
    .filter(isDict);
  const given = Object.assign(dict(), ...defaults.map((each) => onlyMissing(each, args)), args);
  const errors = checkArgumentNames(module, given);
  // A misspelt name is why the right one is missing.
  const misspelt = errors.some((each) => each.code === "unknown-argument");
  for (const error of errors) {
    if (misspelt && error.code === "missing-argument") continue;
    notes.later("module-arguments", error.message, argumentPlace(error, args) ?? task.moduleAt, error.hint);
  }
}

function isTemplate(args: Dict | string): boolean {
  return typeof args === "string" && /^\s*\{\{.*\}\}\s*$/s.test(args);
}

/** Defaults count as given where required arguments are looked for; names only, so they are never found unknown. */
function onlyMissing(defaults: Dict, args: Dict): Dict {
  const missing = dict();
  for (const key of Object.keys(defaults))
    if (!(key in args) && !hasTemplate(key)) missing[key] = defaults[key] ?? null;
  return missing;
}

function writtenArguments(module: Module, task: Task): Dict {
  if (typeof task.args === "string") return task.args.trim() === "" ? dict() : parseFreeForm(module, task.args);
  const raw = task.args["_raw_params"];
  if (typeof raw !== "string") return task.args;
  const { _raw_params: _, ...others } = task.args;
  return { ...parseFreeForm(module, raw), ...others };
}

/** A notification that reaches no handler, as far as that is known before includes run. */
function checkNotifications(play: Play, notes: Notes): void {
  const names = new Set<string>();
  let open = false;
  for (const handler of walk(play.handlers)) {
    if (handler.name !== undefined) {
      if (hasTemplate(handler.name)) open = true;
      names.add(handler.name);
      if (handler.role) names.add(`${handler.role.name} : ${handler.name}`);
    }
    for (const topic of handler.listen) names.add(topic);
    if (handler.module.startsWith("include_")) open = true;
  }
  for (const task of tasksOf(play)) if (task.module === "include_role") open = true;
  if (open) return;
  for (const task of tasksOf(play)) {
    const list = task.notify === undefined ? [] : Array.isArray(task.notify) ? task.notify : [task.notify];
    for (const [index, name] of list.entries()) {
      if (typeof name !== "string" || hasTemplate(name) || names.has(name)) continue;
      const near = nearest(name, names);
      const at = Array.isArray(task.notify) ? (positionOf(task.notify, index) ?? task.at) : task.at;
      notes.later(
        "unknown-handler",
        `no handler is called '${name}', and none listens to it`,
        at,
        near && `Did you mean '${near}'?`,
      );
    }
  }
}
