import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { nearestTo } from "../inventory/pattern.ts";
import type { Block, Item, Play, Task } from "../playbook/tree.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import { missingHint } from "../source/missing-file.ts";
import { type Dict, dict, Unknown, type Value } from "../source/value.ts";
import type { Layer } from "../vars/contract.ts";
import { written } from "../vars/precedence.ts";
import type { HostRun, PlayRun, RunContext } from "./context.ts";
import { Cursor, type CursorRules } from "./cursor.ts";
import { Handlers } from "./handlers.ts";
import { Keywords } from "./keywords.ts";
import { strategyNamed } from "./strategy.ts";
import { selectedByTags } from "./tags.ts";
import { askPrompts } from "./vars-prompt.ts";

/** How a play ended: whether plays after it are run. */
export interface PlayEnd {
  readonly broken: boolean;
}

/** Runs one play: its hosts in batches, each through all sections. */
export async function runPlay(run: RunContext, play: Play): Promise<PlayEnd> {
  const prompts = await askPrompts(run, play);
  run.variables.startPlay(play, { prompts, files: new Map(), includedRoles: [], publicRoles: [] });
  const vars = run.variables.forPlay(play, undefined);
  const keywords = new Keywords(vars.templar, play.at);
  const name = nameOf(play, vars.templar.render.bind(vars.templar));
  const { all, inOrder: hosts } = hostsOf(
    run,
    play,
    vars.templar.render(play.hosts, play.hostsAt),
    keywords.text("order", play.order),
  );
  if (hosts.length === 0) {
    run.emit({ type: "play-start", play: name, hosts: [], at: play.at, time: run.time() });
    run.emit({ type: "no-hosts-matched", play: name });
    if (run.inventory.match("all").hosts.length === 0)
      run.warn("the inventory has no hosts: only localhost is known, which `all` does not mean");
    return { broken: false };
  }
  const files = new Map<string, readonly Layer[]>();
  run.variables.startPlay(play, { name, prompts, files, includedRoles: [], publicRoles: [] });
  for (const host of hosts) files.set(host, varsFilesOf(run, play, host));

  const strategyName = keywords.text("strategy", play.strategy) ?? run.options.strategy ?? "linear";
  const strategy = strategyNamed(strategyName);
  if (!strategy) {
    throw new DiagnosticError({
      code: "unknown-strategy",
      severity: "error",
      summary: `there is no strategy '${strategyName}'`,
      at: play.at,
      hint: "Strategies are: linear, free, host_pinned, debug.",
    });
  }
  const serial = play.serial.flatMap((each) => {
    const value = keywords.value(each);
    return Array.isArray(value) ? value : value === undefined ? [] : [value];
  });
  const forceHandlers = keywords.boolean("force_handlers", play.forceHandlers) ?? run.options.forceHandlers ?? false;
  const gathers = keywords.boolean("gather_facts", play.gatherFacts) ?? run.options.gathering !== "explicit";
  const gather = gathers ? gatherTask(play) : undefined;
  const items = itemsOf(play, gather, forceHandlers);
  for (const each of serial) {
    if (!/^\s*-?\d+\s*%?\s*$/.test(String(each))) {
      throw new DiagnosticError({
        code: "keyword-value",
        severity: "error",
        summary: `'serial' takes numbers of hosts and percentages, not '${String(each)}'`,
        at: play.at,
      });
    }
  }
  for (const names of batches(hosts, serial)) {
    if (run.interrupted) break;
    const before = lostOf(run, names);
    const batch = names.filter((host) => !run.lost.has(host));
    run.emit({ type: "play-start", play: name, hosts: batch, at: play.at, time: run.time() });
    const handlers = new Handlers(play.handlers);
    // With `gathering = smart` those of whom the run has facts at the play's start are not asked again.
    const smart = run.options.gathering === "smart";
    const known = new Set(smart ? batch.filter((host) => "gather_subset" in run.stateOf(host).facts) : []);
    const state: PlayRun = {
      run,
      play,
      hosts: [],
      allHosts: all,
      handlers,
      keywords: {
        anyErrorsFatal: keywords.boolean("any_errors_fatal", play.keywords.anyErrorsFatal) ?? false,
        forceHandlers,
        maxFailPercentage: keywords.number("max_fail_percentage", play.maxFailPercentage),
        debugFailures: strategyName.split(".").at(-1) === "debug",
      },
      selects: (host, task) => !(task === gather && known.has(host)) && selects(run, play, host, task),
      failedNow: new Set(),
      removed: new Set(),
      broken: false,
      ended: false,
    };
    for (const host of batch) state.hosts.push(hostRun(state, host, items));
    await strategy(state);
    // As Ansible counts: where earlier plays lost some of the batch, losing the rest of it does not end the run; the
    // plays that follow are begun, with nobody in them.
    const lost = lostOf(run, names) - before;
    if (state.broken || lost === names.length) {
      // As Ansible: said where an error of one host ended the play for all.
      if (state.broken && !run.interrupted) run.emit({ type: "no-hosts-remaining" });
      return { broken: true };
    }
    if (state.ended) break;
  }
  return { broken: false };
}

