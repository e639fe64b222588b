import type { Duplex, Readable } from "node:stream";
import type { Static, TObject } from "@sinclair/typebox";
import type { Reply, Script } from "../host/contract.ts";
import type { Dict, Unknown, Value } from "../source/value.ts";
import type { TextOptions } from "../template/contract.ts";
import type { Joint } from "./joint.ts";

/*
 * What a module is. A state module gives three answers: what it takes (`args`), what it looks at (`look`, a
 * generator of read-only queries) and what it decides (the plan that `look` returns, pure but for its queries).
 * Check mode is `look` alone; apply carries the plan's steps out; diff is the plan's before and after.
 * No module knows of check mode, SSH, YAML or the screen.
 */

// ─── queries ────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * One read-only question to a host about one subject. Two queries of the same kind and subject ask for the same
 * thing, and predicted effects are laid over answers by these two names.
 */
export interface Query<T> {
  /** What sort of thing: `path`, `package`, `unit`, `user`, `group`, `container` … */
  readonly kind: string;
  /** Which one: a normalised absolute path, a package's name … */
  readonly subject: string;
  /** Tells apart answers of different depth about the same subject (`with content`); part of the cache key. */
  readonly detail?: string;
  readonly script: Script;
  /** Standard input of the script, where a list would be too long for it. */
  readonly stdin?: string | Buffer;
  /** Turns the reply into the answer; throws ModuleFailure where the host could not say. */
  decode(reply: Reply): T;
  /**
   * What earlier predictions say about this query: the predicted answer, Unknown, or undefined: ask the host.
   * The default looks for an effect of the same kind and subject. `observed` asks the host on demand.
   */
  predict?(predictions: Predictions): T | Unknown | undefined;
  /**
   * Amends what the host answered in the light of predictions: an absent file that a package to be installed may
   * bring is Unknown.
   */
  amend?(observed: T, predictions: Predictions): T | Unknown;
  /** Long-running or otherwise dear: never read ahead. */
  readonly expensive?: boolean;
  /** The answer tells more than what the subject is (its times): anything that happens near it makes it stale. */
  readonly fleeting?: boolean;
  /** Asked in the same moment as others of its kind, it travels with them in one script. */
  readonly joint?: Joint;
}

/** The effects that planned changes will have had, newest last. Kept for each host by run/ in check mode. */
export interface Predictions {
  /** The newest effect on this very subject. */
  of(kind: string, subject: string): Effect | undefined;
  /** All effects of a kind, oldest first. */
  all(kind: string): readonly Effect[];
  /** The reason of the first open effect that may reach this kind (a package to be installed, an unpredicted action). */
  open(kind: string): string | undefined;
}

/** What will be true after a change, in the terms in which queries of that kind answer. */
export type Effect =
  | { readonly kind: string; readonly subject: string; readonly state: unknown }
  /** It is not known what state the subject will have. */
  | { readonly kind: string; readonly subject: string; readonly unknown: string }
  /** Anything of these kinds may be different afterwards (`"*"`: anything at all). */
  | { readonly opens: readonly string[]; readonly because: string };

/**
 * Inside `look`: `const state = yield* ask(pathState(path))`. Several at once: `yield* askAll([a, b])`. The engine
 * sends the queries of all items of a loop together. Where the answer is Unknown the look ends there, and the task
 * is "known after the run"; `askMaybe` hands the Unknown over instead.
 */
export type Look<T> = Generator<QueryRound, T, readonly unknown[]>;

export interface QueryRound {
  readonly queries: readonly Query<unknown>[];
  /** Whether the look can go on with Unknown answers. */
  readonly maybe: boolean;
}

export function* ask<T>(query: Query<T>): Look<T> {
  const [answer] = yield { queries: [query], maybe: false };
  return answer as T; // the engine answers round by round, in order: the decoder made it a T
}

export function* askMaybe<T>(query: Query<T>): Look<T | Unknown> {
  const [answer] = yield { queries: [query], maybe: true };
  return answer as T | Unknown; // as in ask
}

export function* askAll<T>(queries: readonly Query<T>[]): Look<T[]> {
  if (queries.length === 0) return [];
  const answers = yield { queries, maybe: false };
  return [...answers] as T[]; // as in ask
}

// ─── plans ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a state module decided. Without `change` the host is already as declared. */
export interface Plan {
  readonly change?: Change;
  /** Return values, beyond `changed`, `diff` and what the engine adds. */
  readonly result?: Dict;
  readonly warnings?: readonly string[];
}

export interface Change {
  /** For the diff; the same shape for every module, rendered and capped by report/. */
  readonly diff: readonly DiffPart[];
  readonly steps: readonly Step[];
  readonly effects: readonly Effect[];
  /** The steps reach nothing but the paths in `effects`: answers about other paths stay true. */
  readonly confined?: boolean;
  /**
   * The steps are run (not in check mode), but the task does not count as changed: a cache that is refreshed, a
   * service manager that reads its files again.
   */
  readonly silent?: boolean;
  /**
   * Whether the steps change anything shows only once they have run (a pull may bring the image that is there): then
   * `changed` from `finish` says so. Check mode says that it is known after the run, for this reason.
   */
  readonly uncertain?: string;
  /** Completes the return values once the steps have run, from their replies. A `changed` in it replaces the plan's. */
  finish?(replies: readonly Reply[]): Dict;
}

