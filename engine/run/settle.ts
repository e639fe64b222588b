import type { Task } from "../playbook/tree.ts";
import { type Dict, dict, Float, isDict, Unknown, type Value } from "../source/value.ts";
import type { HostRun, PlayRun, RunContext } from "./context.ts";
import type { Job } from "./item.ts";
import type { Outcome } from "./outcome.ts";

/** What a module of the controller asks for happens at once, so that the next item of its loop sees it. */
export function settleItem(job: Job, outcome: Outcome | undefined): void {
  const result = outcome?.controller;
  if (!result || outcome.failed) return;
  const { run } = job.play;
  const hosts = hostsConcerned(job.play, job.host, job.task, outcome);
  if (result.facts) {
    for (const host of hosts) {
      const state = run.stateOf(host);
      const target = result.facts.layer === "include_vars" ? state.includedVars : state.setFacts;
      Object.assign(target, result.facts.variables);
      if (result.facts.cacheable) {
        Object.assign(state.cachedFacts, result.facts.variables);
        setFacts(run, host, result.facts.variables);
      }
    }
    run.variables.changed(hosts);
  }
  if (result.stats) addStats(run, job.host.name, result.stats);
  if (result.addHost) {
    const { name, groups, variables } = result.addHost;
    setChanged(outcome, run.inventory.addHost(name, groups, variables));
    run.variables.inventoryChanged();
  }
  if (result.groupBy) {
    setChanged(outcome, run.inventory.addToGroup(job.host.name, result.groupBy.key, result.groupBy.parents));
    run.variables.inventoryChanged();
  }
}

/** Whether these two changed anything, only the inventory can tell. */
function setChanged(outcome: Outcome, changed: boolean): void {
  outcome.changed = changed;
  outcome.value = { ...outcome.value, changed };
}

/** With run_once the results are those of every host; with delegate_facts, of the delegate. */
function hostsConcerned(play: PlayRun, host: HostRun, task: Task, outcome: Outcome): string[] {
  if (outcome.delegate !== undefined && task.delegateFacts === true) return [outcome.delegate];
  if (task.keywords.runOnce === true)
    return play.hosts.filter((each) => each.status === "active").map((each) => each.name);
  return [host.name];
}

/** Registers a result and takes over the facts that it brought. `hosts`: all that share it, with run_once. */
export function settleTask(play: PlayRun, hosts: readonly string[], task: Task, outcome: Outcome): void {
  const { run } = play;
  if (outcome.facts && !outcome.skipped) {
    const receivers = outcome.delegate !== undefined && task.delegateFacts === true ? [outcome.delegate] : hosts;
    for (const host of receivers) setFacts(run, host, outcome.facts);
    run.variables.changed(receivers);
  }
  if (task.register === undefined) return;
  const value: Value = registered(outcome);
  for (const host of hosts) run.stateOf(host).setFacts[task.register] = value;
  run.variables.changed(hosts);
}

function registered(outcome: Outcome): Value {
  if (outcome.unknown === undefined) return outcome.value;
  // A loop stays a list of results, each known or not.
  if (Array.isArray(outcome.value["results"])) {
    const changed = outcome.changed ? true : new Unknown(outcome.unknown);
    return { ...dict(), ...outcome.value, changed };
  }
  return new Unknown(outcome.unknown);
}

/**
 * Facts stand under their names without `ansible_`. What a module returned without it (`services`, `packages`,
 * `getent_passwd`) is a variable of that name too. The dict is a new one each time: variables remember
 * by identity.
 */
export function setFacts(run: RunContext, host: string, given: Dict): void {
  const state = run.stateOf(host);
  const facts = { ...dict(), ...state.facts };
  for (const [name, value] of Object.entries(given)) {
    facts[name === "ansible_local" ? name : name.replace(/^ansible_/, "")] = value;
  }
  const bare = Object.entries(given).filter(([name]) => !name.startsWith("ansible_"));
  if (bare.length > 0) state.cachedFacts = { ...dict(), ...state.cachedFacts, ...Object.fromEntries(bare) };
  state.facts = facts;
}

function addStats(
  run: RunContext,
  host: string,
  stats: { readonly data: Dict; readonly perHost: boolean; readonly aggregate: boolean },
): void {
  let target = run.stats.data;
  if (stats.perHost) {
    run.stats.perHost[host] ??= dict();
    target = run.stats.perHost[host] ?? dict();
  }
  for (const [name, value] of Object.entries(stats.data)) {
    const before = target[name];
    target[name] = stats.aggregate && before !== undefined ? sum(before, value) : value;
  }
}

function sum(a: Value, b: Value): Value {
  if (isDict(a) && isDict(b)) return { ...a, ...b };
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  if (typeof a === "string" && typeof b === "string") return a + b;
  const [x, y] = [a, b].map((each) => (each instanceof Float ? each.value : each));
  if (typeof x === "number" && typeof y === "number") return x + y;
  return b;
}
