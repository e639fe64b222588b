import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { parsePairs } from "../modules/free-form.ts";
import { hasModule, moduleNames, shortName } from "../modules/registry.ts";
import { type Diagnostic, DiagnosticError, type Position } from "../source/diagnostic.ts";
import { missingHint } from "../source/missing-file.ts";
import { nearest } from "../source/nearest.ts";
import type { Node } from "../source/node.ts";
import { type Dict, dict, isDict, Tagged, type Value } from "../source/value.ts";
import { keyPositionOf, toValue } from "../source/yaml.ts";
import { hasTemplate } from "../template/templar.ts";
import { written as asWritten, ready, stack } from "../vars/precedence.ts";
import { createTaskVars } from "../vars/task-vars.ts";
import type { LoadContext } from "./context.ts";
import { Entries, isVariableName } from "./entries.ts";
import * as table from "./keyword-table.ts";
import { libraryModule } from "./python-plugins.ts";
import { findRole, loadRoleUse, roleBlocks, roleHandlers, withDependencies } from "./role.ts";
import type { Scope } from "./scope.ts";
import type { Block, Item, Loop, Raw, Task } from "./tree.ts";

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

/** Reads a list of tasks and blocks. */
export function readItems(node: Node | undefined, scope: Scope, context: LoadContext): Item[] {
  if (!node || (node.kind === "scalar" && node.value === null)) return [];
  if (node.kind !== "sequence") {
    const file = node.kind === "scalar" && typeof node.value === "string" && /\.ya?ml$/.test(node.value);
    context.notes.error(
      "task-list",
      "a list of tasks is expected here",
      node.at,
      file ? `To bring a file in: \`- import_tasks: ${node.value}\`.` : "Every task begins with a dash: `- name: …`.",
    );
    return [];
  }
  return node.items.flatMap((item) => readItem(item, scope, context));
}

function readItem(node: Node, scope: Scope, context: LoadContext): Item[] {
  if (node.kind === "scalar" && node.value === null) return [];
  if (node.kind !== "mapping") {
    context.notes.error(
      "task-type",
      "a task is a mapping of keywords",
      node.at,
      "For example `- name: …` with the module below it.",
    );
    return [];
  }
  const entries = new Entries(node, context);
  if (entries.has("block")) return [readBlock(entries, scope, context)];
  for (const key of ["rescue", "always"]) {
    if (entries.has(key)) {
      context.notes.error("block", `'${key}' stands without a 'block'`, entries.keyAt(key));
      return [];
    }
  }
  return readTask(entries, scope, context);
}

function readBlock(entries: Entries, scope: Scope, context: LoadContext): Block {
  entries.check(table.block, "block");
  const inner = innerScope(entries, scope);
  const part = (key: string) => readItems(entries.entry(key)?.value, inner, context);
  const name = entries.text("name");
  return {
    kind: "block",
    ...(name === undefined ? {} : { name }),
    at: entries.node.at,
    ...inherited(inner),
    block: part("block"),
    rescue: part("rescue"),
    always: part("always"),
  };
}

/** What stands inside a block, a role or an import inherits. */
export function innerScope(entries: Entries, scope: Scope): Scope {
  const notify = entries.raw("notify");
  const delegateTo = entries.raw("delegate_to");
  const delegateFacts = entries.raw("delegate_facts");
  return {
    ...scope,
    keywords: entries.base(scope.keywords),
    vars: { ...scope.vars, ...entries.mapping("vars") },
    tags: union(scope.tags, entries.tags()),
    when: [...scope.when, ...entries.conditions("when")],
    ...(delegateTo === undefined ? {} : { delegateTo }),
    ...(delegateFacts === undefined ? {} : { delegateFacts }),
    ...(notify === undefined ? {} : { notify: [...asList(scope.notify), ...asList(notify)] }),
  };
}

function inherited(
  scope: Scope,
): Pick<Block, "keywords" | "vars" | "tags" | "when" | "delegateTo" | "delegateFacts" | "notify" | "role"> {
  return {
    keywords: scope.keywords,
    vars: scope.vars,
    tags: scope.tags,
    when: scope.when,
    ...(scope.delegateTo === undefined ? {} : { delegateTo: scope.delegateTo }),
    ...(scope.delegateFacts === undefined ? {} : { delegateFacts: scope.delegateFacts }),
    ...(scope.notify === undefined ? {} : { notify: scope.notify }),
    ...(scope.role === undefined ? {} : { role: scope.role }),
  };
}

