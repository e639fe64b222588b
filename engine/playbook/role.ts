import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join, resolve } from "node:path";
import { DiagnosticError, type Position } from "../source/diagnostic.ts";
import { missingHint } from "../source/missing-file.ts";
import { nearest } from "../source/nearest.ts";
import type { MappingNode, Node } from "../source/node.ts";
import { toJson } from "../source/to-json.ts";
import { type Dict, dict, isDict, type Value } from "../source/value.ts";
import { positionOf, toValue } from "../source/yaml.ts";
import type { LoadContext } from "./context.ts";
import { Entries } from "./entries.ts";
import { readTaskFile } from "./imports.ts";
import { innerScope, readItems } from "./items.ts";
import * as table from "./keyword-table.ts";
import { notePythonPlugins } from "./python-plugins.ts";
import { type Scope, union } from "./scope.ts";
import { staticText } from "./static-text.ts";
import type { Block, Item, RoleUse } from "./tree.ts";

/** Other files of a role than its main ones. */
export interface RoleFiles {
  readonly tasks_from?: string;
  readonly vars_from?: string;
  readonly defaults_from?: string;
  readonly handlers_from?: string;
}

export interface RoleRequest {
  readonly params: Dict;
  readonly scope: Scope;
  readonly at: Position;
  /** Of an include or import; an entry of `roles:` or of dependencies has none. */
  readonly from?: RoleFiles;
  readonly allowDuplicates?: boolean;
  /** Whether its arguments are checked against its argument_specs. */
  readonly validates?: boolean;
  /** What the entry or task itself says that makes it another use: variables, tags, conditions. */
  readonly own: readonly Value[];
}

/** A role with its variables, for one use of it. @throws DiagnosticError where there is no such role */
export function loadRoleUse(name: string, request: RoleRequest, context: LoadContext): RoleUse {
  const { scope, at, from } = request;
  const path = findRole(name, scope, context, at);
  const parents = scope.role ? [...scope.role.parents, scope.role] : [];
  if (parents.some((parent) => parent.path === path)) {
    throw new DiagnosticError({
      code: "role-circle",
      severity: "error",
      summary: `role ${basename(path)} depends on itself: ${[...parents.map((each) => each.name), name].join(" → ")}`,
      at,
    });
  }
  notePythonPlugins(path, context);
  const meta = metaOf(path, context);
  const use: { -readonly [K in keyof RoleUse]: RoleUse[K] } = {
    name: basename(name.includes("/") ? path : name),
    path,
    defaults: variablesOf(path, "defaults", from?.defaults_from, context),
    vars: variablesOf(path, "vars", from?.vars_from, context),
    params: request.params,
    parents,
    dependencies: [],
    isDependency: from === undefined && parents.length > 0,
    allowDuplicates: request.allowDuplicates ?? meta.values["allow_duplicates"] === true,
    signature: toJson([path, request.params, { ...dict(), ...from }, from !== undefined, ...request.own]),
    ...(request.validates === false ? {} : argumentSpecOf(path, meta.values, from?.tasks_from ?? "main", context)),
  };
  use.dependencies = dependenciesOf(use, meta.node, scope, context);
  return use;
}

/** A role as a block: its dependencies, then its tasks. */
export function roleItems(use: RoleUse, from: RoleFiles, scope: Scope, context: LoadContext, at: Position): Block {
  const inner = roleScope(use, scope);
  const items: Item[] = [];
  const file = mainFile(use.path, "tasks", from.tasks_from, context, at);
  if (file !== undefined) items.push(...readTaskFile(file, inner, context, at));
  return {
    kind: "block",
    name: use.name,
    at,
    keywords: inner.keywords,
    vars: inner.vars,
    tags: inner.tags,
    when: inner.when,
    ...(inner.delegateTo === undefined ? {} : { delegateTo: inner.delegateTo }),
    role: use,
    block: items,
    rescue: [],
    always: [],
    roleRoot: true,
  };
}

/** The handlers of a role and, before them, of its dependencies. */
export function roleHandlers(use: RoleUse, scope: Scope, context: LoadContext, from: RoleFiles = {}): Item[] {
  const file = mainFile(use.path, "handlers", from.handlers_from, context, undefined);
  const inner = { ...roleScope(use, scope), isHandler: true };
  return [
    ...use.dependencies.flatMap((each) => roleHandlers(each, entryScope(each, scope, context), context)),
    ...(file === undefined ? [] : readTaskFile(file, inner, context)),
  ];
}