function lostOf(run: RunContext, hosts: readonly string[]): number {
  return hosts.filter((host) => run.lost.has(host)).length;
}

function nameOf(play: Play, render: (value: Value) => Value): string {
  if (!play.name.includes("{{")) return play.name;
  try {
    return String(render(play.name));
  } catch {
    return play.name;
  }
}

// ─── hosts ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** The hosts of a pattern: as the inventory has them, which variables tell, and as `order` wants them. */
function hostsOf(
  run: RunContext,
  play: Play,
  pattern: Value,
  order: string | undefined,
): { readonly all: readonly string[]; readonly inOrder: readonly string[] } {
  if (pattern instanceof Unknown) return { all: [], inOrder: [] };
  const text = Array.isArray(pattern) ? pattern.map(String).join(",") : String(pattern);
  const { hosts, unmatched } = run.inventory.match(text, run.options.limit);
  for (const each of unmatched) {
    const near = nearestTo(each, run.inventory);
    run.warn(`Could not match supplied host pattern, ignoring: ${each}${near ? `. Did you mean '${near}'?` : ""}`);
  }
  return { all: hosts, inOrder: ordered([...hosts], order, play) };
}

function ordered(hosts: string[], order: string | undefined, play: Play): string[] {
  switch (order ?? "inventory") {
    case "inventory":
      return hosts;
    case "sorted":
      return hosts.toSorted(byName);
    case "reverse_sorted":
      return hosts.toSorted(byName).reverse();
    case "reverse_inventory":
      return hosts.toReversed();
    case "shuffle":
      return hosts
        .map((host) => ({ host, rank: Math.random() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ host }) => host);
    default:
      throw new DiagnosticError({
        code: "keyword-value",
        severity: "error",
        summary: `'order' has no value '${order}'`,
        at: play.at,
        hint: "It takes: inventory, sorted, reverse_sorted, reverse_inventory, shuffle.",
      });
  }
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Batches of `serial`: numbers or percentages, the last of a list for all that follow. */
export function batches(hosts: readonly string[], serial: readonly Value[]): string[][] {
  if (serial.length === 0) return [[...hosts]];
  const result: string[][] = [];
  let start = 0;
  for (let step = 0; start < hosts.length; step++) {
    const size = batchSize(serial[Math.min(step, serial.length - 1)] ?? 0, hosts.length);
    const end = size <= 0 ? hosts.length : Math.min(hosts.length, start + size);
    result.push(hosts.slice(start, end));
    start = end;
  }
  return result;
}

function batchSize(value: Value, total: number): number {
  const text = String(value).trim();
  if (text.endsWith("%")) return Math.max(1, Math.floor((Number(text.slice(0, -1)) / 100) * total));
  return Math.floor(Number(text)) || 0;
}

function hostRun(play: PlayRun, name: string, items: readonly Item[]): HostRun {
  const notified: HostRun["notified"] = new Map();
  const rolesRun = new Set<string>();
  const rolesDone = new Set<string>();
  const rules: CursorRules = {
    selects: (task) => play.selects(name, task),
    notified: (handler) => notified.has(handler),
    skipsRole: ({ role }) => role !== undefined && !role.allowDuplicates && rolesDone.has(role.signature),
    // One whose tasks were all skipped has not run.
    completesRole: ({ role }) => {
      if (role && rolesRun.has(role.signature)) rolesDone.add(role.signature);
    },
  };
  return {
    name,
    cursor: new Cursor(rules, items),
    status: "active",
    notified,
    notifiedNames: new Map(),
    rolesRun,
    rolesDone,
  };
}

// ─── what the play does ─────────────────────────────────────────────────────────────────────────────────────────

/** Gathering facts, then the sections, each followed by its flush of handlers. */
function itemsOf(play: Play, gather: Task | undefined, forceHandlers: boolean): Item[] {
  const sections = new Map(play.sections.map((section) => [section.name, section.items]));
  const part = (...names: ("pre_tasks" | "roles" | "tasks" | "post_tasks")[]): Item[] => {
    const items = names.flatMap((name) => sections.get(name) ?? []);
    const flush = flushTask(play);
    if (!forceHandlers) return [...items, flush];
    // Handlers that are due run even where a task of the section failed.
    return [blockOf(play, items, [flush])];
  };
  return [...(gather ? [gather] : []), ...part("pre_tasks"), ...part("roles", "tasks"), ...part("post_tasks")];
}

function blockOf(play: Play, block: readonly Item[], always: readonly Item[]): Block {
  return {
    kind: "block",
    at: play.at,
    keywords: play.keywords,
    vars: dict(),
    tags: ["always"],
    when: [],
    block,
    rescue: [],
    always,
  };
}

function engineTask(play: Play, module: string, name: string, args: Dict | string): Task {
  return {
    kind: "task",
    name,
    at: play.at,
    keywords: play.keywords,
    vars: dict(),
    tags: ["always"],
    when: [],
    module,
    moduleAsWritten: module,
    moduleAt: play.at,
    args,
    until: [],
    changedWhen: [],
    failedWhen: [],
    listen: [],
    isHandler: false,
    includeParams: dict(),
    searchPath: [dirname(play.file)],
    depth: 0,
  };
}

function flushTask(play: Play): Task {
  return { ...engineTask(play, "meta", "flush_handlers", dict([["_raw_params", "flush_handlers"]])), implicit: true };
}

function gatherTask(play: Play): Task {
  const args = dict();
  if (play.gatherSubset !== undefined) args["gather_subset"] = play.gatherSubset;
  if (play.gatherTimeout !== undefined) args["gather_timeout"] = play.gatherTimeout;
  if (play.factPath !== undefined) args["fact_path"] = play.factPath;
  const { runOnce: _once, ...keywords } = play.keywords;
  return { ...engineTask(play, "setup", "Gathering Facts", args), keywords, moduleAsWritten: "gather_facts" };
}

/** The play in which `--start-at-task` was found, and its hosts that came to the task. */
const started = new WeakMap<RunContext, { readonly play: Play; readonly hosts: Set<string> }>();

/** Tags, and `--start-at-task`: what stands before that task is passed over. */
function selects(run: RunContext, play: Play, host: string, task: Task): boolean {
  if (!selectedByTags(task.tags, run.options.tags ?? [], run.options.skipTags ?? [])) return false;
  const from = run.options.startAtTask;
  const begun = started.get(run);
  if (from === undefined || (begun && (begun.play !== play || begun.hosts.has(host)))) return true;
  if (task.module === "setup" && task.name === "Gathering Facts") return true;
  if (isStart(task, from)) {
    if (begun) begun.hosts.add(host);
    else started.set(run, { play, hosts: new Set([host]) });
    return true;
  }
  // Handlers are flushed in any case, and what is included has to be seen.
  return task.module === "meta";
}

/** Whether `--start-at-task` means this task. */
export function isStart(task: Task, from: string): boolean {
  const full = task.role ? `${task.role.name} : ${task.name ?? ""}` : task.name;
  return matches(task.name ?? task.moduleAsWritten, from) || matches(full ?? "", from);
}

/** Shell patterns, as Ansible compares names here. */
function matches(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  const source = pattern
    .replace(/[\\^$.|+(){}]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  try {
    return new RegExp(`^${source}$`).test(name);
  } catch {
    return false;
  }
}

// ─── variables of the play ──────────────────────────────────────────────────────────────────────────────────────

/** `vars_files`: of an entry that is a list, the first file that is there. */
function varsFilesOf(run: RunContext, play: Play, host: string): Layer[] {
  const layers: Layer[] = [];
  for (const { value, at } of play.varsFiles) {
    const vars = run.variables.forPlay(play, host);
    const candidates = (Array.isArray(value) ? value : [value]).map((each) => {
      try {
        return vars.templar.render(each, at);
      } catch (error) {
        // Names that depend on facts are no candidates before facts are there.
        if (Array.isArray(value)) return undefined;
        throw error;
      }
    });
    const paths = candidates
      .filter((each) => typeof each === "string")
      .map((each) =>
        isAbsolute(each) ? each : firstThere(join(dirname(play.file), "vars", each), join(dirname(play.file), each)),
      );
    const found = paths.find((path) => existsSync(path));
    if (found === undefined) {
      throw new DiagnosticError({
        code: "file-missing",
        severity: "error",
        summary: `there is no file of variables ${candidates.map(String).join(", ")}`,
        at,
        hint: missingHint(String(value), paths),
      });
    }
    layers.push(written(found, run.variables.files.file(found)));
  }
  return layers;
}

function firstThere(first: string, second: string): string {
  return existsSync(first) ? first : second;
}
