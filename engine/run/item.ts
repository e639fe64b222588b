import { HostError, type Reply, type Script } from "../host/contract.ts";
import type {
  ActionModule,
  ActionResult,
  Change,
  ControllerModule,
  Effect,
  Module,
  ModuleContext,
  Plan,
  StateModule,
} from "../modules/contract.ts";

import type { Task } from "../playbook/tree.ts";
import { textsIn } from "../source/secret-forms.ts";
import { type Dict, dict, isDict, Unknown } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { applySteps, StepsLost } from "./apply.ts";
import { checkArguments, renderArguments } from "./arguments.ts";
import { testAll } from "./conditions.ts";
import type { Seat } from "./connections.ts";
import type { HostRun, PlayRun } from "./context.ts";
import { environmentOf, Keywords } from "./keywords.ts";
import { type Looked, performLook } from "./look.ts";
import { moduleContext } from "./module-context.ts";
import {
  failedWith,
  type Outcome,
  outcomeOf,
  skippedBy,
  succeeded,
  unknownBecause,
  unknownOutcome,
} from "./outcome.ts";
import { type ActionHost, actionHost, sleep } from "./step-context.ts";
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

interface Ready {
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

/** An action or a state whose arguments are unknown may do anything. */
function anything(unknown: Unknown): Effect[] {
  return [{ opens: ["*"], because: unknown.reason }];
}

function unknownWithEffects(unknown: Unknown, module: Module): Outcome {
  return unknownBecause(unknown, module.sort === "controller" ? {} : { effects: anything(unknown) });
}

// ─── state modules ──────────────────────────────────────────────────────────────────────────────────────────────

export interface LookedItem extends Looked<Plan> {
  /** The look failed. */
  readonly failure?: Outcome;
}

/** The look of a state module: what its host answers, and what follows. Never throws but for bugs. */
export async function lookItem(item: Prepared & { kind: "state" }): Promise<LookedItem> {
  const { ready, module, prepared } = item;
  const seat = seatOf(ready);
  const { run } = ready.job.play;
  try {
    return await performLook(module.look(ready.args, ready.context, prepared), seat, {
      signal: run.cut,
      ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
      ...predictionsFor(ready),
      ...tracing(ready),
    });
  } catch (error) {
    return { value: new Unknown(""), asked: [], failure: outcomeOf(error, ready.job.task.at) };
  }
}

/** Predictions lie over answers where the whole run is a prediction, unless this task runs all the same. */
function predictionsFor(ready: Ready): { predictions?: import("./predictions.ts").HostPredictions } {
  const { run } = ready.job.play;
  if (!run.options.check || !ready.checkMode) return {};
  const predictions = run.predictionsOf(ready.place);
  return predictions.empty ? {} : { predictions };
}

function tracing(ready: Ready): { trace?: (text: string) => void } {
  const { run } = ready.job.play;
  if (run.verbosity < 3 || ready.job.speculative || ready.noLog) return {};
  return { trace: (text) => run.emit({ type: "trace", host: ready.place, level: 3, text }) };
}

function seatOf(ready: Ready): Seat {
  if (!ready.seat) throw new Error(`${ready.job.module.name} has no host`);
  return ready.seat;
}

/** Carries a plan out, or in check mode says what it would do. Never throws but for bugs. */
export async function applyItem(item: Prepared & { kind: "state" }, looked: LookedItem): Promise<Outcome> {
  const { ready, module, prepared } = item;
  if (looked.failure) return settleDoubt(ready, looked.failure);
  const plan = looked.value;
  if (plan instanceof Unknown) {
    const effects = module.outcome?.(ready.args, prepared) ?? anything(plan);
    return unknownBecause(plan, { effects });
  }
  const { change } = plan;
  const warnings = plan.warnings ?? [];
  if (!change) {
    ready.seat?.probes.calm();
    return settleDoubt(ready, succeeded(plan.result ?? {}, false, { warnings }));
  }
  const outcome = succeeded(plan.result ?? {}, !change.silent, {
    diff: change.silent ? [] : change.diff,
    warnings,
    effects: change.effects,
  });
  if (ready.checkMode) return settleDoubt(ready, outcome);
  const seat = seatOf(ready);
  const { run } = ready.job.play;
  const host = hostOf(ready);
  let done: Change | undefined;
  try {
    await run.leases.before(seat);
    const before = marksBefore(ready, seat);
    const replies = await applySteps(change, seat, {
      ...(before ? { before } : {}),
      signal: run.cut,
      context: host,
      ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
      ...tracing(ready),
    });
    done = change;
    const finished: Dict = change.finish?.(replies) ?? {};
    const { changed, ...rest } = finished;
    const really = typeof changed === "boolean" ? changed : outcome.changed;
    return succeeded({ ...plan.result, ...rest }, really, { diff: really ? change.diff : [], warnings });
  } catch (error) {
    if (error instanceof StepsLost) throw error;
    return outcomeOf(error, ready.job.task.at);
  } finally {
    // What a step that failed has done nobody knows.
    run.connections.changed(ready.place, done);
    await host.cleanUp();
  }
}

/** The marks that go with a change which may notify; a delegated one happens on a host where the handler does not run. */
function marksBefore(ready: Ready, seat: Seat): Script | undefined {
  const { play, task } = ready.job;
  if (task.notify === undefined || ready.delegate !== undefined) return undefined;
  const names = notifiedNames(task, ready.vars);
  const handlers = names.flatMap((name) => play.handlers.find(name, ready.vars.templar));
  return play.run.marks.before(seat, play.play, handlers);
}

/** The names in `notify`, rendered. @throws TemplateError */
export function notifiedNames(task: Task, vars: TaskVars): string[] {
  if (task.notify === undefined) return [];
  const names = vars.templar.render(task.notify, task.at);
  return (Array.isArray(names) ? names : [names]).filter((name) => typeof name === "string" && name !== "") as string[];
}

/** Whether the task runs at all is unknown: what it would do may or may not be. */
function settleDoubt(ready: Ready, outcome: Outcome): Outcome {
  if (!ready.doubt) return outcome;
  const { reason } = ready.doubt;
  if (outcome.failed || outcome.unreachable) return unknownOutcome(reason, { effects: anything(ready.doubt) });
  const effects = (outcome.effects ?? []).map((effect) =>
    "kind" in effect ? { kind: effect.kind, subject: effect.subject, unknown: reason } : effect,
  );
  return unknownOutcome(reason, { effects, maybeChanged: outcome.changed || outcome.maybeChanged === true });
}

function hostOf(ready: Ready): ActionHost {
  const { run } = ready.job.play;
  return actionHost(seatOf(ready), {
    signal: run.cut,
    connections: run.connections,
    ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
    ...tracing(ready),
  });
}

// ─── actions ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether an action's guard lets it run; an outcome where it need not or cannot. */
export async function guardAction(item: Prepared & { kind: "action" }): Promise<Outcome | undefined> {
  const { ready, module } = item;
  const { run } = ready.job.play;
  try {
    let certain = false;
    if (module.guard) {
      const { value } = await performLook(module.guard(ready.args, ready.context), seatOf(ready), {
        signal: run.cut,
        ...predictionsFor(ready),
        ...tracing(ready),
      });
      if (value instanceof Unknown) return unknownBecause(value, { effects: effectsOf(item, value.reason) });
      if (!value.run) return settleDoubt(ready, succeeded(value.result, false));
      certain = true;
    }
    if (ready.doubt) return unknownBecause(ready.doubt, { effects: effectsOf(item, ready.doubt.reason) });
    if (!ready.checkMode || module.readOnly?.(ready.args)) return undefined;
    const reason = `${ready.job.module.name} runs then`;
    return unknownOutcome(reason, { effects: effectsOf(item, reason), maybeChanged: true, ...(certain ? {} : {}) });
  } catch (error) {
    return outcomeOf(error, ready.job.task.at);
  }
}

function effectsOf(item: Prepared & { kind: "action" }, reason: string): readonly Effect[] {
  const { module, ready } = item;
  if (module.readOnly?.(ready.args)) return [];
  return module.effects?.(ready.args) ?? [{ opens: ["*"], because: reason }];
}

/** Runs an action. It is never run twice: where the connection broke, it "may have run". */
export async function runAction(item: Prepared & { kind: "action" }): Promise<Outcome> {
  const { ready, module } = item;
  const { run } = ready.job.play;
  const readOnly = module.readOnly?.(ready.args) ?? false;
  const prediction = readOnly && ready.checkMode ? run.anyPrediction() : undefined;
  const host = hostOf(ready);
  try {
    const seat = seatOf(ready);
    let result: ActionResult;
    if (!readOnly) {
      await run.leases.before(seat);
      const before = marksBefore(ready, seat);
      // Sent ahead in the same pipe: the command does not run without it.
      if (before)
        void seat
          .session()
          .then((session) => session.request(before, { kind: "step" }))
          .catch(() => {});
    }
    if (module.command) result = await runOneCommand(item, seat);
    else result = await module.run(prediction === undefined ? ready.args : impatient(ready.args), ready.context, host);
    if (prediction !== undefined && result.failed) return unknownOutcome(prediction);
    return actionOutcome(result);
  } catch (error) {
    if (prediction !== undefined && !(error instanceof HostError && error.code === "cancelled")) {
      return unknownOutcome(prediction);
    }
    return mayHaveRun(error, ready, readOnly);
  } finally {
    if (!readOnly) run.connections.changed(ready.place);
    else if (ready.job.module.name !== "setup") seatOf(ready).probes.expire();
    await host.cleanUp();
  }
}

/** A prediction waits for nothing that is not there yet. */
function impatient(args: Dict): Dict {
  return typeof args["timeout"] === "number" ? { ...args, timeout: Math.min(args["timeout"], 1) } : args;
}

function mayHaveRun(error: unknown, ready: Ready, readOnly: boolean): Outcome {
  const { at } = ready.job.task;
  if (error instanceof HostError && error.sent && error.code === "connection-lost" && !readOnly) {
    return failedWith(`${error.message} The action was sent and may have run; it is not run twice.`, {}, { at });
  }
  return outcomeOf(error, at);
}

export function actionOutcome(result: ActionResult): Outcome {
  const failed = result.failed ?? false;
  const value: Dict = { ...dict(), ...result.result, changed: result.changed, failed };
  const facts = value["ansible_facts"];
  return {
    value,
    changed: result.changed,
    failed,
    skipped: false,
    unreachable: false,
    diff: result.diff ?? [],
    warnings: warningsOf(value),
    ...(isDict(facts) ? { facts } : {}),
  };
}

function warningsOf(value: Dict): string[] {
  const warnings = value["warnings"];
  return Array.isArray(warnings) ? warnings.filter((each) => typeof each === "string") : [];
}

/** One user command as a request of its own; those of a loop are sent without waiting for each other. */
async function runOneCommand(item: Prepared & { kind: "action" }, seat: Seat): Promise<ActionResult> {
  const { ready, module } = item;
  const command = module.command?.(ready.args, ready.context);
  if (!command) throw new Error(`${module.name} has no command`);
  const { run } = ready.job.play;
  tracing(ready).trace?.(command.script.text);
  const session = await seat.session();
  const start = performance.now();
  const reply: Reply = await session.request(command.script, {
    kind: "command",
    signal: run.cut,
    ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
    ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
  });
  return command.finish(reply, (performance.now() - start) / 1000);
}

// ─── the controller ─────────────────────────────────────────────────────────────────────────────────────────────

/** Runs a module that needs no host. A promise only where the module waits. */
export function runController(item: Prepared & { kind: "controller" }): Outcome | Promise<Outcome> {
  const { ready, module } = item;
  const { run } = ready.job.play;
  try {
    const result = module.run(ready.args, ready.context, {
      signal: run.cut,
      sleep: (seconds) => sleep(seconds, run.cut),
      prompt: async (text, options) => run.options.prompt?.(text, options),
    });
    if (result instanceof Promise) {
      return result.then(controllerOutcome, (error: unknown) => outcomeOf(error, ready.job.task.at));
    }
    return controllerOutcome(result);
  } catch (error) {
    return outcomeOf(error, ready.job.task.at);
  }

  function controllerOutcome(result: Awaited<ReturnType<ControllerModule["run"]>>): Outcome {
    const outcome = actionOutcome(result);
    const { facts: _, ...rest } = outcome; // set_fact's are set through `controller`
    const unknown = module.name === "assert" || module.name === "fail" ? firstUnknown(result.result) : undefined;
    return {
      ...rest,
      skipped: result.skipped ?? false,
      controller: result,
      ...(ready.delegate === undefined ? {} : { delegate: ready.delegate }),
      ...(unknown ? { unknown: unknown.reason } : {}),
      ...(result.skipped ? { value: { ...outcome.value, skipped: true } } : {}),
    };
  }
}

function firstUnknown(value: Dict): Unknown | undefined {
  for (const each of Object.values(value)) if (each instanceof Unknown) return each;
  return undefined;
}
