import type { DiffPart } from "../modules/contract.ts";
import type { Position } from "../source/diagnostic.ts";
import type { Dict, Value } from "../source/value.ts";

/** What happened, in order. Every report is a view of this stream. What reporters get holds no secret (censor.ts). */
export type Event =
  | {
      readonly type: "run-start";
      readonly playbooks: readonly string[];
      readonly checkMode: boolean;
      readonly time: number;
    }
  | {
      readonly type: "play-start";
      readonly play: string;
      readonly hosts: readonly string[];
      readonly at: Position;
      readonly time: number;
    }
  | { readonly type: "no-hosts-matched"; readonly play: string }
  | { readonly type: "no-hosts-remaining" }
  | {
      readonly type: "task-start";
      readonly id: number;
      /** `role : name`, rendered as far as it can be. */
      readonly task: string;
      readonly module: string;
      readonly handler: boolean;
      readonly at: Position;
      readonly role?: string;
      readonly tags: readonly string[];
      readonly checkMode: boolean;
      /** Seconds since the epoch, as for every `time`. */
      readonly time: number;
      readonly host?: string;
    }
  /** A host began on it: for the live view. */
  | { readonly type: "host-start"; readonly id: number; readonly host: string; readonly time: number }
  | { readonly type: "item-result"; readonly id: number; readonly result: TaskResult; readonly time: number }
  | {
      readonly type: "retry";
      readonly id: number;
      readonly host: string;
      readonly left: number;
      readonly result: TaskResult;
    }
  /** A task stops in the debugger with this result, which may not be its last. */
  | { readonly type: "debugger"; readonly id: number; readonly result: TaskResult }
  | {
      readonly type: "result";
      readonly id: number;
      readonly result: TaskResult;
      readonly time: number;
      /** The debugger has shown it already. */
      readonly told?: boolean;
    }
  | {
      readonly type: "included";
      readonly file: string;
      readonly hosts: readonly string[];
      readonly item?: Value;
      readonly noLog?: boolean;
    }
  | { readonly type: "async-poll"; readonly host: string; readonly jobId: string; readonly left: number }
  | { readonly type: "async-end"; readonly host: string; readonly jobId: string; readonly failed: boolean }
  | { readonly type: "handler-notified"; readonly handler: string; readonly host: string }
  | { readonly type: "warning"; readonly message: string; readonly at?: Position; readonly hint?: string }
  | { readonly type: "deprecation"; readonly message: string; readonly at?: Position }
  /** With -vvv: the scripts that ran, the connections made. */
  | { readonly type: "trace"; readonly host: string; readonly level: number; readonly text: string }
  | { readonly type: "interrupted"; readonly hard: boolean }
  | { readonly type: "stats"; readonly data: Dict; readonly perHost: { readonly [host: string]: Dict } }
  | {
      readonly type: "run-end";
      readonly hosts: { readonly [host: string]: HostSummary };
      readonly exitCode: number;
      readonly time: number;
    };

export interface TaskResult {
  readonly host: string;
  /** Where it was delegated to, as shown: `[host -> other]`. */
  readonly delegate?: string;
  readonly status: "ok" | "changed" | "failed" | "skipped" | "unreachable";
  /** Failed, but ignore_errors. */
  readonly ignored: boolean;
  /** Failed, but a rescue follows. */
  readonly rescued: boolean;
  /** Check mode: why nobody can know before. `status` is then "ok" in the recap and shown as known after the run. */
  readonly unknown?: string;
  /** What `register` gets. */
  readonly value: Dict;
  readonly diff: readonly DiffPart[];
  /** Of a loop: the item's label. */
  readonly item?: Value;
  readonly noLog: boolean;
  /** What people see: all of the value or the message alone without -v too, nothing with it either. Default: with -v. */
  readonly shown?: "all" | "message" | "nothing";
  /** How long the host was busy with it, seconds. */
  readonly seconds: number;
  readonly warnings: readonly string[];
  /** The place to point at when it failed: the task, or the argument. */
  readonly at?: Position;
}

export interface HostSummary {
  ok: number;
  changed: number;
  unreachable: number;
  failed: number;
  skipped: number;
  rescued: number;
  ignored: number;
  /** Check mode: tasks known only after the run. */
  unknown: number;
  /** Seconds this host was busy. */
  seconds: number;
}

/** A consumer of the stream. */
export interface Reporter {
  report(event: Event): void;
  /** Flushes what is left; called once, also after an interruption. */
  end?(): void | Promise<void>;
}
// run/run.ts exports `run(options: RunOptions): Promise<{exitCode: number; hosts: …}>` where RunOptions carries
// playbooks, inventory, vault, extraVars, tags, skipTags, limit, check, diff, forks, startAtTask, step, forceHandlers,
// connection overrides, readAhead (default true), signal(s), reporters, secrets, prompts.
