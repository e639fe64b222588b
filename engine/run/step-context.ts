import { setTimeout as delay } from "node:timers/promises";
import { HostError } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { ModuleFailure, type StepContext } from "../modules/contract.ts";
import { send } from "./apply.ts";
import type { Connections, Seat } from "./connections.ts";

export interface StepContextOptions {
  readonly signal: AbortSignal;
  readonly timeout?: number;
  readonly trace?: (text: string) => void;
  readonly connections: Connections;
}

/** What an action may use of its host, and the temporary files that it leaves for the engine to remove. */
export interface ActionHost extends StepContext {
  /** Removes what `temporaryPath` made. Never throws. */
  cleanUp(): Promise<void>;
  /** Whether a command was sent that may have changed something. */
  readonly sent: boolean;
}

export function actionHost(seat: Seat, options: StepContextOptions): ActionHost {
  const temporary: string[] = [];
  let sent = false;
  return {
    signal: options.signal,
    get sent() {
      return sent;
    },
    async request(script, more = {}) {
      const session = await seat.session();
      options.trace?.(script.text);
      const timeout = more.timeout ?? options.timeout;
      sent = true;
      return session.request(script, {
        kind: more.command ? "command" : "step",
        signal: options.signal,
        ...(more.stdin === undefined ? {} : { stdin: more.stdin }),
        ...(timeout === undefined ? {} : { timeout }),
      });
    },
    async upload(content, path) {
      await send(content, path, await seat.session(), options.signal);
    },
    async download(path) {
      return (await seat.session()).download(path, { signal: options.signal });
    },
    forward: (address, port) => seat.connection.forward(address, port),
    reconnect: () => options.connections.reset(seat.host),
    async temporaryPath(suffix = "") {
      const session = await seat.session();
      const reply = await session.request(
        sh`umask 077; t=$(mktemp -d "\${TMPDIR:-/tmp}/.play-tmp-XXXXXXXX") || exit 1; printf %s "$t"`,
        { kind: "step", signal: options.signal },
      );
      if (reply.status !== 0) throw new ModuleFailure(`No temporary folder: ${reply.stderr.toString().trim()}`);
      const folder = reply.stdout.toString();
      temporary.push(folder);
      return `${folder}/file${suffix}`;
    },
    sleep: (seconds) => sleep(seconds, options.signal),
    log: (line) => options.trace?.(line),
    async cleanUp() {
      if (temporary.length === 0) return;
      try {
        const session = await seat.session();
        await session.request(sh`rm -rf -- ${temporary}`, { kind: "step" });
      } catch {
        // The host is gone or the run is cut: what is left stands in /tmp, readable by its user only.
      }
    },
  };
}

/** Waits; an aborted signal ends it with a HostError `cancelled`. */
export async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(seconds * 1000, undefined, { signal });
  } catch {
    throw new HostError("cancelled", "The run was interrupted.");
  }
}
