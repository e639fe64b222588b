import { HostError } from "../host/contract.ts";
import { lines as linesOf } from "../modules/command-line.ts";
import { type ControllerResult, type DiffPart, type Effect, ModuleFailure } from "../modules/contract.ts";
import { DiagnosticError, type Position } from "../source/diagnostic.ts";
import { type Dict, dict, isDict, Unknown } from "../source/value.ts";
import { NO_FILE } from "../template/template-error.ts";

/** How one task, or one item of its loop, ended on one host. */
export interface Outcome {
  /** What `register` gets, with `changed` and `failed`. */
  value: Dict;
  changed: boolean;
  failed: boolean;
  skipped: boolean;
  unreachable: boolean;
  /** Check mode: why nobody can know before. */
  unknown?: string;
  /** Check mode: whether it changes something is known after the run only, so handlers may be due. */
  maybeChanged?: boolean;
  diff: readonly DiffPart[];
  warnings: readonly string[];
  /** What the module's own result asks the run to do: facts, hosts, stats. */
  controller?: ControllerResult;
  /** Facts that the host gave (`ansible_facts` in the result). */
  facts?: Dict;
  effects?: readonly Effect[];
  delegate?: string;
  noLog?: boolean;
  at?: Position;
  /** Handlers that its change notifies, as rendered. */
  notify?: readonly string[];
  /** It failed before its module began (its arguments, its condition): there is nothing to try again. */
  unprepared?: boolean;
  /** ignore_errors does not apply: what was to be included cannot be read. */
  unignorable?: boolean;
  /** The run was interrupted or the connection cut: no retries, no rescue. */
  fatal?: boolean;
}

export function succeeded(result: Dict, changed: boolean, more: Partial<Outcome> = {}): Outcome {
  const facts = result["ansible_facts"];
  return {
    value: { ...dict(), ...result, changed, failed: false },
    changed,
    ...flags,
    diff: [],
    warnings: [],
    ...(isDict(facts) ? { facts } : {}),
    ...more,
  };
}

const flags = { failed: false, skipped: false, unreachable: false } as const;

export function skippedBy(condition: string | boolean, reason = "Conditional result was False"): Outcome {
  return {
    value: dict([
      ["changed", false],
      ["skipped", true],
      ["skip_reason", reason],
      ["false_condition", condition],
    ]),
    changed: false,
    ...flags,
    skipped: true,
    diff: [],
    warnings: [],
  };
}

/** For a module that has found out that there is nothing to run. */
export function skippedWith(result: Dict): Outcome {
  return { ...succeeded({ ...result, skipped: true }, false), skipped: true };
}

export function unknownOutcome(reason: string, more: Partial<Outcome> = {}): Outcome {
  return {
    value: dict([["changed", false]]),
    changed: false,
    ...flags,
    unknown: reason,
    maybeChanged: true,
    diff: [],
    warnings: [],
    ...more,
  };
}

export function unknownBecause(unknown: Unknown, more: Partial<Outcome> = {}): Outcome {
  return unknownOutcome(unknown.reason, more);
}

export function failedWith(message: string, result: Dict = {}, more: Partial<Outcome> = {}): Outcome {
  return {
    value: { ...dict(), changed: false, ...result, failed: true, msg: message },
    changed: result["changed"] === true,
    ...flags,
    failed: true,
    diff: [],
    warnings: [],
    ...more,
  };
}

/** Codes of a HostError that mean that the host cannot be worked on at all. */
const unreachableCodes: ReadonlySet<string> = new Set([
  "unreachable",
  "host-key-unknown",
  "host-key-changed",
  "authentication-failed",
  "connection-lost",
  "protocol",
]);

/** What an error means for a task. Errors of the engine itself are passed on. */
export function outcomeOf(error: unknown, at: Position): Outcome {
  if (error instanceof ModuleFailure) return failedWith(error.message, error.result, { at });
  if (error instanceof DiagnosticError) {
    const [first] = error.diagnostics;
    const message = error.diagnostics
      .map((each) => (each.hint === undefined ? each.summary : `${each.summary}. ${each.hint}`))
      .join("; ");
    return failedWith(message, {}, { at: first?.at && first.at.file !== NO_FILE ? first.at : at });
  }
  if (error instanceof HostError) {
    if (unreachableCodes.has(error.code) && !(error.code === "connection-lost" && error.sent)) {
      return {
        value: dict([
          ["changed", false],
          ["msg", error.message],
          ["unreachable", true],
        ]),
        changed: false,
        ...flags,
        unreachable: true,
        diff: [],
        warnings: [],
        at,
      };
    }
    const fatal = error.code === "cancelled";
    return failedWith(error.message, {}, { at, ...(fatal ? { fatal } : {}) });
  }
  throw error;
}

/** What a module printed is there line by line too. */
export function withLines(outcome: Outcome): Outcome {
  const { value } = outcome;
  const lines: Dict = {};
  for (const stream of ["stdout", "stderr"] as const) {
    const text = value[stream];
    if (value[`${stream}_lines`] !== undefined) continue;
    if (typeof text === "string") lines[`${stream}_lines`] = linesOf(text);
    else if (text instanceof Unknown) lines[`${stream}_lines`] = text;
  }
  return Object.keys(lines).length === 0 ? outcome : { ...outcome, value: { ...dict(), ...value, ...lines } };
}
