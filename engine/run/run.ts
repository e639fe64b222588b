import { setMaxListeners } from "node:events";
import { loadInventory } from "../inventory/load.ts";
import { requireHosts } from "../inventory/pattern.ts";
import { checkPlaybooks, tasksOf } from "../playbook/check-modules.ts";
import { loadPlaybooks } from "../playbook/load.ts";
import type { Playbook } from "../playbook/tree.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { createSecrets } from "../source/secrets.ts";
import { dict } from "../source/value.ts";
import { Vault } from "../source/vault.ts";
import type { HostState } from "../vars/contract.ts";
import { censored } from "./censor.ts";
import { Connections } from "./connections.ts";
import type { RunContext } from "./context.ts";
import type { Event } from "./events.ts";
import { Leases } from "./leases.ts";
import { Marks } from "./marks.ts";
import { readVaulted } from "./module-context.ts";
import type { RunOptions, RunResult } from "./options.ts";
import { isStart, runPlay } from "./play.ts";
import { HostPredictions } from "./predictions.ts";
import { Slots } from "./slots.ts";
import { Summary } from "./summary.ts";
import { Variables } from "./variables.ts";

/**
 * Runs playbooks and tells reporters of everything that happens.
 *
 * @example await run({ playbooks: ["site.yml"], inventory: ["inventory.yml"], reporters: [reporter] })
 * @throws DiagnosticError for what is wrong before any host is contacted
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const secrets = options.secrets ?? createSecrets();
  const vault = options.vault ?? new Vault([]);
  vault.onDecrypt(secrets.addDecrypted);
  const early: Event[] = [];
  const told = new Set<string>();
  let silent = false;
  let emit = (event: Event): void => void early.push(event);
  const warn = (message: string): void => {
    if (silent || told.has(message)) return;
    told.add(message);
    emit({ type: "warning", message });
  };
  const warnOf = ({ summary, at, hint }: Diagnostic): void => {
    const key = at ? `${at.file}:${at.line}:${at.column} ${summary}` : summary;
    if (silent || told.has(key)) return;
    told.add(key);
    emit({ type: "warning", message: summary, ...(at ? { at } : {}), ...(hint === undefined ? {} : { hint }) });
  };
  const inventory =
    "hosts" in options.inventory
      ? options.inventory
      : loadInventory([...options.inventory], { vault, strict: options.strict === true, warn: warnOf });
  requireHosts(inventory, options.limit);
  const { playbooks, warnings } = loadPlaybooks(options.playbooks, {
    vault,
    ...(options.rolesPath ? { rolesPath: options.rolesPath } : {}),
    ...(options.extraVars ? { extraVars: options.extraVars } : {}),
    ...(options.strict ? { strict: true } : {}),
  });
  const doubts = await checkPlaybooks(playbooks, options.strict === true);
  emit = (event) => {
    const shown = censored(event, secrets);
    for (const reporter of options.reporters) reporter.report(shown);
  };
  emit({
    type: "run-start",
    playbooks: playbooks.map((each) => each.file),
    checkMode: options.check ?? false,
    time: now(),
  });
  for (const event of early) emit(event);
  for (const each of [...warnings, ...doubts]) warnOf(each);
  warnOfStart(playbooks, options.startAtTask, warn);

  const summary = new Summary();
  const states = new Map<string, HostState>();
  const predictions = new Map<string, HostPredictions>();
  const cut = new AbortController();
  // Every request under way listens to it.
  setMaxListeners(0, cut.signal);
  let interrupted = false;
  let ids = 0;
  const stateOf = (host: string): HostState => {
    let state = states.get(host);
    if (!state) {
      state = { name: host, facts: dict(), setFacts: dict(), cachedFacts: dict(), includedVars: dict() };
      states.set(host, state);
    }
    return state;
  };
  const verbosity = options.verbosity ?? 0;
  const connections = new Connections({
    connect: options.connect ?? (await import("../host/connect.ts")).connect,
    readAhead: options.readAhead ?? true,
    signal: cut.signal,
    onOpen: async (seat, session) => marks.opened(seat, session),
    ...(verbosity >= 3
      ? { log: (host: string, line: string) => emit({ type: "trace", host, level: 3, text: line }) }
      : {}),
  });
  const remember = options.handlerMarks ?? true;
  const marks = new Marks(remember, !options.check);
  const leases = new Leases(cut.signal, warn);
  const variables = new Variables({
    options,
    inventory,
    vault,
    stateOf,
    readFile: (path) => readVaulted(path, vault),
    warn,
  });
  const { prompt } = options;
  const context: RunContext = {
    options: prompt ? { ...options, prompt: (text, how) => prompt(secrets.redact(text), how) } : options,
    inventory,
    variables,
    connections,
    secrets,
    vault,
    summary,
    slots: new Slots(options.forks ?? 5),
    marks,
    leases,
    verbosity,
    readAhead: options.readAhead ?? true,
    cut: cut.signal,
    get interrupted() {
      return interrupted;
    },
    interrupt: () => onInterrupt(),
    emit: (event) => emit(event),
    warn,
    warnOf,
    quietly(work) {
      silent = true;
      try {
        work();
      } finally {
        silent = false;
      }
    },
    time: now,
    nextId: () => ++ids,
    stateOf,
    predictionsOf(host) {
      let found = predictions.get(host);
      if (!found) {
        found = new HostPredictions();
        predictions.set(host, found);
      }
      return found;
    },
    anyPrediction() {
      for (const [host, found] of predictions) {
        if (!found.empty) return found.anyOpen() ?? `${host} will have been changed`;
      }
      return undefined;
    },
    lost: new Set(),
    stats: { data: dict(), perHost: {} },
  };

  const onInterrupt = (): void => {
    if (interrupted) return;
    interrupted = true;
    emit({ type: "interrupted", hard: false });
  };
  const onCut = (): void => {
    interrupted = true;
    emit({ type: "interrupted", hard: true });
    cut.abort();
  };
  if (options.interrupt?.aborted) onInterrupt();
  options.interrupt?.addEventListener("abort", onInterrupt, { once: true });
  options.cut?.addEventListener("abort", onCut, { once: true });

  let broken = false;
  let ended = false;
  try {
    for (const playbook of playbooks) {
      for (const play of playbook.plays) {
        if (interrupted || broken) break;
        broken = (await runPlay(context, play)).broken;
      }
      // As ansible-playbook: after a playbook that had failures the next file is not begun.
      if (broken || context.lost.size > 0) break;
    }
    ended = true;
  } finally {
    options.interrupt?.removeEventListener("abort", onInterrupt);
    options.cut?.removeEventListener("abort", onCut);
    await within(10, Promise.all([marks.end(), leases.release()]));
    await within(10, connections.close());
    // What stops the run altogether is told by the caller, below what was shown so far.
    if (!ended) for (const reporter of options.reporters) await reporter.end?.();
  }
  const hosts = summary.hosts;
  const exitCode = exitCodeOf(context, broken);
  emit({ type: "stats", data: context.stats.data, perHost: context.stats.perHost });
  emit({ type: "run-end", hosts, exitCode, time: now() });
  for (const reporter of options.reporters) await reporter.end?.();
  return { exitCode, hosts };
}

/** `--start-at-task` passes over everything where no task has that name; it may be one of an include. */
function warnOfStart(playbooks: readonly Playbook[], from: string | undefined, warn: (message: string) => void): void {
  if (from === undefined) return;
  const tasks = playbooks.flatMap(({ plays }) => plays.flatMap((play) => [...tasksOf(play)]));
  if (tasks.some((task) => isStart(task, from))) return;
  const near = nearest(
    from,
    tasks.flatMap(({ name }) => name ?? []),
  );
  warn(`--start-at-task: no task is called '${from}'${near === undefined ? "" : `. Did you mean '${near}'?`}`);
}

/** ansible-playbook's: unreachable hosts come before failed ones. */
function exitCodeOf(run: RunContext, broken: boolean): number {
  if (run.interrupted) return 99;
  const summaries = Object.entries(run.summary.hosts).filter(([host]) => run.lost.has(host));
  if (summaries.some(([, each]) => each.unreachable > 0)) return 4;
  if (summaries.length > 0 || broken) return 2;
  return 0;
}

/** Waits, but not for a host that does not answer any more. */
async function within(seconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function now(): number {
  return Date.now() / 1000;
}