function roleScope(use: RoleUse, scope: Scope): Scope {
  return {
    ...scope,
    role: use,
    folder: join(use.path, "tasks"),
    searchPath: union(
      [use.path, join(use.path, "tasks")],
      [...use.parents]
        .reverse()
        .map((each) => each.path)
        .concat(scope.searchPath),
    ),
  };
}

/** Reads one entry of a `roles:` list or of a role's dependencies. */
export function readRoleEntry(
  node: Node,
  scope: Scope,
  context: LoadContext,
): { readonly use: RoleUse; readonly scope: Scope } | undefined {
  const { notes } = context;
  try {
    if (node.kind === "scalar" && typeof node.value === "string") {
      const name = staticText(node.value, scope, context, node.at);
      return name === undefined
        ? undefined
        : { use: loadRoleUse(name, { params: dict(), scope, at: node.at, own: [dict(), [], []] }, context), scope };
    }
    if (node.kind !== "mapping") {
      notes.error("role-entry", "a role is named by a text, or a mapping with `role`", node.at);
      return undefined;
    }
    const entries = new Entries(node, context);
    const nameKey = entries.has("role") ? "role" : "name";
    const written = entries.text(nameKey);
    if (written === undefined) {
      notes.error("role-entry", "this entry names no role", node.at, "Write `- role: NAME`.");
      return undefined;
    }
    const name = staticText(written, scope, context, entries.at(nameKey));
    if (name === undefined) return undefined;
    const params = dict();
    for (const { key } of node.entries) {
      if (Object.hasOwn(table.role, key)) continue;
      const near = nearest(key, Object.keys(table.role));
      if (near && near.length > 3)
        notes.later(
          "unknown-keyword",
          `'${key}' becomes a parameter of role ${name}`,
          entries.keyAt(key),
          `Did you mean the keyword '${near}'?`,
        );
      params[key] = entries.raw(key) ?? null;
    }
    entries.check(table.role, "role", (key) => Object.hasOwn(params, key));
    // `vars` of an entry can be overridden by set_fact, parameters cannot: they stay apart.
    const inner = innerScope(entries, scope);
    const conditions = entries.conditions("when").map((each) => each.expression);
    const own = [entries.mapping("vars"), entries.tags(), conditions];
    const use = loadRoleUse(name, { params, scope: inner, at: entries.at(nameKey), own }, context);
    return { use, scope: inner };
  } catch (error) {
    notes.caught(error, node.at);
    return undefined;
  }
}

/** A role in the order in which it runs: dependencies first, each with what it inherits and what its entry says. */
export function roleBlocks(
  use: RoleUse,
  scope: Scope,
  context: LoadContext,
  at: Position,
  from: RoleFiles = {},
): Block[] {
  return [
    ...use.dependencies.flatMap((each) => roleBlocks(each, entryScope(each, scope, context), context, at)),
    roleItems(use, from, scope, context, at),
  ];
}

/** The entries that name dependencies, which have keywords of their own. */
const dependencyEntries = new WeakMap<RoleUse, MappingNode>();

function entryScope(use: RoleUse, scope: Scope, context: LoadContext): Scope {
  const node = dependencyEntries.get(use);
  return node ? innerScope(new Entries(node, context), scope) : scope;
}

/** A role behind everything that it depends on. */
export function withDependencies(use: RoleUse): RoleUse[] {
  return [...use.dependencies.flatMap(withDependencies), use];
}

/** The folder of a role. @throws DiagnosticError where there is none */
export function findRole(name: string, scope: Scope, context: LoadContext, at: Position): string {
  const short = /^\w+\.\w+\.\w+$/.test(name) ? (name.split(".").at(-1) ?? name) : name;
  const folders = [...rolesFolders(scope), ...context.rolesPath];
  const places = isAbsolute(short) ? [short] : folders.map((folder) => join(folder, short));
  const found = places
    .map((place) => resolve(place))
    .find((place) => existsSync(place) && statSync(place).isDirectory());
  if (found !== undefined) return found;
  const all = folders
    .filter((folder) => existsSync(folder) && statSync(folder).isDirectory())
    .flatMap((folder) => readdirSync(folder));
  const near = nearest(short, all);
  throw new DiagnosticError({
    code: "unknown-role",
    severity: "error",
    summary: `there is no role '${name}'`,
    at,
    hint: near ? `Did you mean '${near}'?` : `Looked in: ${[...new Set(folders)].join(", ")}`,
  });
}

function rolesFolders(scope: Scope): string[] {
  const top = scope.searchPath.at(-1) ?? scope.folder;
  return [
    ...(scope.role ? [join(scope.role.path, "roles"), dirname(scope.role.path)] : []),
    join(top, "roles"),
    join(dirname(top), "roles"),
    top,
  ];
}

