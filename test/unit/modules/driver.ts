import { spawnSync } from "node:child_process";
import type { Reply, Script } from "../../../engine/host/contract.ts";
import { validateArguments } from "../../../engine/modules/arguments.ts";
import type {
  Effect,
  Look,
  Module,
  ModuleContext,
  Plan,
  Predictions,
  Query,
  StateModule,
} from "../../../engine/modules/contract.ts";
import { type Dict, Unknown } from "../../../engine/source/value.ts";

/*
 * Drives a state module against this machine's own `sh`, as run/ does against a host: enough for tests of scripts
 * and plans. The laws on real hosts go through the engine.
 */

export function runScript(script: Script, stdin?: string | Buffer, shell = "sh"): Reply {
  const [command = "sh", ...words] = shell.split(" ");
  const done = spawnSync(command, [...words, "-c", script.text], {
    ...(stdin === undefined ? {} : { input: stdin }),
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], LC_ALL: "C" },
    maxBuffer: 64 * 2 ** 20,
  });
  return { status: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
}

export class Effects implements Predictions {
  readonly list: Effect[] = [];
  of(kind: string, subject: string): Effect | undefined {
    return this.list.findLast((effect) => "kind" in effect && effect.kind === kind && effect.subject === subject);
  }
  all(kind: string): readonly Effect[] {
    return this.list.filter((effect) => "kind" in effect && effect.kind === kind);
  }
  open(kind: string): string | undefined {
    for (const effect of this.list) {
      if ("opens" in effect && (effect.opens.includes(kind) || effect.opens.includes("*"))) return effect.because;
    }
    return undefined;
  }
}

/** The answer to one query, with predictions laid over it. */
export function answer<T>(query: Query<T>, effects = new Effects(), shell = "sh"): T | Unknown {
  const predicted = query.predict
    ? query.predict(effects)
    : (effects.of(query.kind, query.subject) as { state: T } | undefined)?.state;
  if (predicted !== undefined) return predicted;
  const observed = query.decode(runScript(query.script, query.stdin, shell));
  return query.amend ? query.amend(observed, effects) : observed;
}

export function drive<T>(look: Look<T>, effects = new Effects(), shell = "sh"): T | Unknown {
  let step = look.next([]);
  while (!step.done) {
    const answers = step.value.queries.map((query) => answer(query, effects, shell));
    const unknown = answers.find((each) => each instanceof Unknown);
    if (unknown instanceof Unknown && !step.value.maybe) return unknown;
    step = look.next(answers);
  }
  return step.value;
}

export const context: ModuleContext = {
  findFile: (name) => name,
  readFile: () => Buffer.alloc(0),
  renderText: (text) => text,
  evaluate: () => null,
  test: () => true,
  variable: () => undefined,
  environment: {},
  checkMode: false,
  hostName: "test",
  user: undefined,
  addSecret() {},
};

export interface Outcome {
  readonly plan: Plan;
  readonly result: Dict;
  readonly changed: boolean;
}

/** What a state module decides for these arguments. */
export function planOf(
  module: Module,
  args: Dict,
  effects = new Effects(),
  ctx = context,
  shell = "sh",
): Plan | Unknown {
  if (module.sort !== "state") throw new Error(`${module.name} is no state module`);
  const { args: valid, errors } = validateArguments(module, args);
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join("\n"));
  const state: StateModule = module;
  const prepared = state.prepare?.(valid, ctx);
  if (prepared instanceof Unknown) return prepared;
  return drive(state.look(valid, ctx, prepared), effects, shell);
}

/** Plans and carries out. */
export function apply(module: Module, args: Dict, ctx = context, shell = "sh"): Outcome {
  const plan = planOf(module, args, new Effects(), ctx, shell);
  if (plan instanceof Unknown) throw new Error(`unknown: ${plan.reason}`);
  const replies: Reply[] = [];
  for (const step of plan.change?.steps ?? []) {
    if (step.upload) throw new Error("uploads need a host");
    const reply = runScript(step.script, step.stdin, shell);
    if (!(step.ok ?? [0]).includes(reply.status)) throw new Error(`${step.name}: ${reply.stderr.toString()}`);
    replies.push(reply);
  }
  const finished = plan.change?.finish?.(replies) ?? {};
  return { plan, result: { ...plan.result, ...finished }, changed: plan.change !== undefined };
}
