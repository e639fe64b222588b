import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DiffPart } from "../../engine/modules/contract.ts";
import type { Event, TaskResult } from "../../engine/run/events.ts";
import type { RunOptions } from "../../engine/run/options.ts";
import { run } from "../../engine/run/run.ts";
import { toJson } from "../../engine/source/to-json.ts";
import type { Dict, Value } from "../../engine/source/value.ts";
import type { TestHost } from "../lab/hosts.ts";
import { inside } from "../lab/inside.ts";

export interface LawCase {
  /** Says what is tried: `a directory with its parents`. Unique in its suite. */
  readonly name: string;
  readonly module: string;
  /** `HERE` in texts stands for the case's own folder on the host. */
  readonly args: Dict;
  /** The same module over several arguments, as a loop; `args` has `{{ item.… }}`. */
  readonly loop?: Value[];
  /** Shell that makes the starting state, run in the case's folder. */
  readonly given?: string;
  /** Shell that must succeed there afterwards. */
  readonly holds?: string;
  /** Whether the first run changes the host; default true. */
  readonly changed?: boolean;
  /** Changes it every time (touch). */
  readonly always?: boolean;
  /** What nobody can know before the run: changes and diff are not compared. */
  readonly unknown?: boolean;
  readonly become?: string;
  readonly vars?: Dict;
}

/** One task's outcome, as far as two runs must agree on it. */
export interface Told {
  readonly status: string;
  readonly diff: string;
  readonly unknown: boolean;
  readonly message: string;
}

export type Results = Map<string, Told>;

const place = "/var/law";

/** Where a suite's runs happen. */
export interface Stage {
  /** The playbook's folder. */
  readonly folder: string;
  readonly host: TestHost;
}

/** Shell that makes the starting states of these cases, and leaves those of others alone. */
export function startingStates(cases: readonly LawCase[]): string {
  const parts = cases.map(
    ({ name, given }) =>
      `rm -rf '${pathOf(name)}'; mkdir -p '${pathOf(name)}' && cd '${pathOf(name)}' && {\n${given ?? ":"}\n}`,
  );
  return `${parts.join(" || exit 1\n")} || exit 1`;
}

export interface How {
  readonly check?: boolean;
  readonly readAhead?: boolean;
  /** Loops are taken apart into tasks. */
  readonly items?: boolean;
}

/** One run of all cases as one play. */
export async function perform(stage: Stage, cases: readonly LawCase[], how: How = {}): Promise<Results> {
  const tasks = cases.flatMap((each) => tasksOf(each, how.items ?? false));
  const events: Event[] = [];
  await playAll(stage, [{ name: "run", tasks }], {
    check: how.check ?? false,
    readAhead: how.readAhead ?? true,
    reporters: [{ report: (event) => events.push(event) }],
  });
  return resultsOf(events);
}

export interface Play {
  readonly name: string;
  readonly tasks: Dict[];
}

/** Plays on the stage's host, in one run. */
export async function playAll(
  { folder, host }: Stage,
  plays: readonly Play[],
  options: Omit<RunOptions, "playbooks" | "inventory">,
): Promise<void> {
  const playbook = join(folder, "play.json");
  writeFileSync(playbook, toJson(plays.map((each) => ({ hosts: "all", gather_facts: false, ...each }))));
  const inventory = join(folder, "hosts.ini");
  writeFileSync(inventory, `${inventoryLine(host)}\n`);
  await run({ diff: true, ...options, playbooks: [playbook], inventory: [inventory] });
}

/**
 * Names, kinds, permissions, owners and links of everything under the place, and the digests of all files. A killed
 * script leaves its temporary files (`.play-…`): they are no part of what a task brings about.
 */
export const fingerprint = `cd ${place} && find . -name '.play-*' -prune -o -printf '%p %y %m %u:%g %l\\n' | LC_ALL=C sort && find . -name '.play-*' -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum`;

export function pathOf(name: string): string {
  return `${place}/${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}`;
}

export async function onHost(host: TestHost, script: string): Promise<string> {
  return await inside(host.container, script);
}

/** A case as a task, or with its loop taken apart into tasks. */
export function tasksOf(each: LawCase, apart: boolean): Dict[] {
  const here = (value: Value): Value =>
    JSON.parse(JSON.stringify(value).replaceAll("HERE", pathOf(each.name))) as Value; // plain JSON
  const task: Dict = { name: each.name, [each.module]: here(each.args), ignore_errors: true };
  if (each.vars) task["vars"] = here(each.vars);
  if (each.become !== undefined) Object.assign(task, { become: true, become_user: each.become });
  if (!each.loop) return [task];
  if (!apart) return [{ ...task, loop: here(each.loop) }];
  return each.loop.map((item) => ({ ...task, vars: { ...each.vars, item: here(item) } }));
}

/** What an inventory says of a host of the lab. */
export function inventoryLine(host: TestHost): string {
  return [
    host.name,
    `ansible_host=${host.address}`,
    `ansible_port=${host.port ?? 22}`,
    `ansible_user=${host.user ?? "root"}`,
    `ansible_ssh_private_key_file=${host.privateKeyFile}`,
    `ansible_ssh_common_args='${host.sshArguments ?? ""}'`,
  ].join(" ");
}

export function resultsOf(events: readonly Event[]): Results {
  const names = new Map<number, string>();
  const results: Results = new Map();
  for (const event of events) {
    if (event.type === "task-start") names.set(event.id, event.task);
    if (event.type !== "result") continue;
    const name = names.get(event.id) ?? "";
    const before = results.get(name);
    results.set(name, before ? joined(before, toldBy(event.result)) : toldBy(event.result));
  }
  return results;
}

function toldBy(result: TaskResult): Told {
  const message = result.status === "failed" || result.status === "unreachable" ? String(result.value["msg"]) : "";
  return {
    status: result.status,
    diff: result.diff.map(shown).join("\n"),
    unknown: result.unknown !== undefined,
    message,
  };
}

/** The tasks that one loop was taken apart into, as one. */
function joined(a: Told, b: Told): Told {
  return {
    status: [a.status, b.status].find((status) => status === "failed" || status === "changed") ?? b.status,
    diff: [a.diff, b.diff].filter((text) => text !== "").join("\n"),
    unknown: a.unknown || b.unknown,
    message: a.message || b.message,
  };
}

function shown(part: DiffPart): string {
  const side = (value: Value) => (typeof value === "string" ? value : toJson(value));
  return `--- ${part.beforeHeader ?? ""}\n${side(part.before)}\n+++ ${part.afterHeader ?? ""}\n${side(part.after)}${part.withheld ?? ""}`;
}
