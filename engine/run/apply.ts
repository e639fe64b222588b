import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { HostError, type Reply, type Script, type Session } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { type Change, type ContentSource, ModuleFailure, type Step, type StepContext } from "../modules/contract.ts";
import type { Seat } from "./connections.ts";

/** Bytes up to which an upload travels with the requests instead of a channel of its own. */
const smallUpload = 256 * 1024;

export interface ApplyOptions {
  readonly signal: AbortSignal;
  /** Seconds for each step that names none. */
  readonly timeout?: number;
  readonly context: StepContext;
  /** Runs in the same request before the first step: marks of handlers. */
  readonly before?: Script;
  readonly trace?: (text: string) => void;
}

/** Thrown where a connection was lost while steps were under way: the task is looked at and planned anew. */
export class StepsLost extends Error {
  readonly reason: HostError;
  constructor(reason: HostError) {
    super(reason.message);
    this.name = "StepsLost";
    this.reason = reason;
  }
}

/** Thrown before the first step where another run may have changed the host since it was looked at. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}

/**
 * Carries out a plan's steps, one after the other, but for those that can be taken together; those of several items
 * share the pipe.
 * @throws ModuleFailure where a step failed, StepsLost, HostError
 */
export async function applySteps(change: Change, seat: Seat, options: ApplyOptions): Promise<Reply[]> {
  const replies: Reply[] = [];
  try {
    let { before } = options;
    for (const steps of rounds(change.steps)) {
      const mark = before;
      replies.push(
        ...(await Promise.all(steps.map((step, at) => applyStep(step, at === 0 ? mark : undefined, seat, options)))),
      );
      before = undefined;
    }
  } catch (error) {
    if (error instanceof HostError && error.code === "connection-lost") throw new StepsLost(error);
    throw error;
  }
  return replies;
}

/** Steps in a row that can be taken together do not wait for each other. */
function rounds(steps: readonly Step[]): Step[][] {
  const found: Step[][] = [];
  for (const step of steps) {
    const last = found.at(-1);
    if (step.joint && last?.[0]?.joint) last.push(step);
    else found.push([step]);
  }
  return found;
}

async function applyStep(step: Step, before: Script | undefined, seat: Seat, options: ApplyOptions): Promise<Reply> {
  const session = await seat.session();
  if (step.upload) await upload(step.upload.content, step.upload.path, session, options);
  const timeout = step.timeout ?? options.timeout;
  const reply = await seat.joint.request(session, {
    script: before ? joinScripts([before, step.script]) : step.script,
    // What leaves marks goes at once: the changes of other items rely on them.
    joint: before ? undefined : step.joint,
    trace: options.trace,
    options: {
      kind: "step",
      signal: options.signal,
      ...(step.stdin === undefined ? {} : { stdin: step.stdin }),
      ...(timeout === undefined ? {} : { timeout }),
    },
  });
  if (!(step.ok ?? [0]).includes(reply.status)) throw stepFailure(step, reply);
  return reply;
}

function stepFailure(step: Step, reply: Reply): ModuleFailure {
  const stderr = reply.stderr.toString().trim();
  const stdout = reply.stdout.toString().trim();
  const reason = stderr || stdout.split("\n").at(-1) || `exit status ${reply.status}`;
  return new ModuleFailure(`Could not ${step.name}: ${reason}`, {
    rc: reply.status,
    stderr: reply.stderr.toString(),
    stdout: reply.stdout.toString(),
  });
}

async function upload(content: ContentSource, path: string, session: Session, options: ApplyOptions): Promise<void> {
  const source = await opened(content, options.context);
  await send(source, path, session, options.signal);
}

async function opened(content: ContentSource, context: StepContext): Promise<Buffer | Readable> {
  if ("bytes" in content) return content.bytes;
  if ("file" in content) return createReadStream(content.file);
  return content.open(context);
}

/** Puts bytes into a file of the host; small ones without a channel of their own. */
export async function send(
  content: Buffer | Readable,
  path: string,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  if (!Buffer.isBuffer(content) || content.length > smallUpload) {
    await session.upload(content, path, { signal });
    return;
  }
  const reply = await session.request(sh`umask 077; cat > ${path} || exit 1`, { kind: "step", stdin: content, signal });
  if (reply.status !== 0) throw new ModuleFailure(`Could not upload to ${path}: ${reply.stderr.toString().trim()}`);
}
