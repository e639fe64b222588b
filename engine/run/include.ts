import { includeArguments } from "../playbook/imports.ts";
import { loadRole, loadTaskFile } from "../playbook/load.ts";
import type { BaseKeywords, Item, Task } from "../playbook/tree.ts";
import { type Dict, dict, isDict, Unknown, type Value } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { testAll } from "./conditions.ts";
import type { HostRun } from "./context.ts";
import { allSkipped, includedItem, includedLoop, includedResult, noItems } from "./included-result.ts";
import { asBoolean, Keywords } from "./keywords.ts";
import { itemVariables, type LoopControl, loopControl, loopItems } from "./loop-items.ts";
import { failedWith, type Outcome, outcomeOf, skippedBy, succeeded, unknownBecause } from "./outcome.ts";
import { endTask, type Performance } from "./perform.ts";
import { settleTask } from "./settle.ts";
import { resultOf } from "./task-result.ts";
import { untemplated } from "./untemplated.ts";

/** What one host wants to include. */
interface Inclusion {
  /** What makes two inclusions the same. */
  readonly key: string;
  /** The file or role, rendered. */
  readonly name: string;
  readonly args: Dict;
  /** Variables of the loop's item, safe from being templated again. */
  readonly variables: Dict;
  readonly label?: Value;
  readonly noLog?: boolean;
}

/** All that one host wants to include, and what its task registers then. */
interface Wishes {
  readonly inclusions: readonly Inclusion[];
  readonly registered: Dict;
}

interface Brought {
  readonly items: readonly Item[];
  /** As the `included:` line names it. */
  readonly shown: string;
  /** After this host took it in. */
  settle?(): void;
}

/** include_tasks: each host says what it wants; the same file is read once and taken in by all who want it. */
export async function includeTasks(performance: Performance): Promise<void> {
  await include(performance, (inclusion, parent) => {
    const { options } = performance.play.run;
    const { play } = performance;
    const loaded = loadTaskFile(inclusion.name, parent, loadOptions(options));
    const { items, file, handlers, uses, warnings } = loaded;
    for (const warning of warnings) play.run.warnOf(warning);
    play.handlers.add(handlers);
    for (const use of uses) play.run.variables.includedRole(play.play, use, true);
    return { items, shown: file };
  });
}

/** include_role: its tasks and handlers, and with `public` its variables for the rest of the play. */
export async function includeRole(performance: Performance): Promise<void> {
  const { play } = performance;
  await include(performance, (inclusion, parent) => {
    const text = (name: string) => {
      const value = inclusion.args[name];
      return typeof value === "string" ? { [name]: value.replace(/\.ya?ml$/, "") } : {};
    };
    const from = {
      ...text("tasks_from"),
      ...text("vars_from"),
      ...text("defaults_from"),
      ...text("handlers_from"),
    };
    const how = {
      allowDuplicates: asBoolean(inclusion.args["allow_duplicates"] ?? true) ?? true,
      validates: asBoolean(inclusion.args["rolespec_validate"] ?? true) ?? true,
    };
    const loaded = loadRole(inclusion.name, parent, from, how, loadOptions(play.run.options));
    const { use, items, handlers, uses, warnings } = loaded;
    for (const warning of warnings) play.run.warnOf(warning);
    play.handlers.add(handlers);
    for (const each of uses) play.run.variables.includedRole(play.play, each, true);
    play.run.variables.includedRole(play.play, use, asBoolean(inclusion.args["public"] ?? false) ?? false);
    return { items, shown: inclusion.name };
  });
}

function loadOptions(options: Performance["play"]["run"]["options"]): Parameters<typeof loadTaskFile>[2] {
  return {
    ...(options.rolesPath ? { rolesPath: options.rolesPath } : {}),
    ...(options.extraVars ? { extraVars: options.extraVars } : {}),
    ...(options.vault ? { vault: options.vault } : {}),
    ...(options.strict ? { strict: true } : {}),
  };
}

