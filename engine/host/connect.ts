import type { Duplex } from "node:stream";
import { Readable } from "node:stream";
import { type Started, startShell } from "./become.ts";
import type { Transport } from "./channel.ts";
import {
  type Become,
  type Connection,
  HostError,
  type Reply,
  type RequestOptions,
  type Script,
  type Session,
  type Target,
} from "./contract.ts";
import { LocalTransport } from "./local.ts";
import { sh } from "./script.ts";
import { Shell } from "./shell.ts";
import { download, upload } from "./transfer.ts";

export interface ConnectOptions {
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

/** A connection to a host; nothing happens before its first use. */
export function connect(target: Target, options: ConnectOptions = {}): Connection {
  return new HostConnection(target, options);
}

/** Transfers of one connection under way at once: OpenSSH allows ten channels, the sessions need some. */
const TRANSFERS = 4;
/** Bytes of one request where a file has to travel through the session itself. */
const CHUNK = 256 * 1024;

class HostConnection implements Connection {
  readonly target: Target;
  readonly #options: ConnectOptions;
  #transport: Promise<Transport> | undefined;
  #sessions = new Map<string, Promise<ShellSession>>();
  #transfers = 0;
  readonly #queue: (() => void)[] = [];

  constructor(target: Target, options: ConnectOptions) {
    this.target = target;
    this.#options = options;
  }

  async session(become?: Become): Promise<Session> {
    const key = become ? JSON.stringify(become) : "";
    const known = await this.#sessions.get(key)?.catch(() => undefined);
    if (known && !known.dead) return known;
    // Someone else may have opened it while this call waited.
    const current = this.#sessions.get(key);
    const reopened = current && (await current.catch(() => undefined));
    if (reopened && !reopened.dead) return reopened;
    const opening = this.#open(become);
    this.#sessions.set(key, opening);
    opening.catch(() => {
      if (this.#sessions.get(key) === opening) this.#sessions.delete(key);
    });
    return opening;
  }

  async forward(address: string, port: number): Promise<Duplex> {
    return (await this.#connected()).forward(address, port);
  }

  async reset(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    const transport = this.#transport;
    this.#sessions = new Map();
    this.#transport = undefined;
    for (const session of sessions) void session.then((each) => each.end()).catch(() => {});
    await transport?.then((each) => each.close()).catch(() => {});
  }

  close(): Promise<void> {
    return this.reset();
  }

  async #connected(): Promise<Transport> {
    this.#transport ??= this.#newTransport();
    const opening = this.#transport;
    opening.catch(() => {
      if (this.#transport === opening) this.#transport = undefined;
    });
    return opening;
  }

  async #newTransport(): Promise<Transport> {
    const { target } = this;
    const log = this.#options.log ?? (() => {});
    switch (target.transport) {
      case "local":
        return new LocalTransport();
      case "docker":
        return new (await import("./docker.ts")).DockerTransport(target);
      case "openssh":
        return new (await import("./openssh.ts")).OpensshTransport(target);
      case "ssh":
        return (await import("./ssh.ts")).connectSsh(target, {
          log,
          gone: () => this.#forget(),
          ...(this.#options.signal ? { signal: this.#options.signal } : {}),
        });
    }
  }

  /** The transport is gone: the next use connects anew. */
  #forget(): void {
    this.#transport = undefined;
    this.#sessions = new Map();
  }

  async #open(become: Become | undefined): Promise<ShellSession> {
    const { target } = this;
    const started = await this.#start(become);
    const name = target.name;
    let control: Promise<Shell> | undefined;
    const shell = await Shell.start(started.channel, {
      name,
      timeout: target.timeout,
      unread: started.unread,
      control: async () => {
        control ??= this.#start(become).then((more) =>
          Shell.start(more.channel, {
            name,
            timeout: target.timeout,
            unread: more.unread,
            control: () => Promise.reject(new HostError("protocol", "The second session of a host hangs too.")),
          }),
        );
        return control;
      },
    });
    return new ShellSession(shell, started.channel.stderr === undefined, {
      start: () => this.#start(become),
      slot: (work) => this.#slot(work),
      name,
      ended: () => void control?.then((each) => each.close()).catch(() => {}),
    });
  }

  async #start(become: Become | undefined): Promise<Started> {
    const transport = await this.#connected();
    return startShell(transport, this.target, become);
  }

  async #slot<T>(work: () => Promise<T>): Promise<T> {
    while (this.#transfers >= TRANSFERS) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#transfers++;
    try {
      return await work();
    } finally {
      this.#transfers--;
      this.#queue.shift()?.();
    }
  }
}

interface SessionParts {
  readonly start: () => Promise<Started>;
  readonly slot: <T>(work: () => Promise<T>) => Promise<T>;
  readonly name: string;
  readonly ended: () => void;
}

class ShellSession implements Session {
  readonly #shell: Shell;
  readonly #merged: boolean;
  readonly #parts: SessionParts;

  constructor(shell: Shell, merged: boolean, parts: SessionParts) {
    this.#shell = shell;
    this.#merged = merged;
    this.#parts = parts;
  }

  get dead(): boolean {
    return this.#shell.dead;
  }

  end(): void {
    this.#shell.close();
    this.#parts.ended();
  }

  request(script: Script, options?: RequestOptions): Promise<Reply> {
    return this.#shell.request(script, options);
  }

  async upload(
    content: Buffer | Readable,
    path: string,
    options: { readonly mode?: string; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const mode = options.mode ?? "0600";
    const prepare = sh`umask 077; : >${path} && chmod ${mode} ${path}`;
    if (this.#merged) return this.#uploadInside(content, path, prepare);
    await this.#parts.slot(async () =>
      upload(await this.#parts.start(), content, path, { mode, signal: options.signal }),
    );
  }

  /** Over a terminal no end of a file can be told: the content goes in pieces through the session's own frames. */
  async #uploadInside(content: Buffer | Readable, path: string, prepare: Script): Promise<void> {
    const check = (reply: Reply) => {
      if (reply.status !== 0)
        throw new HostError(
          "protocol",
          `Writing ${path} on ${this.#parts.name} failed: ${reply.stderr.toString("utf8").trim()}`,
        );
    };
    check(await this.request(prepare, { kind: "step" }));
    const pieces: AsyncIterable<Buffer> | Iterable<Buffer> = Buffer.isBuffer(content) ? chunks(content) : content;
    for await (const piece of pieces)
      check(await this.request(sh`cat >>${path}`, { kind: "step", stdin: Buffer.from(piece) }));
  }

  async download(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<Readable> {
    if (this.#merged) {
      const reply = await this.request(sh`cat ${path}`, { kind: "step" });
      if (reply.status !== 0)
        throw new HostError(
          "protocol",
          `Reading ${path} on ${this.#parts.name} failed: ${reply.stderr.toString("utf8").trim()}`,
        );
      return Readable.from([reply.stdout]);
    }
    return download(await this.#parts.start(), path, { signal: options.signal });
  }
}

function* chunks(content: Buffer): Iterable<Buffer> {
  for (let at = 0; at < content.length; at += CHUNK) yield content.subarray(at, at + CHUNK);
}