interface Action {
  readonly written: string;
  readonly at: Position;
  readonly args: Dict | string;
  readonly argsNode?: Node;
  readonly local?: boolean;
}

function readTask(entries: Entries, scope: Scope, context: LoadContext): Item[] {
  const action = findAction(entries, scope, context);
  if (!action) return [];
  const known = scope.isHandler ? table.handler : table.task;
  entries.check(known, scope.isHandler ? "handler" : "task", (key) => key === action.written || isWith(key));
  const module = shortName(action.written);
  const inner = innerScope(entries, scope);
  const register = entries.text("register");
  if (register !== undefined && !isVariableName(register)) {
    context.notes.error(
      "register-name",
      `'${register}' is not a name for a variable`,
      entries.at("register"),
      "Letters, digits and underscores, no digit first.",
    );
  }
  const loop = readLoop(entries, context);
  const name = entries.text("name");
  const keywords = action.local ? { ...inner.keywords, connection: "local" } : inner.keywords;
  const optional = (key: string, property: string) => {
    const value = entries.raw(key);
    return value === undefined ? {} : { [property]: value };
  };
  const task: Task = {
    kind: "task",
    ...(name === undefined ? {} : { name }),
    at: entries.node.at,
    ...inherited(inner),
    keywords,
    ...(action.local ? { delegateTo: "localhost" } : {}),
    module,
    moduleAsWritten: action.written,
    moduleAt: action.at,
    args: action.args,
    ...(loop === undefined ? {} : { loop }),
    ...(register === undefined ? {} : { register }),
    until: entries.conditions("until"),
    ...optional("retries", "retries"),
    ...optional("delay", "delay"),
    changedWhen: entries.conditions("changed_when"),
    failedWhen: entries.conditions("failed_when"),
    ...optional("async", "async"),
    ...optional("poll", "poll"),
    listen: entries.list("listen").map(String),
    isHandler: scope.isHandler,
    includeParams: isInclude(module) ? { ...scope.includeParams, ...entries.mapping("vars") } : scope.includeParams,
    around: { tags: scope.tags, when: scope.when },
    searchPath: scope.searchPath,
    depth: scope.depth,
  };
  if (Object.hasOwn(table.includes, module)) {
    checkInclude(module, task, entries, context);
    checkIncluded(task, inner, context);
  }
  if (module === "meta") checkMeta(task, context);
  if (module === "import_tasks") return importTasks(task, entries, inner, context);
  if (module === "import_role") return importRole(task, entries, inner, context);
  return [task];
}

function isInclude(module: string): boolean {
  return module === "include_tasks" || module === "include_role";
}