async function include(performance: Performance, load: (inclusion: Inclusion, parent: Task) => Brought): Promise<void> {
  const { play, task, key } = performance;
  const hosts = takersOf(performance);
  const wanted = new Map<string, { inclusion: Inclusion; hosts: HostRun[] }>();
  const order = new Map<HostRun, string[]>();
  const registers = new Map<HostRun, Dict>();
  for (const host of hosts) {
    const wishes = wishesOf(performance, host);
    if (!("inclusions" in wishes)) {
      endTask(performance, host, { outcome: wishes, seconds: 0 });
      continue;
    }
    const { inclusions, registered } = wishes;
    if (task.register !== undefined) registers.set(host, registered);
    order.set(
      host,
      inclusions.map((each) => each.key),
    );
    for (const inclusion of inclusions) {
      const known = wanted.get(inclusion.key);
      if (known) known.hosts.push(host);
      else wanted.set(inclusion.key, { inclusion, hosts: [host] });
    }
  }
  const brought = new Map<string, { readonly items: readonly Item[]; readonly index: number }>();
  const failed = new Map<HostRun, Outcome>();
  let index = 0;
  for (const [id, { inclusion, hosts: takers }] of wanted) {
    const takersLeft = takers.filter((host) => !failed.has(host));
    try {
      const parent = parentOf(task, inclusion);
      const { items, shown } = load(inclusion, parent);
      const applied = applyTo(items, inclusion.args["apply"]);
      brought.set(id, { items: applied, index: index++ });
      play.run.emit({
        type: "included",
        file: shown,
        hosts: takersLeft.map((host) => host.name),
        ...(inclusion.label === undefined ? {} : { item: inclusion.label }),
        ...(inclusion.noLog ? { noLog: true } : {}),
      });
    } catch (error) {
      const outcome = { ...outcomeOf(error, task.at), unignorable: true };
      if (task.module === "include_tasks") outcome.value = { ...outcome.value, include: inclusion.name };
      for (const host of takersLeft) failed.set(host, outcome);
    }
  }
  for (const [host, ids] of order) {
    const failure = failed.get(host);
    if (failure) {
      // Those of a loop that went well before it count.
      play.run.summary.of(host.name).ok += ids.filter((id) => brought.has(id)).length;
      endTask(performance, host, { outcome: failure, seconds: 0 });
      continue;
    }
    play.run.summary.of(host.name).ok += ids.length;
    const registered = registers.get(host);
    if (registered) settleTask(play, [host.name], task, { ...succeeded(registered, false), value: registered });
    host.notified.delete(task);
    if (task.isHandler) play.run.marks.done(host.name, play.play, task);
    host.cursor.advance();
    // The first included runs first, so it lies on top.
    for (const id of ids.toReversed()) {
      const found = brought.get(id);
      if (found) host.cursor.include(found.items, [...key, found.index]);
    }
  }
}

/** With run_once the first host alone takes in what is included. */
function takersOf({ play, task, hosts, alone }: Performance): readonly HostRun[] {
  const [first] = hosts;
  if (first === undefined || alone || task.keywords.runOnce === undefined) return hosts;
  const { templar } = play.run.variables.forTask(play, first.name, task);
  if (new Keywords(templar, task.at).boolean("run_once", task.keywords.runOnce) !== true) return hosts;
  for (const host of hosts.slice(1)) host.cursor.advance();
  return [first];
}

/** What a host wants to include, or how the task ends without. */
function wishesOf(performance: Performance, host: HostRun): Wishes | Outcome {
  const { play, task } = performance;
  const vars = play.run.variables.forTask(play, host.name, task);
  try {
    if (!task.loop) {
      const one = wishOf(task, vars, dict());
      if ("value" in one) return one;
      return { inclusions: [one], registered: includedResult(task, one.name, one.args) };
    }
    const control = loopControl(task.loop, vars);
    const items = loopItems(task.loop, vars);
    if (items instanceof Unknown) return unknownInclude(items);
    const inclusions: Inclusion[] = [];
    const results: Dict[] = [];
    const times = new Map<string, number>();
    for (let index = 0; index < items.length; index++) {
      const values = itemVariables(control, items, index);
      const own = vars.with({ name: "loop", values, templated: false });
      const noLog = new Keywords(own.templar, task.at).boolean("no_log", task.keywords.noLog) ?? false;
      const one = wishOf(task, own, values);
      if (!("value" in one)) {
        const item = items[index] ?? null;
        const label = task.loop.label === undefined ? item : own.templar.render(task.loop.label, task.loop.at);
        // The same item twice is included twice.
        const before = times.get(one.key) ?? 0;
        times.set(one.key, before + 1);
        inclusions.push({ ...one, key: `${one.key} ${before}`, label, noLog });
        results.push(includedItem(task, one.name, one.args, itemParts(control, item)));
        continue;
      }
      if (one.failed || one.unknown !== undefined) return { ...one, noLog };
      const value = { ...one.value, ...itemParts(control, items[index] ?? null) };
      results.push(value);
      const result = { ...resultOf({ host, task }, { ...one, noLog, value }, 0), item: items[index] ?? null };
      play.run.emit({ type: "item-result", id: performance.id, result, time: play.run.time() });
    }
    if (items.length === 0) return { ...skippedBy(false), value: noItems() };
    if (inclusions.length === 0) return { ...skippedBy(false), value: allSkipped(results) };
    return { inclusions, registered: includedLoop(results) };
  } catch (error) {
    const verdict = quietly(() => testAll(task.when, vars.templar));
    if (verdict?.holds === false) return skippedBy(verdict.condition);
    return outcomeOf(error, task.at);
  }
}

