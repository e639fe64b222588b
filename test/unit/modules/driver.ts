import { afterAll, vi } from "vitest";
import { startShell } from "../../../engine/host/become.ts";
import type { Reply, Script } from "../../../engine/host/contract.ts";
import { LocalTransport } from "../../../engine/host/local.ts";
import { Shell } from "../../../engine/host/shell.ts";
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

// The machine that runs the tests may be busy with container hosts: nothing here is about time.
vi.setConfig({ testTimeout: 180_000 });

const sessions = new Map<string, Promise<Shell>>();

/** One long-lived shell for each kind, as on a host: starting a process for each script would be slow. */
function session(kind: string): Promise<Shell> {
  let opened = sessions.get(kind);
  if (!opened) {
    const transport = new LocalTransport(kind.split(" "));
    const target = { name: kind, transport: "local", address: "", hostKeyChecking: true, timeout: 120 } as const;
    opened = startShell(transport, target, undefined).then(({ channel, unread }) =>
      Shell.start(channel, { unread, control: () => Promise.reject(new Error("none")), name: kind, timeout: 120 }),
    );
    sessions.set(kind, opened);
  }
  return opened;
}

afterAll(async () => {
  for (const opened of sessions.values()) (await opened).close();
  sessions.clear();
});

export async function runScript(
  script: Script,
  stdin?: string | Buffer,
  shell = "sh",
  kind: "probe" | "command" = "probe",
): Promise<Reply> {
  return (await session(shell)).request(script, { kind, ...(stdin === undefined ? {} : { stdin }) });
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
export async function answer<T>(query: Query<T>, effects = new Effects(), shell = "sh"): Promise<T | Unknown> {
  const predicted = query.predict
    ? query.predict(effects)
    : (effects.of(query.kind, query.subject) as { state: T } | undefined)?.state;
  if (predicted !== undefined) return predicted;
  const observed = query.decode(await runScript(query.script, query.stdin, shell));
  return query.amend ? query.amend(observed, effects) : observed;
}

export async function drive<T>(look: Look<T>, effects = new Effects(), shell = "sh"): Promise<T | Unknown> {
  let step = look.next([]);
  while (!step.done) {
    const answers = await Promise.all(step.value.queries.map((query) => answer(query, effects, shell)));
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
export async function planOf(
  module: Module,
  args: Dict,
  effects = new Effects(),
  ctx = context,
  shell = "sh",
): Promise<Plan | Unknown> {
  if (module.sort !== "state") throw new Error(`${module.name} is no state module`);
  const { args: valid, errors } = validateArguments(module, args);
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join("\n"));
  const state: StateModule = module;
  const prepared = state.prepare?.(valid, ctx);
  if (prepared instanceof Unknown) return prepared;
  return drive(state.look(valid, ctx, prepared), effects, shell);
}

/** Plans and carries out. */
export async function apply(module: Module, args: Dict, ctx = context, shell = "sh"): Promise<Outcome> {
  const plan = await planOf(module, args, new Effects(), ctx, shell);
  if (plan instanceof Unknown) throw new Error(`unknown: ${plan.reason}`);
  const replies: Reply[] = [];
  for (const step of plan.change?.steps ?? []) {
    if (step.upload) throw new Error("uploads need a host");
    const reply = await runScript(step.script, step.stdin, shell);
    if (!(step.ok ?? [0]).includes(reply.status)) throw new Error(`${step.name}: ${reply.stderr.toString()}`);
    replies.push(reply);
  }
  const finished = plan.change?.finish?.(replies) ?? {};
  return { plan, result: { ...plan.result, ...finished }, changed: plan.change !== undefined };
}
