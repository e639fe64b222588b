import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { type Channel, childChannel, type Transport } from "./channel.ts";
import { HostError, type Target } from "./contract.ts";
import { splitWords } from "./ssh-arguments.ts";

/** Through the system's `ssh`: for what ssh2 lacks (certificates, FIDO keys, GSSAPI, post-quantum exchange). */
export class OpensshTransport implements Transport {
  readonly #target: Target;
  readonly #channels = new Set<Channel>();

  constructor(target: Target) {
    this.#target = target;
  }

  async open(command: string, options: { readonly terminal?: boolean } = {}): Promise<Channel> {
    if (this.#target.password !== undefined) {
      const message = `${this.#target.name}: the openssh transport takes keys and agents, no password; use ssh.`;
      throw new HostError("authentication-failed", message);
    }
    const words = [...this.#words(), ...(options.terminal ? ["-tt"] : []), "--", this.#target.address, command];
    const channel = this.#spawn(words);
    return options.terminal ? { ...channel, stderr: undefined } : channel;
  }

  async forward(address: string, port: number): Promise<Duplex> {
    const host = address.includes(":") ? `[${address}]` : address;
    const { stdin, stdout } = this.#spawn([...this.#words(), "-W", `${host}:${port}`, "--", this.#target.address]);
    return Duplex.from({ writable: stdin, readable: stdout });
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) channel.destroy();
  }

  #words(): string[] {
    const { port, user, privateKeyFile, hostKeyChecking, timeout, sshArguments } = this.#target;
    return [
      ...splitWords(sshArguments ?? ""),
      ...["-o", "BatchMode=yes", "-o", `ConnectTimeout=${Math.ceil(timeout)}`, "-o", "ServerAliveInterval=15"],
      ...(hostKeyChecking ? [] : ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]),
      ...(port === undefined ? [] : ["-p", String(port)]),
      ...(user === undefined ? [] : ["-l", user]),
      ...(privateKeyFile === undefined ? [] : ["-i", privateKeyFile]),
    ];
  }

  #spawn(words: readonly string[]): Channel {
    const channel = childChannel(spawn("ssh", words, { stdio: "pipe" }));
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    return channel;
  }
}