/** The one key that is a module, whatever way it is written. */
function findAction(entries: Entries, scope: Scope, context: LoadContext): Action | undefined {
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

/** A module's name all the same: of a collection, or one of ansible-core's that play lacks. */
function looksForeign(key: string): boolean {
  return /^\w+\.\w+\.\w+/.test(key) || table.lacking.has(key);
}

function isWith(key: string): boolean {
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

function readLoop(entries: Entries, context: LoadContext): Loop | undefined {
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
    value: entries.raw(key) ?? [],
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

function checkInclude(module: string, task: Task, entries: Entries, context: LoadContext): void {
  const { notes } = context;
  const args = includeArguments(task);
  const known = table.includes[module] ?? [];
  let strange = false;
  for (const name of Object.keys(args)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    strange = true;
    notes.error(
      "unknown-argument",
      `${module} has no argument '${name}'`,
      keyPositionOf(task.args === args ? args : undefined, name) ?? task.moduleAt,
      near ? `Did you mean '${near}'?` : "Variables for what is included stand under `vars`.",
    );
  }
  const isRole = module.endsWith("role");
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
function checkIncluded(task: Task, scope: Scope, context: LoadContext): void {
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

function checkMeta(task: Task, context: LoadContext): void {
  const written = typeof task.args === "string" ? task.args : task.args["_raw_params"];
  if (typeof written !== "string" || hasTemplate(written) || table.metaActions.includes(written.trim())) return;
  const near = nearest(written.trim(), table.metaActions);
  context.notes.later(
    "unknown-meta",
    `meta has no action '${written}'`,
    task.moduleAt,
    near && `Did you mean '${near}'?`,
  );
}

/** Arguments of an include: `file.yml`, `file.yml a=b` or a mapping. */
export function includeArguments(task: Task): Dict {
  if (typeof task.args !== "string") return task.args;
  const text = task.args.trim();
  if (task.module.endsWith("role")) return parsePairs(text) ?? dict([["name", text]]);
  return dict([["_raw_params", text]]);
}

function importTasks(task: Task, entries: Entries, scope: Scope, context: LoadContext): Item[] {
  const args = includeArguments(task);
  const written = args["file"] ?? args["_raw_params"];
  if (typeof written !== "string") return [];
  const name = staticText(written, scope, context, task.moduleAt);
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

/** Where a file of tasks may be: beside the including file, in the role's tasks/, in the folders of the search path. */
export function findTaskFile(name: string, scope: Searched): string | undefined {
  return taskFilePlaces(name, scope).find((place) => existsSync(place));
}

type Searched = Pick<Scope, "folder" | "role" | "searchPath" | "isHandler">;

function taskFilePlaces(name: string, scope: Searched): string[] {
  if (isAbsolute(name)) return [name];
  const places = [
    join(scope.folder, name),
    ...(scope.role
      ? [join(scope.role.path, scope.isHandler ? "handlers" : "tasks", name), join(scope.role.path, "tasks", name)]
      : []),
    ...scope.searchPath.flatMap((folder) => [join(folder, "tasks", name), join(folder, name)]),
  ];
  return places.map((place) => resolve(place));
}

/** Says that a file of tasks is at none of its places. */
export function noTaskFile(name: string, scope: Searched, at: Position): Diagnostic {
  return {
    code: "file-missing",
    severity: "error",
    summary: `there is no file of tasks ${name}`,
    at,
    hint: missingHint(name, taskFilePlaces(name, scope)),
  };
}

function importRole(task: Task, entries: Entries, scope: Scope, context: LoadContext): Item[] {
  const args = includeArguments(task);
  const written = args["name"] ?? args["role"];
  if (typeof written !== "string") return [];
  const name = staticText(written, scope, context, task.moduleAt);
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
        from: { ...from("tasks_from"), ...from("vars_from"), ...from("defaults_from"), ...from("handlers_from") },
      },
      context,
    );
    scope.imported.handlers.push(...roleHandlers(use, scope, context, from("handlers_from")));
    if (!isNo(args["public"])) scope.imported.uses.push(...withDependencies(use));
    return roleBlocks(use, scope, context, task.at, from("tasks_from"));
  } catch (error) {
    context.notes.caught(error, task.moduleAt);
    return [];
  }
}

function isNo(value: Value | undefined): boolean {
  return value === false || ["no", "false"].includes(String(value).toLowerCase());
}

/** A name in an import: known before the run, from extra variables and those written around it. */
export function staticText(
  written: string,
  scope: Pick<Scope, "vars" | "playVars" | "role" | "searchPath" | "folder">,
  context: LoadContext,
  at: Position,
): string | undefined {
  if (!hasTemplate(written)) return written;
  const { role } = scope;
  const magic = dict([["playbook_dir", scope.searchPath.at(-1) ?? scope.folder]]);
  if (role) Object.assign(magic, { role_path: role.path, role_name: role.name });
  const { templar } = createTaskVars({
    layers: stack({
      "role defaults": role ? [asWritten("defaults", role.defaults)] : [],
      "play vars": [asWritten("play vars", scope.playVars)],
      "role vars": role ? [asWritten("vars", role.vars)] : [],
      "task vars": [asWritten("task vars", scope.vars)],
      "role params": role ? [asWritten("params", role.params)] : [],
      "extra vars": [asWritten("extra vars", context.extraVars)],
      "magic variables": [ready("magic variables", magic)],
    }),
    context: {
      searchPath: scope.searchPath,
      readFile: (path) => readFileSync(path),
      decrypt: (text) => context.decrypt(text),
      warn: () => {},
    },
  });
  try {
    return String(templar.render(written, at));
  } catch (error) {
    context.notes.error(
      "import-template",
      `the name of an import must be known before the run: ${error instanceof Error ? error.message : String(error)}`,
      at,
      "Use include_tasks or include_role, or give the variable with -e or `vars`.",
    );
    return undefined;
  }
}

function asList(value: Raw | undefined): readonly Raw[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

export function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}
