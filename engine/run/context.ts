import type { Inventory } from "../inventory/contract.ts";
import type { Play, Task } from "../playbook/tree.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import type { Secrets } from "../source/secrets.ts";
import type { Dict } from "../source/value.ts";
import type { Vault } from "../source/vault.ts";
import type { HostState } from "../vars/contract.ts";
import type { Connections } from "./connections.ts";
import type { Cursor } from "./cursor.ts";
import type { Event } from "./events.ts";
import type { Handlers } from "./handlers.ts";
import type { Leases } from "./leases.ts";
import type { Marks } from "./marks.ts";
import type { RunOptions } from "./options.ts";
import type { HostPredictions } from "./predictions.ts";
import type { Slots } from "./slots.ts";
import type { Summary } from "./summary.ts";
import type { Variables } from "./variables.ts";

/** What all of a run shares. */
export interface RunContext {
  readonly options: RunOptions;
  readonly inventory: Inventory;
  readonly variables: Variables;
  readonly connections: Connections;
  readonly secrets: Secrets;
  readonly vault: Vault;
  readonly summary: Summary;
  readonly slots: Slots;
  readonly marks: Marks;
  readonly leases: Leases;
  /** `-v` times. */
  readonly verbosity: number;
  readonly readAhead: boolean;
  /** Aborted by the second interrupt: everything is cut. */
  readonly cut: AbortSignal;
  /** The first interrupt came: what is under way is finished, nothing new begins. */
  readonly interrupted: boolean;
  /** As the first interrupt. */
  interrupt(): void;
  emit(event: Event): void;
  /** Each text once. */
  warn(message: string): void;
  /** Of a file, with its place; each once. */
  warnOf(diagnostic: Diagnostic): void;
  /** Warns of nothing meanwhile: what is done ahead of its time is told of in its time. */
  quietly(work: () => void): void;
  /** Seconds since the epoch. */
  time(): number;
  nextId(): number;
  stateOf(host: string): HostState;
  predictionsOf(host: string): HostPredictions;
  /** Check mode: the reason of an effect on any host, after which what fails now need not fail then. */
  anyPrediction(): string | undefined;
  /** Hosts that failed or were lost: they take part in no later play. */
  readonly lost: Set<string>;
  readonly stats: { readonly data: Dict; readonly perHost: { [host: string]: Dict } };
}

/** One host in one play. */
export interface HostRun {
  readonly name: string;
  readonly cursor: Cursor;
  /** `ended`: by meta, without failure. */
  status: "active" | "failed" | "unreachable" | "ended";
  /** Handlers that are due; `maybe` in check mode, where whether anything changes is known after the run only. */
  readonly notified: Map<Task, "due" | "maybe">;
  /** Notified names, with the handlers that they meant then; a flush takes the last that is defined by its time. */
  readonly notifiedNames: Map<string, readonly Task[]>;
  /** Roles of which a task was not skipped here, by their signatures. */
  readonly rolesRun: Set<string>;
  /** Those among them that were completed. */
  readonly rolesDone: Set<string>;
}

/** One play on one batch of its hosts. */
export interface PlayRun {
  readonly run: RunContext;
  readonly play: Play;
  /** Hosts of this batch, in order. */
  readonly hosts: HostRun[];
  /** All hosts of the play, of every batch, those that were lost before too. */
  readonly allHosts: readonly string[];
  readonly handlers: Handlers;
  /** Whether tags (and --start-at-task) let a task run. */
  selects(host: string, task: Task): boolean;
  readonly keywords: {
    readonly anyErrorsFatal: boolean;
    readonly forceHandlers: boolean;
    readonly maxFailPercentage: number | undefined;
    /** `strategy: debug`: failures stop in the debugger. */
    readonly debugFailures: boolean;
  };
  /** Hosts on which the present task failed or that could not be reached, rescued or not. */
  readonly failedNow: Set<string>;
  /** Hosts that failed or were lost in this play; that they are forgiven does not bring them back to `ansible_play_hosts`. */
  readonly removed: Set<string>;
  /** Errors ended it for all: max_fail_percentage. No play follows. */
  broken: boolean;
  /** meta: end_play. No further batch follows. */
  ended: boolean;
}
