import { randomInt } from "node:crypto";
import { Type } from "@sinclair/typebox";
import type { Reply } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { type ActionResult, actionModule, type Module, ModuleFailure } from "../modules/contract.ts";
import type { Task } from "../playbook/tree.ts";
import { type Dict, dict } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import type { Prepared } from "./item.ts";
import { actionOutcome, runAction } from "./item-action.ts";
import { Keywords } from "./keywords.ts";
import { type Outcome, outcomeOf, succeeded } from "./outcome.ts";
import { sleep } from "./step-context.ts";

/*
 * async: the command runs on the host by itself, detached from the session, in a folder that holds its output and its
 * end. Whoever asks later (`async_status`, or `poll` here) reads that folder.
 */

/** How a detached command's result is made, once it has ended; for the jobs this run started. */
const finishers = new Map<string, (reply: Reply, seconds: number) => ActionResult>();

/** Whether a task asks for it. */
export function wantsDetached(task: Task): boolean {
  return task.async !== undefined && task.async !== 0 && task.async !== null;
}

/** Starts an action detached; with `poll` it waits for the end, otherwise the job is only begun. */
export async function runDetached(item: Prepared & { kind: "action" }, vars: TaskVars): Promise<Outcome> {
  const { ready, module } = item;
  const { task } = ready.job;
  const { run } = ready.job.play;
  let limit: number;
  let poll: number;
  try {
    const keywords = new Keywords(vars.templar, task.at);
    limit = keywords.number("async", task.async) ?? 0;
    poll = keywords.number("poll", task.poll) ?? 15;
  } catch (error) {
    return outcomeOf(error, task.at);
  }
  if (limit <= 0) return runAction(item);
  const command = module.command?.(ready.args, ready.context);
  const seat = ready.seat;
  // What is more than one command runs here and now: its result is what a job's would be.
  if (!command || !seat) {
    const outcome = await runAction(item);
    if (poll > 0) return outcome;
    const jobId = newJobId();
    finishedHere.set(jobId, outcome.value);
    return succeeded(started(jobId, ""), outcome.changed);
  }
  const jobId = newJobId();
  finishers.set(jobId, command.finish);
  try {
    const session = await seat.session();
    const reply = await session.request(startScript(jobId, command.script.text, limit), {
      kind: "step",
      signal: run.cut,
      ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
    });
    if (reply.status !== 0) throw new ModuleFailure(`Could not start the job: ${reply.stderr.toString().trim()}`);
    run.connections.changed(seat.host);
    if (poll <= 0) return succeeded(started(jobId, reply.stdout.toString().trim()), true);
    for (let left = limit; ; left -= poll) {
      await sleep(Math.min(poll, Math.max(left, 0)), run.cut);
      const state = jobState(await session.request(statusScript(jobId), { kind: "probe", signal: run.cut }));
      if (state.kind === "ended") {
        await session.request(sh`rm -rf -- "$HOME/.play_async/"${jobId}`, { kind: "step" });
        const outcome = actionOutcome(command.finish(state.reply, state.seconds));
        outcome.value["ansible_job_id"] = jobId;
        outcome.value["finished"] = true;
        outcome.value["started"] = true;
        run.emit({ type: "async-end", host: ready.job.host.name, jobId, failed: outcome.failed });
        return outcome;
      }
      if (left - poll <= 0) {
        await session.request(killJobScript(jobId), { kind: "step" });
        throw new ModuleFailure(`async task did not complete within the requested time - ${limit}s`, {
          ansible_job_id: jobId,
          finished: false,
          started: true,
        });
      }
      run.emit({ type: "async-poll", host: ready.job.host.name, jobId, left: left - poll });
    }
  } catch (error) {
    return outcomeOf(error, task.at);
  } finally {
    run.connections.changed(seat.host);
  }
}

function newJobId(): string {
  return `j${randomInt(1e11, 1e12)}.${process.pid}`;
}

function started(jobId: string, folder: string): Dict {
  return dict([
    ["ansible_job_id", jobId],
    ["started", true],
    ["finished", false],
    ["results_file", folder],
  ]);
}

/** A process of its own session that writes its streams and, last, its status. A timer ends what takes too long. */
function startScript(jobId: string, text: string, limit: number): ReturnType<typeof sh> {
  return joinScripts([
    sh`d="$HOME/.play_async/"${jobId}; umask 077; mkdir -p "$d" && cat > "$d/stdin" || exit 1`,
    sh`printf %s ${text} > "$d/script" || exit 1`,
    sh`date +%s > "$d/begin"`,
    sh`run=sh; command -v setsid >/dev/null 2>&1 && run='setsid sh'
$run -c ${`d=$1; echo $$ > "$d/pid"; sh "$d/script" < "$d/stdin" > "$d/stdout" 2> "$d/stderr" & p=$!
( sleep "$2"; kill "$p" 2>/dev/null ) >/dev/null 2>&1 & t=$!
wait "$p"; s=$?; kill "$t" 2>/dev/null; date +%s > "$d/end"; echo "$s" > "$d/status.new"; mv "$d/status.new" "$d/status"`} job "$d" ${limit} </dev/null >/dev/null 2>&1 &
printf '%s\n' "$d"`,
  ]);
}

