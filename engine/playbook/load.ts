import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { type Diagnostic, DiagnosticError, type Position } from "../source/diagnostic.ts";
import { missingHint } from "../source/missing-file.ts";
import type { MappingNode } from "../source/node.ts";
import { type Dict, dict } from "../source/value.ts";
import { LoadContext, type LoadOptions } from "./context.ts";
import { Entries } from "./entries.ts";
import { readTaskFile } from "./imports.ts";
import * as table from "./keyword-table.ts";
import { type PlayExtras, readPlay } from "./play.ts";
import { loadRoleUse, type RoleFiles, roleBlocks, roleHandlers } from "./role.ts";
import { type Scope, topScope } from "./scope.ts";
import { staticText } from "./static-text.ts";
import { findTaskFile, noTaskFile } from "./task-file.ts";
import type { Block, Item, Play, Playbook, RoleUse, Task } from "./tree.ts";

export type { LoadOptions } from "./context.ts";

/**
 * Reads playbooks whole: plays, roles, imports; every keyword, module name, file and template that can be checked
 * without a host is checked.
 * @throws DiagnosticError with everything that is wrong
 */
export function loadPlaybooks(
  paths: readonly string[],
  options: LoadOptions,
): { playbooks: Playbook[]; warnings: Diagnostic[] } {
  const context = new LoadContext(options);
  const playbooks = paths.map((path) => {
    const file = resolve(path);
    return { file, plays: readPlaybook(file, { vars: dict(), tags: [], when: [] }, context, []) };
  });
  context.notes.end();
  return { playbooks, warnings: context.notes.warnings };
}

function readPlaybook(
  file: string,
  extras: PlayExtras,
  context: LoadContext,
  importing: readonly string[],
  from?: Position,
): Play[] {
  try {
    const node = context.document(file, from);
    if (!node) {
      context.notes.error(
        "empty-playbook",
        "this playbook is empty",
        { file, line: 1, column: 1 },
        "A playbook is a list of plays: `- hosts: all`.",
      );
      return [];
    }
    if (node.kind !== "sequence") {
      context.notes.error(
        "playbook-type",
        "a playbook is a list of plays",
        node.at,
        "Every play begins with a dash: `- hosts: all`.",
      );
      return [];
    }
    return node.items.flatMap((item) => {
      if (item.kind !== "mapping") {
        context.notes.error(
          "play-type",
          "a play is a mapping of keywords",
          item.at,
          "For example `- hosts: all` with `tasks:` below it.",
        );
        return [];
      }
      const key = ["import_playbook", "ansible.builtin.import_playbook"].find((each) =>
        item.entries.some((entry) => entry.key === each),
      );
      if (key !== undefined) return importPlaybook(item, key, file, extras, context, importing);
      return [readPlay(item, file, dirname(file), extras, context)];
    });
  } catch (error) {
    context.notes.caught(error, from);
    return [];
  }
}

function importPlaybook(
  node: MappingNode,
  key: string,
  file: string,
  extras: PlayExtras,
  context: LoadContext,
  importing: readonly string[],
): Play[] {
  const entries = new Entries(node, context);
  entries.check({ ...table.base, when: "conditions", [key]: "text" }, "playbook import");
  const written = entries.text(key);
  const at = entries.at(key);
  if (written === undefined) return [];
  const vars = { ...extras.vars, ...entries.mapping("vars") };
  const name = staticText(written.trim(), topScope(dirname(file), vars), context, at);
  if (name === undefined) return [];
  const path = isAbsolute(name) ? name : join(dirname(file), name);
  if (path === file || importing.includes(path)) {
    const chain = [...importing.slice(importing.indexOf(path)), file, path].map((each) => basename(each));
    context.notes.error("import-circle", `${name} imports itself: ${chain.join(" → ")}`, at);
    return [];
  }
  if (!existsSync(path)) {
    context.notes.error("file-missing", `there is no playbook ${name}`, at, missingHint(name, [path]));
    return [];
  }
  const more = {
    vars,
    tags: [...extras.tags, ...entries.tags()],
    when: [...extras.when, ...entries.conditions("when")],
  };
  return readPlaybook(path, more, context, [...importing, file], at);
}

/** What an include brought in. */
export interface Included {
  readonly items: readonly Item[];
  /** Of roles that these tasks import: their handlers, and the roles whose variables the play sees from now on. */
  readonly handlers: readonly Item[];
  readonly uses: readonly RoleUse[];
  readonly file: string;
  readonly warnings: readonly Diagnostic[];
}

/** Keywords that `apply` gives to everything that an include brings. */
export type Apply = Dict;

/**
 * The tasks of an include_tasks, met during a run.
 * @param name the file's name, rendered
 * @throws DiagnosticError where it is not there or wrong
 */
export function loadTaskFile(name: string, parent: Task, options: LoadOptions): Included {
  const context = new LoadContext(options);
  const scope = scopeOf(parent);
  const file = findTaskFile(name, scope);
  if (file === undefined) {
    throw new DiagnosticError(noTaskFile(name, scope, parent.moduleAt));
  }
  const items = readTaskFile(file, scope, context, parent.moduleAt);
  context.notes.end();
  const { uses, handlers } = scope.imported;
  return { items, handlers, uses, file, warnings: context.notes.warnings };
}

export interface IncludedRole {
  readonly use: RoleUse;
  readonly items: readonly Block[];
  readonly handlers: readonly Item[];
  /** Roles that its tasks import. */
  readonly uses: readonly RoleUse[];
  readonly warnings: readonly Diagnostic[];
}

/** The role of an include_role, met during a run: it is read as an import would read it. */
export function loadRole(
  name: string,
  parent: Task,
  from: RoleFiles,
  how: { readonly allowDuplicates: boolean; readonly validates: boolean },
  options: LoadOptions,
): IncludedRole {
  const context = new LoadContext(options);
  const scope = scopeOf(parent);
  const use = loadRoleUse(
    name,
    { params: dict(), scope, at: parent.moduleAt, from, own: [parent.vars], ...how },
    context,
  );
  const items = [...roleBlocks(use, scope, context, parent.at, from)];
  const handlers = [...roleHandlers(use, scope, context, from), ...scope.imported.handlers];
  context.notes.end();
  return { use, items, handlers, uses: scope.imported.uses, warnings: context.notes.warnings };
}

/** Includes in includes: a file that includes itself until a condition ends it needs few, one without an end all. */
const deepest = 500;

/** What included tasks inherit: all from around the include, and of its own the variables. */
function scopeOf(parent: Task): Scope {
  if (parent.depth >= deepest) {
    throw new DiagnosticError({
      code: "include-circle",
      severity: "error",
      summary: `includes lie ${deepest} deep in each other: this one seems to include itself without an end`,
      at: parent.moduleAt,
      hint: "Give it a `when` that ends it, or use `until` or a loop.",
    });
  }
  return {
    keywords: parent.keywords,
    vars: parent.vars,
    includeParams: parent.includeParams,
    tags: parent.around?.tags ?? [],
    when: parent.around?.when ?? [],
    ...(parent.role ? { role: parent.role } : {}),
    searchPath: parent.searchPath,
    isHandler: parent.isHandler,
    folder: dirname(parent.at.file),
    depth: parent.depth + 1,
    importing: [],
    playVars: dict(),
    imported: { uses: [], handlers: [] },
  };
}
