import type { Task } from "../playbook/tree.ts";
import type { HostRun, PlayRun } from "./context.ts";
import type { Stop } from "./cursor.ts";
import { Keywords } from "./keywords.ts";
import { compareKeys } from "./order-key.ts";
import { failHost, perform } from "./perform.ts";
import { Slots } from "./slots.ts";

/** Runs a batch's hosts through their play to its end. */
export type Strategy = (play: PlayRun) => Promise<void>;

/** `linear`, `free`, `host_pinned`, by short or full name; undefined for any other. */
export function strategyNamed(name: string): Strategy | undefined {
  switch (name.split(".").at(-1)) {
    case "linear":
    case "debug":
      return linear;
    case "free":
      return free;
    case "host_pinned":
      return hostPinned;
    default:
      return undefined;
  }
}

/** All hosts run a task before any begins the next. */
async function linear(play: PlayRun): Promise<void> {
  const { run } = play;
  while (!run.interrupted) {
    const standing = play.hosts.flatMap((host) => {
      const stop = nextStop(play, host);
      return stop ? [{ host, stop }] : [];
    });
    const next = earliest(standing.map(({ stop }) => stop));
    if (!next) return;
    const hosts = standing.filter(({ stop }) => stop.task === next.task).map(({ host }) => host);
    if (!(await stepThrough(play, next.task, hosts))) continue;
    play.failedNow.clear();
    await perform({ play, task: next.task, key: next.key, hosts, id: run.nextId() });
    contain(play, next.task, hosts);
  }
}

/** Where a host stands; one that came to its end with a failure behind it is out. */
function nextStop(play: PlayRun, host: HostRun): Stop | undefined {
  if (host.status !== "active") return undefined;
  const stop = host.cursor.peek();
  if (!stop && host.cursor.died) {
    host.status = "failed";
    play.run.lost.add(host.name);
    play.removed.add(host.name);
  }
  return stop;
}

function earliest(stops: readonly Stop[]): Stop | undefined {
  let first: Stop | undefined;
  for (const stop of stops) if (!first || compareKeys(stop.key, first.key) < 0) first = stop;
  return first;
}

/**
 * `any_errors_fatal`, a failed `run_once`, `max_fail_percentage`: the failure of one is that of all. As in Ansible, the
 * others go to their rescue too, where they have one; the run ends only where nobody is left.
 */
function contain(play: PlayRun, task: Task, hosts: readonly HostRun[]): void {
  const { failedNow } = play;
  const failOthers = () => {
    for (const host of play.hosts) {
      if (host.status === "active" && !failedNow.has(host.name) && !host.cursor.failing) failHost(play, host);
    }
  };
  if (failedNow.size > 0 && isFatal(play, task, hosts)) failOthers();
  const most = play.keywords.maxFailPercentage;
  const failed = play.hosts.filter((host) => host.status === "failed").length;
  if (most !== undefined && failedNow.size > 0 && failed / play.hosts.length > most / 100 && !play.broken) {
    failOthers();
    play.broken = true;
  }
}

function isFatal(play: PlayRun, task: Task, hosts: readonly HostRun[]): boolean {
  if (play.keywords.anyErrorsFatal) return true;
  const [first] = hosts;
  if (!first) return false;
  if (task.keywords.anyErrorsFatal === undefined && task.keywords.runOnce === undefined) return false;
  const keywords = new Keywords(play.run.variables.forTask(play, first.name, task).templar, task.at);
  try {
    return (
      (keywords.boolean("any_errors_fatal", task.keywords.anyErrorsFatal) ?? false) ||
      (keywords.boolean("run_once", task.keywords.runOnce) ?? false)
    );
  } catch {
    return false;
  }
}

/** Each host as fast as it can; `forks` of them at work. */
async function free(play: PlayRun): Promise<void> {
  const ids = new Map<Task, number>();
  await Promise.all(play.hosts.map((host) => alone(play, host, ids)));
}

/** As free, but a host keeps its slot to the end of the play. */
async function hostPinned(play: PlayRun): Promise<void> {
  const ids = new Map<Task, number>();
  const slots = new Slots(play.run.options.forks ?? 5);
  await Promise.all(play.hosts.map((host) => slots.with(() => alone(play, host, ids))));
}

async function alone(play: PlayRun, host: HostRun, ids: Map<Task, number>): Promise<void> {
  const { run } = play;
  while (!run.interrupted && host.status === "active") {
    const stop = nextStop(play, host);
    if (!stop) return;
    if (!(await stepThrough(play, stop.task, [host]))) continue;
    const id = ids.get(stop.task) ?? run.nextId();
    ids.set(stop.task, id);
    await perform({ play, task: stop.task, key: stop.key, hosts: [host], alone: true, id });
    if (host.status !== "active" && isFatal(play, stop.task, [host])) {
      for (const each of play.hosts) if (each.status === "active" && !each.cursor.failing) failHost(play, each);
      play.broken = true;
    }
  }
}

const stepping = new WeakMap<PlayRun, "ask" | "continue">();

/** `--step`: whether the person wants this task. Where not, its hosts go past it. */
async function stepThrough(play: PlayRun, task: Task, hosts: readonly HostRun[]): Promise<boolean> {
  const { run } = play;
  if (!run.options.step || !run.options.prompt || task.module === "meta") return true;
  if (stepping.get(play) === "continue") return true;
  const answer = await run.options.prompt(
    `Perform task: ${task.name ?? task.moduleAsWritten} (N)o/(y)es/(c)ontinue: `,
    {
      echo: true,
      signal: run.cut,
    },
  );
  const word = (answer ?? "").trim().toLowerCase();
  if (word === "c" || word === "continue") stepping.set(play, "continue");
  if (["y", "yes", "c", "continue"].includes(word)) return true;
  for (const host of hosts) host.cursor.advance();
  return false;
}
