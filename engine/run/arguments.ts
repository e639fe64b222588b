import { argumentPlace, validateArguments } from "../modules/arguments.ts";
import type { Module } from "../modules/contract.ts";
import { parseFreeForm } from "../modules/free-form.ts";
import { shortName } from "../modules/registry.ts";
import type { Task } from "../playbook/tree.ts";
import type { Position } from "../source/diagnostic.ts";
import { type Dict, dict, isDict, Omit, Unknown, unknownIn, type Value } from "../source/value.ts";
import { positionOf } from "../source/yaml.ts";
import type { Templar } from "../template/contract.ts";

export type Rendered =
  | { readonly args: Dict; readonly unknown?: undefined }
  | { readonly unknown: Unknown; readonly args?: undefined };

/** Arguments as written, the free form taken apart, nothing rendered. The same for every host and item. */
export function writtenArguments(module: Module, task: Task): Dict {
  const { args } = task;
  if (typeof args === "string") return args.trim() === "" ? dict() : parseFreeForm(module, args);
  const raw = args["_raw_params"];
  if (typeof raw !== "string") return args;
  const { _raw_params: _, ...others } = args;
  return { ...dict(), ...parseFreeForm(module, raw), ...others };
}

/** Renders arguments for one host and item, over the defaults of `module_defaults`. */
export function renderArguments(module: Module, task: Task, written: Dict, templar: Templar): Rendered {
  const rendered = dict();
  for (const defaults of task.keywords.moduleDefaults) {
    for (const [name, value] of Object.entries(defaults)) {
      if (shortName(name) !== module.name && !module.aliases?.includes(shortName(name))) continue;
      const given = templar.render(value, task.at);
      if (isDict(given)) Object.assign(rendered, given);
    }
  }
  for (const [name, value] of Object.entries(written)) {
    const key = name.includes("{{") ? templar.render(name, task.at) : name;
    if (key instanceof Unknown) return { unknown: key };
    rendered[String(key)] = templar.render(value, positionOf(written, name) ?? task.at);
  }
  return { args: withoutOmitted(rendered) as Dict }; // a dict stays one
}

/** `omit` deep inside takes its entry away as it does at the top. */
export function withoutOmitted(value: Value): Value {
  if (!hasOmit(value)) return value;
  if (Array.isArray(value)) return value.filter((each) => !(each instanceof Omit)).map(withoutOmitted);
  if (!isDict(value)) return value;
  const result = dict();
  for (const [key, each] of Object.entries(value)) if (!(each instanceof Omit)) result[key] = withoutOmitted(each);
  return result;
}

function hasOmit(value: Value): boolean {
  if (value instanceof Omit) return true;
  if (Array.isArray(value)) return value.some(hasOmit);
  return isDict(value) && Object.values(value).some(hasOmit);
}

export interface Checked {
  readonly args: Dict;
  readonly problem?: { readonly message: string; readonly at: Position };
  /** An argument is known after the run only. */
  readonly unknown?: Unknown;
}

/** Makes rendered arguments what the module promises. Modules of the controller see Unknown values as they are. */
export function checkArguments(module: Module, task: Task, written: Dict, rendered: Dict): Checked {
  const unknown = unknownIn(rendered);
  if (unknown && module.sort !== "controller") return { args: rendered, unknown };
  const { args, errors } = validateArguments(module, rendered);
  const [first] = errors;
  if (!first) return { args };
  if (unknown) return { args, unknown };
  const at = argumentPlace(first, written) ?? task.moduleAt;
  const message = errors.map((each) => (each.hint === undefined ? each.message : `${each.message}. ${each.hint}`));
  return { args, problem: { message: message.join("; "), at } };
}