function variablesOf(path: string, kind: "defaults" | "vars", from: string | undefined, context: LoadContext): Dict {
  const folder = join(path, kind);
  const name = from ?? "main";
  const files = filesNamed(folder, name);
  if (files.length === 0 && from !== undefined) {
    throw new DiagnosticError({
      code: "file-missing",
      severity: "error",
      summary: `role ${basename(path)} has no ${kind}/${from}`,
      hint: missingHint(from, [join(folder, `${from}.yml`)]),
    });
  }
  const result = dict();
  for (const file of files) Object.assign(result, context.variables(file));
  if (files.length === 1 && files[0] !== undefined) return context.variables(files[0]);
  return result;
}

/** `main.yml`, or what is below a folder `main`. */
function filesNamed(folder: string, name: string): string[] {
  for (const ending of ["", ".yml", ".yaml", ".json"]) {
    const path = join(folder, `${name}${ending}`);
    if (!existsSync(path)) continue;
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .sort()
      .filter((each) => [".yml", ".yaml", ".json"].includes(extname(each)))
      .map((each) => join(path, each));
  }
  return [];
}

function mainFile(
  path: string,
  kind: "tasks" | "handlers",
  from: string | undefined,
  context: LoadContext,
  at: Position | undefined,
): string | undefined {
  const [file] = filesNamed(join(path, kind), from ?? "main");
  if (file === undefined && from !== undefined) {
    context.notes.error(
      "file-missing",
      `role ${basename(path)} has no ${kind}/${from}`,
      at,
      missingHint(from, [join(path, kind, `${from}.yml`)]),
    );
  }
  return file;
}

function metaOf(path: string, context: LoadContext): { readonly values: Dict; readonly node?: Node } {
  const [file] = filesNamed(join(path, "meta"), "main");
  if (file === undefined) return { values: dict() };
  const node = context.document(file);
  const value = node ? toValue(node) : null;
  return { values: isDict(value) ? value : dict(), ...(node ? { node } : {}) };
}

function argumentSpecOf(
  path: string,
  meta: Dict,
  entryPoint: string,
  context: LoadContext,
): Pick<RoleUse, "argumentSpec"> {
  const [file] = filesNamed(join(path, "meta"), "argument_specs");
  const values = file === undefined ? meta : context.variables(file);
  const specs = values["argument_specs"];
  if (!isDict(specs)) return {};
  for (const spec of Object.values(specs)) if (isDict(spec)) checkOptionTypes(spec["options"], context);
  const spec = specs[entryPoint];
  return isDict(spec) && Object.keys(spec).length > 0 ? { argumentSpec: { entryPoint, spec } } : {};
}

const optionTypes = ["str", "int", "bool", "list", "dict", "float", "path", "raw", "json", "jsonarg", "bytes", "bits"];

/** Types that nobody has would let every value pass. */
function checkOptionTypes(options: Value | undefined, context: LoadContext): void {
  if (!isDict(options)) return;
  for (const [name, option] of Object.entries(options)) {
    if (!isDict(option)) continue;
    for (const key of ["type", "elements"]) {
      const type = option[key];
      if (type === undefined || (typeof type === "string" && optionTypes.includes(type))) continue;
      const near =
        typeof type === "string"
          ? (nearest(type, optionTypes) ?? optionTypes.find((each) => type.startsWith(each)))
          : undefined;
      context.notes.error(
        "argument-spec-type",
        `the option '${name}' has a ${key} that does not exist: '${String(type)}'`,
        positionOf(option, key),
        near ? `Did you mean '${near}'?` : `Types are: ${optionTypes.join(", ")}.`,
      );
    }
    checkOptionTypes(option["options"], context);
  }
}

function dependenciesOf(use: RoleUse, meta: Node | undefined, scope: Scope, context: LoadContext): RoleUse[] {
  if (meta?.kind !== "mapping") return [];
  const list = meta.entries.find((entry) => entry.key === "dependencies")?.value;
  if (list?.kind !== "sequence") {
    if (list && !(list.kind === "scalar" && list.value === null))
      context.notes.error(
        "role-entry",
        "'dependencies' takes a list of roles",
        list.at,
        "For example `dependencies: [common]`.",
      );
    return [];
  }
  const inner = { ...scope, role: use };
  return list.items.flatMap((node) => {
    const read = readRoleEntry(node, inner, context);
    if (!read) return [];
    if (node.kind === "mapping") dependencyEntries.set(read.use, node);
    return [read.use];
  });
}

/** Handlers written in a play itself. */
export function readHandlers(node: Node | undefined, scope: Scope, context: LoadContext): Item[] {
  return readItems(node, { ...scope, isHandler: true }, context);
}
