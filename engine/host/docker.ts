import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { type Channel, childChannel, type Transport } from "./channel.ts";
import type { Target } from "./contract.ts";
import { sh } from "./script.ts";

/** A container as a host, through `docker exec`. */
export class DockerTransport implements Transport {
  readonly #target: Target;
  readonly #channels = new Set<Channel>();

  constructor(target: Target) {
    this.#target = target;
  }

  async open(command: string): Promise<Channel> {
    const { dockerHost, user, address } = this.#target;
    const args = [
      ...(dockerHost === undefined ? [] : ["--host", dockerHost]),
      "exec",
      "--interactive",
      ...(user === undefined ? [] : ["--user", user]),
      address,
      "/bin/sh",
      "-c",
      command,
    ];
    const channel = childChannel(spawn("docker", args, { stdio: "pipe", detached: true }));
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    return channel;
  }

  /** By what the container has: nc, or bash with its /dev/tcp. */
  async forward(address: string, port: number): Promise<Duplex> {
    const script = sh`if command -v nc >/dev/null 2>&1; then exec nc ${address} ${port}; fi
exec bash -c 'exec 3<>/dev/tcp/$0/$1 || exit 1; cat <&3 & exec cat >&3' ${address} ${port}`;
    const channel = await this.open(script.text);
    return Duplex.from({ readable: channel.stdout, writable: channel.stdin });
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) channel.destroy();
  }
}
