import type { Loop } from "../playbook/tree.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import { pythonRepr } from "../source/python-repr.ts";
import { type Dict, dict, Unknown, type Value } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { Keywords } from "./keywords.ts";

/** `loop_control`, rendered. */
export interface LoopControl {
  readonly loopVar: string;
  readonly indexVar: string | undefined;
  readonly pause: number | undefined;
  readonly extended: boolean;
  readonly allItems: boolean;
}

export function loopControl(loop: Loop, vars: TaskVars): LoopControl {
  const keywords = new Keywords(vars.templar, loop.at);
  return {
    loopVar: keywords.text("loop_var", loop.loopVar) ?? "item",
    indexVar: keywords.text("index_var", loop.indexVar),
    pause: keywords.number("pause", loop.pause),
    extended: keywords.boolean("extended", loop.extended) ?? false,
    allItems: keywords.boolean("extended_allitems", loop.extendedAllitems) ?? true,
  };
}

/**
 * The list that a loop goes through; Unknown where it is known after the run.
 * @throws TemplateError, DiagnosticError where it is no list
 */
export function loopItems(loop: Loop, vars: TaskVars): Value[] | Unknown {
  const value = vars.templar.render(loop.value, loop.at);
  if (value instanceof Unknown) return value;
  if (loop.kind !== "loop") return vars.templar.lookup(loop.kind.replace(/^with_/, ""), value, loop.at);
  if (Array.isArray(value)) return value;
  throw new DiagnosticError({
    code: "loop-value",
    severity: "error",
    summary: `Invalid data passed to 'loop', it requires a list, got this instead: ${pythonRepr(value)}`,
    at: loop.at,
    hint: "Hint: If you passed a list/dict of just one element, try adding wantlist=True to your lookup invocation or use q/query instead of lookup.",
  });
}

/** The variables of one item. */
export function itemVariables(control: LoopControl, items: readonly Value[], index: number): Dict {
  const item = items[index] ?? null;
  const values = dict([
    [control.loopVar, item],
    ["ansible_loop_var", control.loopVar],
  ]);
  if (control.indexVar !== undefined) {
    values[control.indexVar] = index;
    values["ansible_index_var"] = control.indexVar;
  }
  if (control.extended) {
    const length = items.length;
    const extended = dict([
      ["index", index + 1],
      ["index0", index],
      ["first", index === 0],
      ["last", index + 1 === length],
      ["length", length],
      ["revindex", length - index],
      ["revindex0", length - index - 1],
    ]);
    if (control.allItems) extended["allitems"] = [...items];
    if (index > 0) extended["previtem"] = items[index - 1] ?? null;
    if (index + 1 < length) extended["nextitem"] = items[index + 1] ?? null;
    values["ansible_loop"] = extended;
  }
  return values;
}