export interface DiffPart {
  readonly beforeHeader?: string;
  readonly afterHeader?: string;
  /** Text, or a structure (shown as YAML). */
  readonly before: Value;
  readonly after: Value;
  /** Binary or secret: says so instead of the texts. */
  readonly withheld?: "binary" | "secret" | "too-large";
}

/**
 * One remote step. It must end in an explicit failure exit (`|| exit 1`): a status other than 0 fails the task with
 * `message` and the step's stderr. Steps with only `script` of all items travel together.
 */
export interface Step {
  /** What it does, for -vvv and failures: "create the directory". */
  readonly name: string;
  readonly script: Script;
  readonly stdin?: string | Buffer;
  /** Taken in the same moment as others of its kind, it is taken with them in one script. It may be taken twice, and before or after those beside it. */
  readonly joint?: Joint;
  /** Statuses that are no failure; default [0]. */
  readonly ok?: readonly number[];
  /** Before the script: bytes streamed to a temporary file on the host (made by `temporaryPath`). */
  readonly upload?: { readonly content: ContentSource; readonly path: string };
  /** Seconds; default the task's timeout. */
  readonly timeout?: number;
}

export type ContentSource =
  | { readonly bytes: Buffer }
  | { readonly file: string }
  | { open(context: StepContext): Promise<Readable | Buffer> };

/** What an upload's opener and an action may use. Nothing of it is there during `look`. */
export interface StepContext {
  readonly signal: AbortSignal;
  /** As the task's user (become). */
  request(script: Script, options?: { stdin?: string | Buffer; timeout?: number; command?: boolean }): Promise<Reply>;
  upload(content: Buffer | Readable, path: string): Promise<void>;
  download(path: string): Promise<Readable>;
  /** A byte stream to an address as the host sees it; http clients of uri, get_url, wait_for use it. */
  forward(address: string, port: number): Promise<Duplex>;
  /** Drops the connection and connects anew (reboot, wait_for_connection). */
  reconnect(): Promise<void>;
  /** A temporary path on the host, in the task user's own folder; removed by the engine at the task's end. */
  temporaryPath(suffix?: string): Promise<string>;
  /** Seconds, cancelled by the signal. */
  sleep(seconds: number): Promise<void>;
  log(line: string): void;
}

// ─── the three sorts of module ──────────────────────────────────────────────────────────────────────────────────

/** What a module may know of its surroundings when it prepares and looks. */
export interface ModuleContext {
  /** Finds a controller's file as Ansible does (role's files/ or templates/, playbook's folder); throws ModuleFailure. */
  findFile(name: string, kind: "files" | "templates" | "vars"): string;
  /** Reads it, decrypting a vault. */
  readFile(path: string): Buffer;
  /** Renders a template text with the task's variables. */
  renderText(text: string, options: TextOptions): string | Unknown;
  /** Renders any value with the task's variables (assert's `that`, debug's `var`). */
  evaluate(expression: string): Value;
  test(expression: string): boolean | Unknown;
  /** The task's variables by name (ansible_facts …), lazily. */
  variable(name: string): Value | undefined;
  readonly environment: { readonly [name: string]: string };
  readonly checkMode: boolean; // for controller modules' texts only; state modules never need it
  readonly hostName: string;
  /** The user that commands run as: `become_user`, else the login user; undefined where unknown. */
  readonly user: string | undefined;
  addSecret(text: string): void;
}

interface ModuleBase<A extends TObject> {
  /** The short name; `ansible.builtin.` and other collections' prefixes are dropped before the look-up. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Its results are too many to be shown, with -v too. */
  readonly quiet?: boolean;
  /** One sentence. */
  readonly summary: string;
  /** Fully qualified name people know it by: `ansible.builtin.file`, `community.docker.docker_container`. */
  readonly collection: string;
  /** TypeBox: the static type, ajv's validation, docs and the editor's schema come from here. Descriptions are docs. */
  readonly args: A;
  /** Other spellings of arguments: `{ dest: "path", name: "path" }`. */
  readonly argAliases?: { readonly [alias: string]: string };
  /** The argument that a bare string stands for (`command: ls`), where the module takes one. */
  readonly freeForm?: string;
  /** Rules over several arguments, in Ansible's words. */
  readonly requiredOneOf?: readonly (readonly string[])[];
  readonly mutuallyExclusive?: readonly (readonly string[])[];
  readonly requiredTogether?: readonly (readonly string[])[];
  readonly requiredIf?: readonly (readonly [argument: string, value: Value, required: readonly string[]])[];
  /** Options of Ansible's module that play lacks: refused by name, with this reason. */
  readonly unsupported?: { readonly [argument: string]: string };
  /** Arguments whose values are secrets. */
  readonly secret?: readonly string[];
  /** A YAML example that runs, for `play doc`. */
  readonly example: string;
  /** What it returns, name → meaning. */
  readonly returns?: { readonly [name: string]: string };
}