function itemParts(control: LoopControl, item: Value): Dict {
  return dict([
    ["ansible_loop_var", control.loopVar],
    [control.loopVar, item],
  ]);
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** What is included is known after the run: what its tasks would do as well. */
function unknownInclude(unknown: Unknown): Outcome {
  return unknownBecause(unknown, { effects: [{ opens: ["*"], because: unknown.reason }] });
}

function wishOf(task: Task, vars: TaskVars, itemValues: Dict): Inclusion | Outcome {
  const verdict = testAll(task.when, vars.templar);
  if (verdict.holds === false) return skippedBy(verdict.condition);
  if (verdict.holds === "unknown") return unknownInclude(verdict.unknown);
  const rendered = dict();
  for (const [name, value] of Object.entries(includeArguments(task))) {
    // What `apply` holds is rendered by the tasks that it is applied to.
    rendered[name] = name === "apply" ? value : vars.templar.render(value, task.at);
  }
  const name = rendered["_raw_params"] ?? rendered["file"] ?? rendered["name"] ?? rendered["role"];
  if (name instanceof Unknown) return unknownInclude(name);
  if (typeof name !== "string" || name.trim() === "")
    return failedWith("No file specified for the include", {}, { at: task.at });
  const variables = dict(Object.entries(itemValues).map(([key, value]) => [key, untemplated(value)] as const));
  return {
    name: name.trim(),
    args: rendered,
    variables,
    key: JSON.stringify([name, rendered, variables], (_key, value) =>
      typeof value === "bigint" ? String(value) : value,
    ),
  };
}

/** The include as what its tasks inherit from: with the item's variables and what `apply` says. */
function parentOf(task: Task, inclusion: Inclusion): Task {
  const apply = inclusion.args["apply"];
  const given = isDict(apply) ? apply : dict();
  const vars = { ...task.vars, ...(isDict(given["vars"]) ? given["vars"] : {}), ...inclusion.variables };
  const includeParams = { ...task.includeParams, ...inclusion.variables };
  const environment = [...task.keywords.environment, ...listOf(given["environment"])];
  return { ...task, vars, includeParams, keywords: { ...task.keywords, ...baseKeywords(given), environment } };
}

const keywordNames: { readonly [written: string]: keyof BaseKeywords } = {
  connection: "connection",
  port: "port",
  remote_user: "remoteUser",
  no_log: "noLog",
  run_once: "runOnce",
  ignore_errors: "ignoreErrors",
  ignore_unreachable: "ignoreUnreachable",
  check_mode: "checkMode",
  diff: "diff",
  any_errors_fatal: "anyErrorsFatal",
  throttle: "throttle",
  timeout: "timeout",
  become: "become",
  become_method: "becomeMethod",
  become_user: "becomeUser",
  become_flags: "becomeFlags",
  become_exe: "becomeExe",
};

function baseKeywords(apply: Dict): Partial<BaseKeywords> {
  const result: { [name: string]: Value } = {};
  for (const [written, value] of Object.entries(apply)) {
    const name = keywordNames[written];
    if (name !== undefined) result[name] = value;
  }
  return result as Partial<BaseKeywords>; // the table's names are keywords that hold raw values
}

/** Tags, conditions, delegation and notifications of `apply` on everything that was included. */
function applyTo(items: readonly Item[], apply: Value | undefined): readonly Item[] {
  if (!isDict(apply)) return items;
  const { tags, when, delegate_to: delegateTo, notify } = apply;
  const added = listOf(tags).flatMap((each) =>
    typeof each === "string" ? each.split(",").map((tag) => tag.trim()) : [],
  );
  const conditions = (at: Item["at"]) =>
    listOf(when).map((expression) => ({
      expression: typeof expression === "boolean" ? expression : String(expression),
      at,
    }));
  const change = (item: Item): Item => {
    const changed = {
      ...item,
      tags: [...item.tags, ...added],
      when: [...conditions(item.at), ...item.when],
      ...(delegateTo !== undefined && item.delegateTo === undefined ? { delegateTo } : {}),
      ...(notify !== undefined ? { notify: [...listOf(item.notify), ...listOf(notify)] } : {}),
    };
    if (changed.kind === "task") return changed;
    return {
      ...changed,
      block: changed.block.map(change),
      rescue: changed.rescue.map(change),
      always: changed.always.map(change),
    };
  };
  return items.map(change);
}

function listOf(value: Value | undefined): Value[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}
