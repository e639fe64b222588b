import type { Duplex, Readable } from "node:stream";

/** A piece of POSIX shell. Made only by the `sh` tag (script.ts), which quotes every value put into it. */
export interface Script {
  readonly text: string;
  readonly [scriptBrand]: true;
}
export declare const scriptBrand: unique symbol;

/** How a host is reached. Values as Ansible's connection variables give them, already rendered. */
export interface Target {
  /** The inventory name. */
  readonly name: string;
  readonly transport: "ssh" | "openssh" | "local" | "docker";
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly privateKeyFile?: string;
  readonly passphrase?: string;
  /** `-o Key=Value`, `-J`, `-F`, `-p`, `-l`, `-i` of ansible_ssh_common_args/extra_args are honoured. */
  readonly sshArguments?: string;
  readonly hostKeyChecking: boolean;
  /** Seconds for the connection to be made. */
  readonly timeout: number;
  /** Host of a docker daemon, for transport docker. */
  readonly dockerHost?: string;
}

export interface Become {
  readonly method: "sudo" | "su" | "doas";
  readonly user: string;
  readonly password?: string;
  readonly exe?: string;
  readonly flags?: string;
}

/** One host, connected on first use. All calls may be made at once; the sessions pipeline them. */
export interface Connection {
  readonly target: Target;
  /** The long-lived shell of the login user, or of another through become; opened once each, then kept. */
  session(become?: Become): Promise<Session>;
  /** A byte stream to an address as the host sees it (direct-tcpip over SSH; a plain socket when local). */
  forward(address: string, port: number): Promise<Duplex>;
  /** Forgets all sessions and the transport; the next use connects anew (meta: reset_connection, reboot). */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export interface Session {
  /** The number of the shell's process on the host, when the session was handed out. */
  readonly process: string;
  /** Sends one request. Requests run in the order in which they were sent; many can be under way. */
  request(script: Script, options?: RequestOptions): Promise<Reply>;
  /** Streams bytes into a file of the host, over a channel of its own, as this session's user. */
  upload(
    content: Buffer | Readable,
    path: string,
    options?: { readonly mode?: string; readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Streams a file of the host. */
  download(path: string, options?: { readonly signal?: AbortSignal }): Promise<Readable>;
}

export interface RequestOptions {
  readonly stdin?: Buffer | string;
  /**
   * `probe` and `step` run in a subshell of the session under LC_ALL=C; `command` is a user's command: a child of
   * its own in its own session, in the host's locale, killed with its children when time is up or the signal fires.
   */
  readonly kind?: "probe" | "step" | "command";
  /** Seconds; then the command and its children are killed and the request fails with `timeout`. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Bytes of each stream kept; more fails with `output-too-large`. Default 64 MiB. */
  readonly maxOutput?: number;
}

export interface Reply {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Why a host did not do what was asked. `code` decides whether it counts as unreachable. */
export class HostError extends Error {
  readonly code: HostErrorCode;
  /** Whether the request had been sent: a change "may have run". */
  readonly sent: boolean;
  constructor(code: HostErrorCode, message: string, sent = false) {
    super(message);
    this.name = "HostError";
    this.code = code;
    this.sent = sent;
  }
}

export type HostErrorCode =
  | "unreachable" // no route, refused, name unknown, time out while connecting
  | "host-key-unknown"
  | "host-key-changed"
  | "authentication-failed"
  | "become-failed" // wrong or missing password, not in sudoers, no such method
  | "connection-lost"
  | "timeout"
  | "output-too-large"
  | "transfer-failed" // the host could not write or read that file; says nothing against the connection
  | "cancelled"
  | "protocol";
// host/connect.ts exports `connect(target: Target, options?: {signal?, log?: (line: string) => void}): Connection`.
// host/script.ts exports the `sh` tag, `quote`, `joinScripts`.
