import type { Reply, Script } from "../host/contract.ts";
import type { ActionResult, StepContext } from "./contract.ts";

export interface PreparedCommand {
  readonly script: Script;
  readonly stdin?: string | Buffer;
  finish(reply: Reply, seconds: number): ActionResult;
}

/** Runs one user command on its own, where the engine does not send it along with others. */
export async function runCommand(prepared: PreparedCommand, host: StepContext): Promise<ActionResult> {
  const start = process.hrtime.bigint();
  const reply = await host.request(prepared.script, {
    command: true,
    ...(prepared.stdin === undefined ? {} : { stdin: prepared.stdin }),
  });
  return prepared.finish(reply, Number(process.hrtime.bigint() - start) / 1e9);
}
