import { setMaxListeners } from "node:events";
import type { Duplex, Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type Started, startShell } from "./become.ts";
import type { Transport } from "./channel.ts";
import type { Become, Connection, Reply, RequestOptions, Script, Session, Target } from "./contract.ts";
import { HostError } from "./contract.ts";
import { LocalTransport } from "./local.ts";
import { Shell } from "./shell.ts";
import { download, type TransferOptions, transferInside, upload } from "./transfer.ts";

export interface ConnectOptions {
  /** Ends all of it: connections under way, and requests. */
  readonly signal?: AbortSignal;
  /** Gets lines about what is done to reach the host, for -vvv. */
  readonly log?: (line: string) => void;
}

type MakeTransport = (target: Target, log: (line: string) => void) => Promise<Transport>;

/** Seconds in which a run that is cut ends what it began on a host; then it is left. */
const HANG_UP = 5;

/** So small a content is sent within the session: a channel of its own, with sudo, takes longer. */
const INLINE_UPLOAD = 128 * 1024;

/** Makes a connection to a host; nothing is opened before its first use. */
export function connect(target: Target, options: ConnectOptions = {}): Connection {
  return new HostConnection(target, options, transportTo);
}

/** Loaded on demand: a run on this machine alone needs no SSH library. */
async function transportTo(target: Target, log: (line: string) => void): Promise<Transport> {
  switch (target.transport) {
    case "ssh":
      return new (await import("./ssh.ts")).SshTransport(target, log);
    case "openssh":
      return new (await import("./openssh.ts")).OpensshTransport(target);
    case "docker":
      return new (await import("./docker.ts")).DockerTransport(target);
    case "local":
      return new LocalTransport();
  }
}

/** Exported for tests, which bring a transport of their own. */
export class HostConnection implements Connection {
  readonly target: Target;
  readonly #options: ConnectOptions;
  readonly #makeTransport: MakeTransport;
  #transport: Promise<Transport> | undefined;
  readonly #shells = new Map<string, Promise<Shell>>();
  readonly #open = new Set<Shell>();

  constructor(target: Target, options: ConnectOptions, makeTransport: MakeTransport) {
    this.target = target;
    this.#options = options;
    this.#makeTransport = makeTransport;
    if (options.signal) {
      setMaxListeners(0, options.signal); // one signal ends the connections to all hosts
      options.signal.addEventListener("abort", () => void this.#hangUp(), { once: true });
    }
  }

  async session(become?: Become): Promise<Session> {
    const shell = await this.shell(become);
    return new HostSession(this, become, shell.process);
  }

  async forward(address: string, port: number): Promise<Duplex> {
    return (await this.#reach()).forward(address, port);
  }

  async reset(): Promise<void> {
    const shells = [...this.#shells.values()];
    const transport = this.#transport;
    this.#shells.clear();
    this.#open.clear();
    this.#transport = undefined;
    // A shell or transport that could not be opened was told to who asked for it.
    for (const shell of shells) {
      shell.then(
        (open) => open.close(),
        () => {},
      );
    }
    await transport?.then(
      (open) => open.close(),
      () => {},
    );
  }

  close(): Promise<void> {
    return this.reset();
  }

  /** Starts a shell on a channel of its own, as that user. */
  async start(become: Become | undefined): Promise<Started> {
    return startShell(await this.#reach(), this.target, become);
  }

  /** The kept shell of a user; a new one if there is none or it was lost. `control`: the one that kills for it. */
  async shell(become?: Become, control = false): Promise<Shell> {
    const key = JSON.stringify([control, become?.method, become?.user, become?.exe, become?.flags, become?.password]);
    const kept = this.#shells.get(key);
    if (kept) {
      const shell = await kept;
      if (!shell.dead) return shell;
      if (this.#shells.get(key) === kept) this.#shells.delete(key);
      return this.shell(become, control);
    }
    const opened = this.#startLoop(become);
    this.#shells.set(key, opened);
    opened.catch(() => {
      if (this.#shells.get(key) === opened) this.#shells.delete(key);
    });
    return opened;
  }

  async #startLoop(become: Become | undefined): Promise<Shell> {
    const { channel, unread } = await this.start(become);
    const { name, timeout } = this.target;
    const shell = await Shell.start(channel, { unread, name, timeout, control: () => this.shell(become, true) });
    this.#open.add(shell);
    return shell;
  }

  /**
   * The signal fired. A channel that is closed ends nothing on the host, so it stays until the requests under way have
   * been killed there, and then for who closes the connection: a lease may be given back.
   */
  async #hangUp(): Promise<void> {
    const shells = [...this.#open].filter((shell) => !shell.dead);
    const ended = Promise.all(shells.map((shell) => shell.idle())).then(() => shells.length > 0);
    const late = delay(HANG_UP * 1000, false, { ref: false });
    if (!(await Promise.race([ended, late]))) await this.reset();
  }

  #reach(): Promise<Transport> {
    // One that is there may still be needed: what runs on the host is killed over it.
    if (this.#options.signal?.aborted && !this.#transport) {
      return Promise.reject(new HostError("cancelled", `The connection to ${this.target.name} was cancelled.`));
    }
    this.#transport ??= this.#makeTransport(this.target, (line) => this.#options.log?.(line));
    return this.#transport;
  }
}

/** Outlives the shell that it talks to: after a loss or a reset the next request opens a new one. */
class HostSession implements Session {
  readonly process: string;
  readonly #connection: HostConnection;
  readonly #become: Become | undefined;

  constructor(connection: HostConnection, become: Become | undefined, process: string) {
    this.process = process;
    this.#connection = connection;
    this.#become = become;
  }

  async request(script: Script, options?: RequestOptions): Promise<Reply> {
    const shell = await this.#connection.shell(this.#become);
    return shell.request(script, options);
  }

  async upload(content: Buffer | Readable, path: string, options: TransferOptions = {}): Promise<void> {
    const shell = await this.#connection.shell(this.#become);
    // A terminal cannot tell the end of a file, so there everything goes through the session's own frames.
    if (shell.merged || (Buffer.isBuffer(content) && content.length <= INLINE_UPLOAD)) {
      return transferInside(shell, content, path, options);
    }
    return upload(await this.#connection.start(this.#become), content, path, options);
  }

  async download(path: string, options: TransferOptions = {}): Promise<Readable> {
    return download(await this.#connection.start(this.#become), path, options);
  }
}
