import { nearest } from "../source/nearest.ts";
import { dict, isDict } from "../source/value.ts";
import { isWith } from "./action.ts";
import type { LoadContext } from "./context.ts";
import { Entries } from "./entries.ts";
import * as table from "./keyword-table.ts";
import type { Loop } from "./tree.ts";

/** The loop of a task: `loop` or `with_…`, with its `loop_control`. */
export function readLoop(entries: Entries, context: LoadContext): Loop | undefined {
  const withs = entries.keys.filter(isWith);
  const control = entries.raw("loop_control");
  const [with_] = withs;
  const settings = isDict(control) ? control : dict();
  for (const name of Object.keys(settings)) {
    if (table.loopControl.includes(name)) continue;
    const near = nearest(name, table.loopControl);
    context.notes.error(
      "unknown-keyword",
      `'${name}' is not a setting of loop_control`,
      entries.at("loop_control"),
      near && `Did you mean '${near}'?`,
    );
  }
  if (withs.length > 1 || (with_ !== undefined && entries.has("loop"))) {
    context.notes.error("loop", "a task has one loop", entries.keyAt(withs.at(-1) ?? "loop"));
    return undefined;
  }
  const key = with_ ?? (entries.has("loop") ? "loop" : undefined);
  if (key === undefined) return undefined;
  const written = entries.raw(key) ?? null;
  if (written === null) {
    // As Ansible has it: `loop:` without a value is no loop, and no other may be without.
    if (key !== "loop") context.notes.error("loop", `'${key}' has no value`, entries.keyAt(key));
    return undefined;
  }
  const kind = key === "loop" ? "loop" : key.slice(5);
  if (kind !== "loop" && !table.withLookups.includes(kind)) {
    const near = nearest(kind, table.withLookups);
    context.notes.error(
      "unknown-lookup",
      `there is no lookup '${kind}' for '${key}'`,
      entries.keyAt(key),
      near && `Did you mean 'with_${near}'?`,
    );
  }
  const controlNode = entries.entry("loop_control")?.value;
  const breaks = controlNode?.kind === "mapping" ? new Entries(controlNode, context).conditions("break_when") : [];
  const given = (name: string, property: string) =>
    settings[name] === undefined ? {} : { [property]: settings[name] };
  return {
    kind,
    value: written,
    at: entries.at(key),
    loopVar: settings["loop_var"] ?? "item",
    ...given("index_var", "indexVar"),
    ...given("label", "label"),
    ...given("pause", "pause"),
    ...given("extended", "extended"),
    ...given("extended_allitems", "extendedAllitems"),
    breakWhen: breaks,
  };
}
