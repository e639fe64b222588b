import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import type { Duplex, Readable, Writable } from "node:stream";

/** One running command of a host: its streams, and how it ended. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** None where a terminal merges both streams. */
  readonly stderr: Readable | undefined;
  /** Settles when nothing more can come. Without a status the command was cut off, and `reason` may say why. */
  readonly closed: Promise<{ readonly status?: number; readonly reason?: string }>;
  destroy(): void;
}

/** A way to a host. Connects with the first use. */
export interface Transport {
  /** Starts a command line in the login user's shell. `terminal`: with a terminal, in raw mode. */
  open(command: string, options?: { readonly terminal?: boolean }): Promise<Channel>;
  forward(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}

/** A child process of the controller as a channel; destroying it closes the pipes and then ends the process. */
export function childChannel(child: ChildProcess): Channel {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new TypeError("A channel needs a child with three pipes.");
  const closed = new Promise<{ status?: number; reason?: string }>((resolve) => {
    child.once("error", (error) => resolve({ reason: error.message }));
    // The end of the process is the end of the channel: a daemon that it left may hold the pipes for ever.
    child.once("exit", (status) => setImmediate(() => drained(status)));
    const drained = (status: number | null): void => {
      const end = () => resolve(status === null ? {} : { status });
      const open = [stdout, stderr].filter((stream) => !stream.readableEnded && !stream.destroyed);
      let left = open.length;
      if (left === 0) {
        end();
        return;
      }
      // What it wrote before it ended is still to be read, however slow this machine is: only silence is the end.
      let timer: NodeJS.Timeout;
      const wait = (read: number): void => {
        timer = setTimeout(() => setImmediate(() => (bytesRead(open) === read ? end() : wait(bytesRead(open)))), 200);
      };
      wait(bytesRead(open));
      for (const stream of open) {
        stream.once("close", () => {
          left--;
          if (left === 0) {
            clearTimeout(timer);
            end();
          }
        });
      }
    };
  });
  stdin.on("error", () => {}); // told by `closed`
  return {
    stdin,
    stdout,
    stderr,
    closed,
    destroy() {
      stdin.destroy();
      stdout.destroy();
      stderr.destroy();
      if (child.exitCode === null && child.signalCode === null && !child.killed) child.kill("SIGTERM");
      // A shell that waits for its command ends after it; nobody here waits for that.
      child.unref();
    },
  };
}

function bytesRead(streams: readonly Readable[]): number {
  return streams.reduce((sum, stream) => sum + (stream instanceof Socket ? stream.bytesRead : 0), 0);
}