function killJobScript(jobId: string): ReturnType<typeof sh> {
  return sh`d="$HOME/.play_async/"${jobId}; p=$(cat "$d/pid" 2>/dev/null) && kill -- "-$p" 2>/dev/null || kill "$p" 2>/dev/null; rm -rf -- "$d"`;
}

/** Prints: state, seconds, lengths, then the streams. */
function statusScript(jobId: string): ReturnType<typeof sh> {
  return sh`d="$HOME/.play_async/"${jobId}
if [ ! -d "$d" ]; then echo missing; exit; fi
if [ ! -e "$d/status" ]; then echo running; exit; fi
echo ended "$(cat "$d/status")" $(($(cat "$d/end") - $(cat "$d/begin"))) "$(wc -c < "$d/stdout" | tr -d ' ')"
cat "$d/stdout" "$d/stderr"`;
}

type JobState =
  | { readonly kind: "missing" }
  | { readonly kind: "running" }
  | { readonly kind: "ended"; readonly reply: Reply; readonly seconds: number };

function jobState(answer: Reply): JobState {
  const end = answer.stdout.indexOf(10);
  const line = answer.stdout.subarray(0, end < 0 ? undefined : end).toString();
  const [kind, status, seconds, length] = line.split(" ");
  if (kind !== "ended") return kind === "running" ? { kind: "running" } : { kind: "missing" };
  const rest = answer.stdout.subarray(end + 1);
  const size = Number(length);
  return {
    kind: "ended",
    seconds: Number(seconds),
    reply: { status: Number(status), stdout: rest.subarray(0, size), stderr: rest.subarray(size) },
  };
}

/** `async_status`: how a job that was begun earlier stands. */
export const asyncStatus: Module = actionModule({
  name: "async_status",
  summary: "Ask how a job that was started with async stands.",
  collection: "ansible.builtin.async_status",
  args: Type.Object({
    jid: Type.String({ description: "The job's id, `ansible_job_id` of the task that started it." }),
    mode: Type.Optional(
      Type.Union([Type.Literal("status"), Type.Literal("cleanup")], { description: "cleanup removes its folder." }),
    ),
  }),
  example: '- ansible.builtin.async_status:\n    jid: "{{ begun.ansible_job_id }}"\n',
  returns: { finished: "whether it has ended", started: "true" },
  readOnly: () => true,
  async run(args, _context, host) {
    const base = dict([
      ["ansible_job_id", args.jid],
      ["started", true],
    ]);
    if (args.mode === "cleanup") {
      await host.request(sh`rm -rf -- "$HOME/.play_async/"${args.jid}`);
      return { changed: false, result: { ...base, erased: args.jid } };
    }
    const state = jobState(await host.request(statusScript(args.jid)));
    if (state.kind === "missing") {
      const done = finishedHere.get(args.jid);
      if (done) return { changed: done["changed"] === true, result: { ...done, ...base, finished: true } };
      const nothing = { stdout: "", stdout_lines: [], stderr: "", stderr_lines: [] };
      return {
        changed: false,
        failed: true,
        result: { ...base, ...nothing, finished: true, msg: "could not find job" },
      };
    }
    if (state.kind === "running") return { changed: false, result: { ...base, finished: false } };
    const finish = finishers.get(args.jid) ?? plainResult;
    const { changed, failed, result } = finish(state.reply, state.seconds);
    return { changed, ...(failed === undefined ? {} : { failed }), result: { ...result, ...base, finished: true } };
  },
});

/** Results of jobs that were no single command and so ended when they began. */
export const finishedHere = new Map<string, Dict>();

/** A job of an earlier run: how its module would put it is not known any more. */
function plainResult(reply: Reply): ActionResult {
  const [stdout, stderr] = [reply.stdout.toString().trimEnd(), reply.stderr.toString().trimEnd()];
  const failed = reply.status !== 0;
  return {
    changed: true,
    failed,
    result: dict([
      ["rc", reply.status],
      ["stdout", stdout],
      ["stdout_lines", stdout === "" ? [] : stdout.split("\n")],
      ["stderr", stderr],
      ["stderr_lines", stderr === "" ? [] : stderr.split("\n")],
      ...(failed ? ([["msg", "non-zero return code"]] as const) : []),
    ]),
  };
}
