import { hasModule, moduleNames, shortName } from "../modules/registry.ts";
import type { Position } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import type { Node } from "../source/node.ts";
import { type Dict, dict, isDict, Tagged } from "../source/value.ts";
import { toValue } from "../source/yaml.ts";
import { collectionModules } from "./collection-modules.ts";
import type { LoadContext } from "./context.ts";
import type { Entries } from "./entries.ts";
import * as table from "./keyword-table.ts";
import { libraryModule } from "./python-plugins.ts";
import type { Scope } from "./scope.ts";

/** Actions that are the engine's own, without a module file. */
const engineActions: ReadonlySet<string> = new Set([
  "include_tasks",
  "import_tasks",
  "include_role",
  "import_role",
  "meta",
  "async_status",
  "validate_argument_spec",
  "gather_facts",
]);

/** The module that a task runs, as the task names it. */
export interface Action {
  readonly written: string;
  readonly at: Position;
  readonly args: Dict | string;
  readonly argsNode?: Node;
  readonly local?: boolean;
}

/** The one key that is a module, whatever way it is written. */
export function findAction(entries: Entries, scope: Scope, context: LoadContext): Action | undefined {
  const { notes } = context;
  const keywords = scope.isHandler ? table.handler : table.task;
  const found: Action[] = [];
  for (const { key, keyAt, value } of entries.node.entries) {
    if (key === "action" || key === "local_action") {
      const action = actionOf(value, key === "local_action", context);
      if (action) found.push(action);
    } else if (
      !Object.hasOwn(keywords, key) &&
      !isWith(key) &&
      (isKnown(key) || looksForeign(key) || libraryModule(key, scope.searchPath))
    ) {
      found.push({ written: key, at: keyAt, args: argumentsOf(value, entries, context), argsNode: value });
    }
  }
  const [action, second] = found;
  if (second && action) {
    notes.error(
      "conflicting-actions",
      `a task has one action, this one has ${found.map((each) => `'${each.written}'`).join(" and ")}`,
      second.at,
      "Make two tasks of it.",
    );
    return undefined;
  }
  if (!action) {
    const unknown = entries.node.entries.filter(({ key }) => !Object.hasOwn(keywords, key) && !isWith(key));
    const [first] = unknown;
    if (!first)
      notes.error(
        "no-action",
        "this task has no module",
        entries.node.at,
        "Besides keywords a task names the module that it runs.",
      );
    else {
      const near = nearest(first.key, [...moduleNames(), ...engineActions]);
      const nearKeyword = nearest(first.key, Object.keys(keywords));
      const hint = near
        ? `Did you mean the module '${near}'?`
        : nearKeyword
          ? `Did you mean '${nearKeyword}'?`
          : entries.has("hosts")
            ? "This looks like a play; here tasks are expected."
            : undefined;
      notes.error("unknown-module", `'${first.key}' is neither a module nor a keyword of a task`, first.keyAt, hint);
    }
    return undefined;
  }
  const python = isKnown(action.written) ? undefined : libraryModule(action.written, scope.searchPath);
  if (python !== undefined) {
    notes.later(
      "python-module",
      `'${action.written}' is written in Python (${python}), which play does not run`,
      action.at,
      `Write it in TypeScript as engine/modules/${action.written}.ts; docs/modules.md shows how.`,
    );
  } else if (!isKnown(action.written)) {
    const short = shortName(action.written);
    const near = nearest(short, [...moduleNames(), ...engineActions]);
    const other = Object.hasOwn(table.instead, short) ? table.instead[short] : undefined;
    const hint =
      other ?? (near ? `Did you mean '${near}'?` : "The task fails when it is reached; `play doc` lists the modules.");
    const summary = `play has no module '${action.written}'`;
    // Ansible has no such module either, and refuses it at once.
    if (/^ansible\.(?:builtin|legacy)\./.test(action.written) && !table.lacking.has(short))
      notes.error("unknown-module", summary, action.at, near && hint);
    else notes.later("unknown-module", summary, action.at, hint);
  }
  return action;
}

function isKnown(name: string): boolean {
  return engineActions.has(shortName(name)) || hasModule(name);
}

/** A module's name all the same: of a collection, by its full or its short name, or one of ansible-core's that play lacks. */
function looksForeign(key: string): boolean {
  return /^\w+\.\w+\.\w+/.test(key) || table.lacking.has(key) || collectionModules.has(key);
}

/** Whether a keyword is a loop over a lookup: `with_items`. */
export function isWith(key: string): boolean {
  return key.startsWith("with_") && !hasModule(key);
}

/** `action: copy src=a dest=b`, or a mapping with `module`. */
function actionOf(node: Node, local: boolean, context: LoadContext): Action | undefined {
  const value = toValue(node);
  if (typeof value === "string") {
    const [written = "", ...rest] = value.trim().split(/\s+/);
    return {
      written,
      at: node.at,
      args: value.trim().slice(written.length).trim() || rest.join(" "),
      ...(local ? { local } : {}),
    };
  }
  if (isDict(value) && typeof value["module"] === "string") {
    const { module: written, ...args } = value;
    return {
      written: String(written),
      at: node.at,
      args: Object.assign(dict(), args),
      argsNode: node,
      ...(local ? { local } : {}),
    };
  }
  context.notes.error("action", "an action is a text, or a mapping that names its module", node.at);
  return undefined;
}

/** The module's arguments, with those of `args` below them. */
function argumentsOf(node: Node, entries: Entries, context: LoadContext): Dict | string {
  const key = entries.node.entries.find((entry) => entry.value === node)?.key ?? "";
  const value = entries.raw(key) ?? null;
  const more = entries.raw("args");
  if (more !== undefined && !isDict(more) && typeof more !== "string") {
    context.notes.error("keyword-type", "'args' takes a mapping of arguments", entries.at("args"));
  }
  const extra = isDict(more) ? more : dict();
  if (isDict(value)) return Object.keys(extra).length === 0 ? value : { ...extra, ...value };
  if (value === null || value === "") return extra;
  const text = value instanceof Tagged ? value.text : typeof value === "string" ? value : undefined;
  if (text === undefined && typeof value !== "number" && typeof value !== "boolean") {
    context.notes.error("module-arguments", `the arguments of ${key} are a mapping or a text`, node.at);
    return extra;
  }
  const raw = text ?? String(value);
  return Object.keys(extra).length === 0 ? raw : { ...extra, _raw_params: raw };
}
