import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { dict } from "../source/value.ts";
import { integer } from "./argument-types.ts";
import { actionModule, ModuleFailure, type StepContext } from "./contract.ts";

export default actionModule({
  name: "wait_for_connection",
  summary: "Wait until the host can be reached.",
  collection: "ansible.builtin.wait_for_connection",
  args: Type.Object({
    timeout: integer("Seconds until it fails.", { default: 600 }),
    delay: integer("Seconds before the first try.", { default: 0 }),
    sleep: integer("Seconds between tries.", { default: 1 }),
    connect_timeout: integer("Seconds for one try; the connection's own setting counts.", { default: 5 }),
  }),
  example: "- ansible.builtin.wait_for_connection:\n    timeout: 120\n",
  returns: { elapsed: "seconds waited" },
  effects: () => [],

  async run(args, _context, host) {
    const start = process.hrtime.bigint();
    const elapsed = () => Number(process.hrtime.bigint() - start) / 1e9;
    await host.sleep(args.delay);
    const problem = await untilReached(host, args.timeout - args.delay, args.sleep);
    if (problem !== undefined) {
      throw new ModuleFailure(`timed out waiting for ping module test: ${problem}`, { elapsed: Math.floor(elapsed()) });
    }
    return { changed: false, result: dict([["elapsed", Math.floor(elapsed())]]) };
  },
});

/** Connects anew until the host answers; what was wrong at last, where time runs out. */
export async function untilReached(host: StepContext, seconds: number, pause: number): Promise<string | undefined> {
  const end = process.hrtime.bigint() + BigInt(Math.max(0, Math.round(seconds * 1e9)));
  while (true) {
    host.signal.throwIfAborted();
    try {
      await host.reconnect();
      await host.request(sh`:`, { timeout: Math.max(5, pause) });
      return undefined;
    } catch (error) {
      if (process.hrtime.bigint() >= end) return error instanceof Error ? error.message : String(error);
    }
    await host.sleep(pause);
  }
}
