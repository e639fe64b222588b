import type { Reply } from "../host/contract.ts";
import type { Dict } from "../source/value.ts";
import { type DiffPart, type Look, ModuleFailure, type Plan, type StepContext } from "./contract.ts";

/** What a look finds out, within an action. */
export async function answerNow<T>(look: Look<T>, host: StepContext): Promise<T> {
  let step = look.next([]);
  while (!step.done) {
    const answers: unknown[] = [];
    for (const query of step.value.queries) {
      const reply = await host.request(query.script, query.stdin === undefined ? {} : { stdin: query.stdin });
      answers.push(query.decode(reply));
    }
    step = look.next(answers);
  }
  return step.value;
}

/** Plans and carries out within an action: what is to be landed is known only once the action has run. */
export async function lookNow(
  look: Look<Plan>,
  host: StepContext,
): Promise<{ changed: boolean; result: Dict; diff: readonly DiffPart[] }> {
  const { change, result } = await answerNow(look, host);
  if (!change) return { changed: false, result: result ?? {}, diff: [] };
  const replies: Reply[] = [];
  for (const each of change.steps) {
    if (each.upload) {
      const { content } = each.upload;
      if (!("bytes" in content)) throw new ModuleFailure("Only bytes can be landed within an action.");
      await host.upload(content.bytes, each.upload.path);
    }
    const reply = await host.request(each.script, each.stdin === undefined ? {} : { stdin: each.stdin });
    if (!(each.ok ?? [0]).includes(reply.status)) {
      throw new ModuleFailure(`Could not ${each.name}: ${reply.stderr.toString().trim()}`);
    }
    replies.push(reply);
  }
  return { changed: true, result: { ...result, ...change.finish?.(replies) }, diff: change.diff };
}
