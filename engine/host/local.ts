import { spawn } from "node:child_process";
import { connect as connectSocket } from "node:net";
import type { Duplex } from "node:stream";
import { type Channel, childChannel, type Transport } from "./channel.ts";
import { HostError } from "./contract.ts";

/** The controller itself. */
export class LocalTransport implements Transport {
  /** A shell other than the machine's `sh`, as the first words of a command: `["busybox", "sh"]`. */
  readonly #shell: readonly string[];
  readonly #channels = new Set<Channel>();

  constructor(shell: readonly string[] = ["/bin/sh"]) {
    this.#shell = shell;
  }

  async open(command: string): Promise<Channel> {
    const [file = "/bin/sh", ...args] = this.#shell;
    const channel = childChannel(spawn(file, [...args, "-c", command], { stdio: "pipe", detached: true }));
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    return channel;
  }

  forward(address: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const socket = connectSocket(port, address);
      socket.once("connect", () => resolve(socket));
      socket.once("error", (error) => {
        reject(new HostError("unreachable", `${address} port ${port} cannot be reached: ${error.message}.`));
      });
    });
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) channel.destroy();
  }
}
