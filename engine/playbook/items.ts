import { shortName } from "../modules/registry.ts";
import { nearest } from "../source/nearest.ts";
import type { Node } from "../source/node.ts";
import { hasTemplate } from "../template/templar.ts";
import { findAction, isWith } from "./action.ts";
import type { LoadContext } from "./context.ts";
import { Entries, isVariableName } from "./entries.ts";
import { checkInclude, checkIncluded, importRole, importTasks } from "./imports.ts";
import * as table from "./keyword-table.ts";
import { includes, metaActions } from "./language-actions.ts";
import { readLoop } from "./loop.ts";
import { type Scope, union } from "./scope.ts";
import type { Block, Item, Raw, Task } from "./tree.ts";

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
  if (Object.hasOwn(includes, module)) {
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

function checkMeta(task: Task, context: LoadContext): void {
  const written = typeof task.args === "string" ? task.args : task.args["_raw_params"];
  if (typeof written !== "string" || hasTemplate(written) || Object.hasOwn(metaActions, written.trim())) return;
  const near = nearest(written.trim(), Object.keys(metaActions));
  context.notes.later(
    "unknown-meta",
    `meta has no action '${written}'`,
    task.moduleAt,
    near && `Did you mean '${near}'?`,
  );
}

function asList(value: Raw | undefined): readonly Raw[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
