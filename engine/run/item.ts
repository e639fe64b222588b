import type { ActionModule, ControllerModule, Module, ModuleContext, StateModule } from "../modules/contract.ts";

import type { Task } from "../playbook/tree.ts";
import { textsIn } from "../source/secret-forms.ts";
import { type Dict, Unknown } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { checkArguments, renderArguments } from "./arguments.ts";
import { testAll } from "./conditions.ts";
import type { Seat } from "./connections.ts";
import type { HostRun, PlayRun } from "./context.ts";
import { anything } from "./doubt.ts";
import { environmentOf, Keywords } from "./keywords.ts";
import { missingModule } from "./missing-module.ts";
import { moduleContext } from "./module-context.ts";
import { failedWith, type Outcome, outcomeOf, skippedBy, unknownBecause } from "./outcome.ts";
import { reach } from "./target.ts";

/** One task on one host: what is the same for all items of its loop. */
export interface Job {
  readonly play: PlayRun;
  readonly host: HostRun;
  readonly task: Task;
  readonly id: number;
  readonly module: Module;
  /** Arguments as written. */
  readonly written: Dict;
  readonly vars: TaskVars;
  /** Nothing is done and nobody is told: read-ahead. */
  readonly speculative?: boolean;
}

export interface Ready {
  readonly job: Job;
  readonly vars: TaskVars;
  readonly args: Dict;
  readonly context: ModuleContext;
  readonly checkMode: boolean;
  readonly noLog: boolean;
  readonly diff: boolean;
  readonly timeout: number | undefined;
  readonly delegate: string | undefined;
  /** The host that is reached. */
  readonly place: string;
  readonly seat: Seat | undefined;
  /** Whether the condition holds is known after the run only: the plan is made, and may not come to pass. */
  readonly doubt: Unknown | undefined;
}

/** What stands before an item: done already, or ready to look at its host. */
export type Prepared =
  | { readonly kind: "done"; readonly outcome: Outcome; readonly ready?: Ready }
  | { readonly kind: "state"; readonly module: StateModule; readonly prepared: unknown; readonly ready: Ready }
  | { readonly kind: "action"; readonly module: ActionModule; readonly ready: Ready }
  | { readonly kind: "controller"; readonly module: ControllerModule; readonly ready: Ready };

/**
 * Condition, keywords, arguments and the module's own preparation: everything before the host is asked. `failure` is
 * why a loop's list could not be evaluated, which counts only where the condition holds.
 */
export function prepareItem(job: Job, vars: TaskVars, failure?: unknown): Prepared {
  const { task, module } = job;
  let noLog = false;
  let delegate: string | undefined;
  const done = (outcome: Outcome): Prepared => ({
    kind: "done",
    outcome: { ...outcome, noLog, ...(delegate === undefined ? {} : { delegate }) },
  });
  try {
    const keywords = new Keywords(vars.templar, task.at);
    // A secret stays one where anything else about the task is wrong.
    noLog = quietly(() => keywords.boolean("no_log", task.keywords.noLog)) ?? false;
    const verdict = testAll(task.when, vars.templar);
    if (verdict.holds === false) return done(skippedBy(verdict.condition));
    const doubt = verdict.holds === "unknown" ? verdict.unknown : undefined;
    if (module === missingModule) {
      if (doubt) return done(unknownBecause(doubt));
      const message = `couldn't resolve module/action '${task.moduleAsWritten}'`;
      return done(failedWith(message, {}, { at: task.moduleAt, unprepared: true }));
    }
    if (failure !== undefined) throw failure;
    const delegated = keywords.value(task.delegateTo);
    if (delegated instanceof Unknown) return done(unknownBecause(delegated));
    if (delegated !== undefined && String(delegated) !== "") delegate = String(delegated);
    const rendered = renderArguments(module, task, job.written, vars.templar);
    if (rendered.unknown) return done(unknownWithEffects(rendered.unknown, module));
    rememberSecrets(job, rendered.args);
    const checked = checkArguments(module, task, job.written, rendered.args);
    if (checked.problem)
      return done(failedWith(checked.problem.message, {}, { at: checked.problem.at, unprepared: true }));
    if (checked.unknown) return done(unknownWithEffects(checked.unknown, module));
    rememberSecrets(job, checked.args);

    const { run } = job.play;
    const checkMode = keywords.boolean("check_mode", task.keywords.checkMode) ?? run.options.check ?? false;
    const place = delegate ?? job.host.name;
    const environment = environmentOf(task.keywords, keywords);
    if (environment instanceof Unknown) return done(unknownWithEffects(environment, module));
    let seat: Seat | undefined;
    if (module.sort !== "controller") {
      const placeVars = delegate === undefined ? vars : run.variables.delegate(delegate, vars, job);
      const implicit = run.inventory.hosts.get(place)?.implicit ?? isLocalName(place, run.inventory.hosts.has(place));
      const way = reach(place, placeVars, task.keywords, keywords, run.options.connection ?? {}, run.secrets, implicit);
      if (way instanceof Unknown) return done(unknownWithEffects(way, module));
      seat = run.connections.seat(way.target, way.become);
    }
    const context = moduleContext(run, {
      host: job.host.name,
      vars,
      environment,
      checkMode,
      user: seat?.user,
      searchPath: task.searchPath,
    });
    const ready: Ready = {
      job,
      vars,
      args: checked.args,
      context,
      checkMode,
      noLog,
      diff: keywords.boolean("diff", task.keywords.diff) ?? run.options.diff ?? false,
      timeout: keywords.number("timeout", task.keywords.timeout) || undefined,
      delegate,
      place,
      seat,
      doubt,
    };
    switch (module.sort) {
      case "controller":
        if (doubt) return done(unknownBecause(doubt));
        return { kind: "controller", module, ready };
      case "action":
        return { kind: "action", module, ready };
      case "state": {
        const prepared = module.prepare?.(checked.args, context);
        if (prepared instanceof Unknown) {
          return done(
            unknownBecause(prepared, { effects: module.outcome?.(checked.args, undefined) ?? anything(prepared) }),
          );
        }
        return { kind: "state", module, prepared, ready };
      }
    }
  } catch (error) {
    return done({ ...outcomeOf(error, task.at), unprepared: true });
  }
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function isLocalName(name: string, known: boolean): boolean {
  return !known && (name === "localhost" || name === "127.0.0.1" || name === "::1");
}

/** Arguments that the module marks secret, under any of their names: before anything can be said about them. */
function rememberSecrets(job: Job, args: Dict): void {
  const { secret = [], argAliases = {} } = job.module;
  for (const [name, value] of Object.entries(args)) {
    if (!secret.includes(argAliases[name] ?? name)) continue;
    for (const text of textsIn(value)) job.play.run.secrets.add(text);
  }
}

function unknownWithEffects(unknown: Unknown, module: Module): Outcome {
  return unknownBecause(unknown, module.sort === "controller" ? {} : { effects: anything(unknown) });
}

/** What an item that is done without its host came to. */
export function doneOutcome(prepared: Prepared): Outcome {
  if (prepared.kind !== "done") throw new Error(`${prepared.ready.job.module.name} is not done`);
  return prepared.outcome;
}