/** Declares a state. */
export interface StateModule<A extends TObject = TObject, P = unknown> extends ModuleBase<A> {
  readonly sort: "state";
  /** What needs the controller first: reads files, renders templates. Unknown: known after the run. */
  prepare?(args: Static<A>, context: ModuleContext): P | Unknown;
  look(args: Static<A>, context: ModuleContext, prepared: P): Look<Plan>;
  /** What will be true after the task whatever was before; laid over later probes where `look` ended as unknown. */
  outcome?(args: Static<A>, prepared: P): readonly Effect[];
}

/** Does something, and says whether that changed the host. In check mode it is skipped, or predicted by `guard`. */
export interface ActionModule<A extends TObject = TObject> extends ModuleBase<A> {
  readonly sort: "action";
  /**
   * Looks first: `{ run: false, result }` when nothing has to be done (`creates`), `{ run: true }` otherwise.
   * With `skipped` the task counts as skipped instead of ok.
   */
  guard?(args: Static<A>, context: ModuleContext): Look<{ run: true } | { run: false; result: Dict; skipped?: true }>;
  /** Whether running it can change the host at all: reads (uri GET, slurp, stat-like) run in check mode too. */
  readOnly?(args: Static<A>): boolean;
  run(args: Static<A>, context: ModuleContext, host: StepContext): Promise<ActionResult>;
  /**
   * Where the whole action is one user command, the engine can send the commands of a loop, and of tasks in a row,
   * in one go. Given instead of running `run`; `finish` makes the result.
   */
  command?(
    args: Static<A>,
    context: ModuleContext,
  ): { script: Script; stdin?: string | Buffer; finish(reply: Reply, seconds: number): ActionResult };
  /** What is true afterwards, known beforehand (hostname …); default: everything open. */
  effects?(args: Static<A>): readonly Effect[];
}

export interface ActionResult {
  readonly changed: boolean;
  readonly failed?: boolean;
  readonly result: Dict;
  readonly diff?: readonly DiffPart[];
}

/** Works on the controller alone, for one host: debug, set_fact, assert, fail, add_host, include_vars … */
export interface ControllerModule<A extends TObject = TObject> extends ModuleBase<A> {
  readonly sort: "controller";
  /** Cheap and without waiting, except `pause`. */
  run(
    args: Static<A>,
    context: ModuleContext,
    controller: ControllerContext,
  ): ControllerResult | Promise<ControllerResult>;
}

export interface ControllerContext {
  readonly signal: AbortSignal;
  sleep(seconds: number): Promise<void>;
  /** Asks the person at the terminal; undefined where there is none. */
  prompt(text: string, options: { echo: boolean; signal: AbortSignal }): Promise<string | undefined>;
}

export interface ControllerResult extends ActionResult {
  /** Host variables to set (set_fact, include_vars, set_stats). */
  readonly facts?: {
    readonly variables: Dict;
    readonly cacheable?: boolean;
    readonly layer: "set_fact" | "include_vars";
  };
  readonly stats?: { readonly data: Dict; readonly perHost: boolean; readonly aggregate: boolean };
  readonly addHost?: { readonly name: string; readonly groups: readonly string[]; readonly variables: Dict };
  readonly groupBy?: { readonly key: string; readonly parents: readonly string[] };
  /** Output verbosity below which debug is skipped. */
  readonly skipped?: boolean;
  /** What people see without -v: all of the result, or its message alone. Default: nothing. */
  readonly shown?: "all" | "message";
}

export type Module = StateModule | ActionModule | ControllerModule;

/** Thrown by `prepare`, `look`, decoders and `run`: the task fails with this message and these return values. */
export class ModuleFailure extends Error {
  readonly result: Dict;
  constructor(message: string, result: Dict = {}) {
    super(message);
    this.name = "ModuleFailure";
    this.result = result;
  }
}

/** Keeps the argument types of a state module together; returns it as it is. */
export function stateModule<A extends TObject, P = undefined>(module: Omit<StateModule<A, P>, "sort">): Module {
  return { ...module, sort: "state" } as unknown as Module; // A and P are erased: the engine validates args by the schema first
}

export function actionModule<A extends TObject>(module: Omit<ActionModule<A>, "sort">): Module {
  return { ...module, sort: "action" } as unknown as Module; // as above
}

export function controllerModule<A extends TObject>(module: Omit<ControllerModule<A>, "sort">): Module {
  return { ...module, sort: "controller" } as unknown as Module; // as above
}
// modules/registry.ts exports `findModule(name): Promise<Module | undefined>` (lazy import by short or full name) and
// `moduleNames(): string[]`; modules/arguments.ts exports `validateArguments(module, args, positions)`.
// Facts: modules/setup.ts is an action with `readOnly`; its result's `ansible_facts` go to the host's facts.
