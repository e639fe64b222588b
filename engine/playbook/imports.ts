import { basename, dirname } from "node:path";
import { parsePairs } from "../modules/free-form.ts";
import { DiagnosticError, type Position } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { type Dict, dict, type Value } from "../source/value.ts";
import { keyPositionOf } from "../source/yaml.ts";
import { hasTemplate } from "../template/templar.ts";
import type { LoadContext } from "./context.ts";
import type { Entries } from "./entries.ts";
import { readItems } from "./items.ts";
import * as table from "./keyword-table.ts";
import { includes } from "./language-actions.ts";
import { findRole, loadRoleUse, roleBlocks, roleHandlers, withDependencies } from "./role.ts";
import { type Scope, union } from "./scope.ts";
import { staticText } from "./static-text.ts";
import { findTaskFile, noTaskFile } from "./task-file.ts";
import type { Item, Task } from "./tree.ts";

/** Says what is wrong with the arguments and keywords of an include or import. */
export function checkInclude(module: string, task: Task, entries: Entries, context: LoadContext): void {
  const { notes } = context;
  const args = includeArguments(task);
  const known = Object.keys(includes[module]?.args ?? {});
  const isRole = module.endsWith("role");
  let strange = false;
  for (const name of Object.keys(args)) {
    if (known.includes(name) || (name === "_raw_params" && !isRole)) continue;
    const near = nearest(name, known);
    strange = true;
    notes.error(
      "unknown-argument",
      `${module} has no argument '${name}'`,
      keyPositionOf(task.args === args ? args : undefined, name) ?? task.moduleAt,
      near ? `Did you mean '${near}'?` : "Variables for what is included stand under `vars`.",
    );
  }
  if (!strange && isRole && args["name"] === undefined && args["role"] === undefined)
    notes.error("missing-argument", `${module} needs 'name': the role`, task.moduleAt);
  if (!strange && !isRole && args["file"] === undefined && args["_raw_params"] === undefined)
    notes.error("missing-argument", `${module} needs the file of tasks`, task.moduleAt);
  if (module.startsWith("import_") && task.loop)
    notes.error(
      "loop",
      `${module} takes no loop: it is read before the run`,
      entries.keyAt(entries.has("loop") ? "loop" : "name"),
      `Use ${module.replace("import", "include")}.`,
    );
  if (module.startsWith("include_")) {
    for (const key of table.refusedOnIncludes) {
      if (entries.has(key))
        notes.error(
          "unknown-keyword",
          `'${key}' is not a keyword of ${module}`,
          entries.keyAt(key),
          "Put it under `apply`, and it holds for what is included.",
        );
    }
  }
}

/** What an include names by a name that is known already should be there; Ansible looks when it is reached. */
export function checkIncluded(task: Task, scope: Scope, context: LoadContext): void {
  const args = includeArguments(task);
  const written = args["file"] ?? args["_raw_params"] ?? args["name"] ?? args["role"];
  if (typeof written !== "string" || hasTemplate(written) || written.trim() === "") return;
  if (task.module === "include_tasks" && findTaskFile(written.trim(), scope) === undefined)
    context.notes.addLater([noTaskFile(written.trim(), scope, task.moduleAt)]);
  if (task.module === "include_role") {
    try {
      findRole(written.trim(), scope, context, task.moduleAt);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      context.notes.addLater(error.diagnostics);
    }
  }
}

/** Arguments of an include: `file.yml`, `file.yml a=b` or a mapping. */
export function includeArguments(task: Task): Dict {
  if (typeof task.args !== "string") return task.args;
  const text = task.args.trim();
  if (task.module.endsWith("role")) return parsePairs(text) ?? dict([["name", text]]);
  return dict([["_raw_params", text]]);
}

/** What an import brings in, under the first of these arguments that is given; undefined where it cannot be told. */
function importedName(task: Task, keys: readonly string[], scope: Scope, context: LoadContext): string | undefined {
  const args = includeArguments(task);
  const written = keys.map((key) => args[key]).find((value) => value !== undefined && value !== null);
  return typeof written === "string" ? staticText(written, scope, context, task.moduleAt) : undefined;
}

/** The tasks of a file, in the place of the import. */
export function importTasks(task: Task, entries: Entries, scope: Scope, context: LoadContext): Item[] {
  const name = importedName(task, ["file", "_raw_params"], scope, context);
  if (name === undefined) return [];
  const file = findTaskFile(name, scope);
  if (file === undefined) {
    context.notes.add([noTaskFile(name, scope, entries.at(task.moduleAsWritten))]);
    return [];
  }
  if (scope.importing.includes(file)) {
    const chain = [...scope.importing.slice(scope.importing.indexOf(file)), file].map((each) => basename(each));
    context.notes.error("import-circle", `${name} imports itself: ${chain.join(" → ")}`, task.moduleAt);
    return [];
  }
  return readTaskFile(
    file,
    { ...scope, importing: [...scope.importing, file] },
    context,
    entries.at(task.moduleAsWritten),
  );
}

/** Reads a file of tasks that stands at a known place. */
export function readTaskFile(file: string, scope: Scope, context: LoadContext, from?: Position): Item[] {
  try {
    const folder = dirname(file);
    return readItems(
      context.document(file, from),
      { ...scope, folder, searchPath: union([folder], scope.searchPath) },
      context,
    );
  } catch (error) {
    context.notes.caught(error, from);
    return [];
  }
}

/** The tasks of a role, in the place of the import; its handlers and variables go to the play. */
export function importRole(task: Task, entries: Entries, scope: Scope, context: LoadContext): Item[] {
  const args = includeArguments(task);
  const name = importedName(task, ["name", "role"], scope, context);
  if (name === undefined) return [];
  const from = (key: string) => (typeof args[key] === "string" ? { [key]: args[key] } : {});
  try {
    const use = loadRoleUse(
      name,
      {
        params: dict(),
        scope,
        at: entries.at(task.moduleAsWritten),
        // Every import runs, unlike entries of `roles:`.
        allowDuplicates: !isNo(args["allow_duplicates"]),
        validates: !isNo(args["rolespec_validate"]),
        own: [entries.mapping("vars")],
        from: { ...from("tasks_from"), ...from("vars_from"), ...from("defaults_from"), ...from("handlers_from") },
      },
      context,
    );
    // What its tasks import comes before it.
    const blocks = roleBlocks(use, scope, context, task.at, from("tasks_from"));
    scope.imported.handlers.push(...roleHandlers(use, scope, context, from("handlers_from")));
    if (!isNo(args["public"])) scope.imported.uses.push(...withDependencies(use));
    return blocks;
  } catch (error) {
    context.notes.caught(error, task.moduleAt);
    return [];
  }
}

function isNo(value: Value | undefined): boolean {
  return value === false || ["no", "false"].includes(String(value).toLowerCase());
}
