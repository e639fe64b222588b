import { spawn } from "node:child_process";
import { setMaxListeners } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { Duplex } from "node:stream";
import ssh2, { type AuthenticationType, type ClientChannel, type ServerHostKeyAlgorithm } from "ssh2";
import type { Channel, Transport } from "./channel.ts";
import { HostError, type HostErrorCode, type Target } from "./contract.ts";
import {
  fingerprint,
  judgeHostKey,
  type KnownHost,
  keyType,
  knownHostName,
  knownTypes,
  parseKnownHosts,
} from "./known-hosts.ts";
import { Semaphore } from "./semaphore.ts";
import { type SshDestination, sshDestination } from "./ssh-config.ts";
import { credentials } from "./ssh-keys.ts";

/** sshd lets a connection have 10 sessions by default; two are left for people. */
const CHANNELS = 8;
/** sshd starts to refuse at 10 connections that have not logged in; a jump host sees all of ours. */
const HANDSHAKES = new Semaphore(24);
const ATTEMPTS = 4;

interface Link {
  readonly client: ssh2.Client;
  channels: number;
  /** Why it ended; channels report it. */
  ended: string | undefined;
  readonly under: Link | undefined;
}

interface Attempt {
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** SSH in this process, through ssh2. */
export class SshTransport implements Transport {
  readonly #target: Target;
  readonly #log: (line: string) => void;
  readonly #links: Promise<Link>[] = [];
  /** Ends attempts to connect that are under way when the transport is closed. */
  readonly #closing = new AbortController();

  constructor(target: Target, log: (line: string) => void) {
    setMaxListeners(0, this.#closing.signal);
    this.#target = target;
    this.#log = log;
  }

  async open(command: string, options: { readonly terminal?: boolean } = {}): Promise<Channel> {
    const link = await this.#link(true);
    return new Promise((resolve, reject) => {
      const release = () => link.channels--;
      const terminal = options.terminal ? { pty: { term: "dumb" } } : {};
      try {
        link.client.exec(command, terminal, (error, stream) => {
          if (!error) return resolve(sshChannel(stream, link, options.terminal === true, release));
          release();
          const why = link.ended ?? error.message;
          reject(new HostError("connection-lost", `${this.#target.name} opened no channel: ${why}.`));
        });
      } catch (error) {
        release();
        reject(new HostError("connection-lost", `${this.#target.name} opened no channel: ${messageOf(error)}.`));
      }
    });
  }

  async forward(address: string, port: number): Promise<Duplex> {
    const { client } = await this.#link(false);
    return forwardOut(client, address, port).catch((error) => {
      const message = `${this.#target.name} cannot reach ${address} port ${port}: ${messageOf(error)}.`;
      throw new HostError("unreachable", message);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const link of this.#links.splice(0)) {
      await link.then(
        (open) => endLink(open),
        () => {}, // told to who asked for it
      );
    }
  }

  /** A living connection; with `channel` one that has room for one more, and the room is taken. */
  async #link(channel: boolean): Promise<Link> {
    const looked = [...this.#links];
    for (const promise of looked) {
      const link = await promise;
      if (link.ended !== undefined) {
        const at = this.#links.indexOf(promise);
        if (at >= 0) this.#links.splice(at, 1);
      } else if (!channel || link.channels < CHANNELS) {
        if (channel) link.channels++;
        return link;
      }
    }
    // Others that found no room either may have begun one meanwhile.
    if (this.#links.some((promise) => !looked.includes(promise))) return this.#link(channel);
    const opened = connectLink(this.#target, { log: this.#log, signal: this.#closing.signal });
    this.#links.push(opened);
    opened.catch(() => {
      const at = this.#links.indexOf(opened);
      if (at >= 0) this.#links.splice(at, 1);
    });
    await opened;
    return this.#link(channel);
  }
}

function endLink(link: Link): void {
  link.client.end();
  link.client.destroy();
  if (link.under) endLink(link.under);
}

function sshChannel(stream: ClientChannel, link: Link, terminal: boolean, release: () => void): Channel {
  let status: number | undefined;
  let signal: string | undefined;
  stream.on("exit", (code: number | null, name?: string) => {
    if (code === null) signal = name;
    else status = code;
  });
  stream.on("error", () => {}); // told by `closed`
  const closed = new Promise<{ status?: number; reason?: string }>((resolve) => {
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      release();
      if (status !== undefined) resolve({ status });
      else resolve(link.ended ? { reason: link.ended } : signal ? { reason: `ended by SIG${signal}` } : {});
    };
    stream.once("close", end);
    // Where the connection breaks, ssh2 does not always close each channel.
    link.client.once("close", () => setImmediate(end));
  });
  return {
    stdin: stream,
    stdout: stream,
    stderr: terminal ? undefined : stream.stderr,
    closed,
    destroy() {
      stream.close();
      // Streams that nobody reads never end, and then the channel would not either.
      stream.resume();
      stream.stderr.resume();
    },
  };
}

/** Connects, over jump hosts where there are some; each hop's key is verified like the last one's. */
async function connectLink(target: Target, attempt: Attempt): Promise<Link> {
  const destination = await sshDestination(target);
  let under: Link | undefined;
  try {
    for (const hop of destination.jumps) {
      const hopTarget = jumpTarget(target, hop);
      const next = await sshDestination(hopTarget);
      under = await tryLink(hopTarget, next, under, attempt);
    }
    return await tryLink(target, destination, under, attempt);
  } catch (error) {
    if (under) endLink(under);
    throw error;
  }
}

function jumpTarget(target: Target, hop: string): Target {
  const [, user, host = hop, port] = /^(?:ssh:\/\/)?(?:(.*)@)?(\[.*\]|[^:]*)(?::(\d+))?$/.exec(hop) ?? [];
  const { port: _port, user: _user, sshArguments, ...rest } = target;
  const kept = (sshArguments ?? "").replace(/(^|\s)(-J\s*\S+|-o\s*["']?ProxyJump\s*=?\s*\S+)/gi, "");
  return {
    ...rest,
    name: `${target.name} (jump host ${host})`,
    address: host.replace(/^\[|\]$/g, ""),
    sshArguments: `-o ProxyJump=none ${kept.replace(/(^|\s)-(p|l)\s*\S+/g, "")}`,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

/** A server under load drops connections before its banner: those are tried again, a little later each time. */
async function tryLink(
  target: Target,
  destination: SshDestination,
  under: Link | undefined,
  { log, signal }: Attempt,
): Promise<Link> {
  for (let attempt = 1; ; attempt++) {
    const release = await HANDSHAKES.take();
    try {
      if (signal.aborted) throw new HostError("cancelled", `Connecting to ${target.name} was cancelled.`);
      log(`connecting to ${destination.user}@${destination.host} port ${destination.port}`);
      return await oneLink(target, destination, under, signal);
    } catch (error) {
      if (signal.aborted) throw new HostError("cancelled", `Connecting to ${target.name} was cancelled.`);
      if (!(error instanceof Dropped) || attempt === ATTEMPTS) throw error;
      log(`${error.message} Trying again.`);
    } finally {
      release();
    }
    await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt * (0.5 + Math.random())));
  }
}

/** Ended before the server said who it is. */
class Dropped extends HostError {}

async function oneLink(
  target: Target,
  destination: SshDestination,
  under: Link | undefined,
  signal: AbortSignal,
): Promise<Link> {
  const { host, port, user } = destination;
  const known = destination.knownHostsFiles.flatMap((file) =>
    existsSync(file) ? parseKnownHosts(readFileSync(file, "utf8"), file) : [],
  );
  const name = destination.hostKeyAlias ?? knownHostName(host, port);
  const { methods, unusable } = credentials(target, destination);
  const client = new ssh2.Client();
  client.setMaxListeners(0); // each channel listens for its end
  const link: Link = { client, channels: 0, ended: undefined, under };
  let refusal: HostError | undefined;
  let greeted = false;
  const left = [...methods];
  const sock = await socket(destination, under, target);
  return new Promise((resolve, reject) => {
    let last: (Error & { level?: string; code?: string }) | undefined;
    client.on("error", (error) => {
      last ??= error;
      link.ended ??= messageOf(error);
    });
    client.on("handshake", () => {
      greeted = true;
    });
    client.once("close", () => {
      link.ended ??= "the host closed it";
      reject(refusal ?? explain(last, target, destination, greeted, unusable));
    });
    const stop = (): void => {
      client.destroy();
      reject(new HostError("cancelled", `Connecting to ${target.name} was cancelled.`));
    };
    signal.addEventListener("abort", stop, { once: true });
    client.once("ready", () => {
      signal.removeEventListener("abort", stop);
      resolve(link);
    });
    try {
      client.connect({
        ...(sock ? { sock } : { host, port }),
        username: user,
        readyTimeout: target.timeout * 1000,
        keepaliveInterval: 15_000,
        keepaliveCountMax: 3,
        algorithms: {
          kex: { prepend: ["curve25519-sha256"], append: [], remove: [] },
          cipher: { prepend: ["aes128-gcm@openssh.com"], append: [], remove: [] },
          serverHostKey: { prepend: preferred(knownTypes(known, name)), append: [], remove: [] },
        },
        hostVerifier: (key: Buffer) => {
          refusal = verify(key, known, name, target, destination);
          return refusal === undefined;
        },
        authHandler: (allowed: AuthenticationType[] | null, _partial, next) => {
          let method = left.shift();
          const possible = (type: string) =>
            allowed === null ||
            type === "none" ||
            allowed.some((one) => one === (type === "agent" ? "publickey" : type));
          while (method && !possible(method.type)) method = left.shift();
          // ssh2 ends the login on `false`, which its types do not know.
          next(method ?? (false as unknown as "none"));
        },
      });
    } catch (error) {
      reject(new HostError("unreachable", `${target.name} cannot be connected to: ${messageOf(error)}.`));
    }
  });
}

async function socket(
  destination: SshDestination,
  under: Link | undefined,
  target: Target,
): Promise<Duplex | undefined> {
  const { host, port, proxyCommand } = destination;
  if (under) {
    return forwardOut(under.client, host, port).catch((error) => {
      const message = `${target.name} cannot be reached: the jump host says ${messageOf(error)}.`;
      throw new HostError("unreachable", message);
    });
  }
  if (proxyCommand === undefined) return undefined;
  const child = spawn("sh", ["-c", `exec ${proxyCommand}`], { stdio: ["pipe", "pipe", "ignore"] });
  child.on("error", () => {}); // the socket's end tells it
  return Duplex.from({ writable: child.stdin, readable: child.stdout });
}

function forwardOut(client: ssh2.Client, address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, address, port, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}

function preferred(types: readonly string[]): ServerHostKeyAlgorithm[] {
  return types.flatMap((type): ServerHostKeyAlgorithm[] => {
    if (type === "ssh-rsa") return ["rsa-sha2-512", "rsa-sha2-256"];
    const known = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"] as const;
    return known.filter((one) => one === type);
  });
}

function verify(
  key: Buffer,
  known: readonly KnownHost[],
  name: string,
  target: Target,
  destination: SshDestination,
): HostError | undefined {
  const verdict = judgeHostKey(known, name, key);
  const shown = `${keyType(key)} ${fingerprint(key)}`;
  if (verdict.kind === "known") return undefined;
  if (verdict.kind === "revoked") {
    const place = `${verdict.known.file}:${verdict.known.line}`;
    return new HostError("host-key-changed", `${target.name} shows a key that ${place} marks as revoked (${shown}).`);
  }
  if (destination.checking === "off") return undefined;
  if (verdict.kind === "changed") {
    const { file, line, type, key: old } = verdict.known;
    const message =
      `The host key of ${target.name} has changed: it shows ${shown}, but ${file}:${line} holds ${type} ` +
      `${fingerprint(old)}. If the host was reinstalled: ssh-keygen -R '${name}' -f ${file}.`;
    return new HostError("host-key-changed", message);
  }
  const [file] = destination.knownHostsFiles;
  if (destination.checking === "accept-new" && file !== undefined) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, `${name} ${keyType(key)} ${key.toString("base64")}\n`, { mode: 0o600 });
    return undefined;
  }
  const message =
    `The host key of ${target.name} is not known (${shown}): add it to ${file ?? "a known_hosts file"}, ` +
    "or set StrictHostKeyChecking=accept-new in ansible_ssh_common_args.";
  return new HostError("host-key-unknown", message);
}

function explain(
  error: (Error & { level?: string; code?: string }) | undefined,
  target: Target,
  destination: SshDestination,
  greeted: boolean,
  unusable: readonly string[],
): HostError {
  const where = `${target.name} (${destination.host} port ${destination.port})`;
  const fail = (code: HostErrorCode, message: string) => new HostError(code, message);
  if (error?.level === "client-authentication") {
    const notes = unusable.length > 0 ? `; ${unusable.join("; ")}` : "";
    return fail("authentication-failed", `${where} does not let ${destination.user} log in${notes}.`);
  }
  const code = error?.code ?? "";
  if (error?.level === "client-timeout")
    return fail("unreachable", `${where} did not answer within ${target.timeout} s.`);
  const reasons: { [code: string]: string } = {
    ECONNREFUSED: "refuses the connection: nothing listens there (ECONNREFUSED)",
    EHOSTUNREACH: "cannot be reached: no route to it (EHOSTUNREACH)",
    ENETUNREACH: "cannot be reached: no route to its network (ENETUNREACH)",
    ETIMEDOUT: "did not answer (ETIMEDOUT)",
    ENOTFOUND: "is a name that does not resolve (ENOTFOUND)",
    EAI_AGAIN: "is a name that does not resolve at present (EAI_AGAIN)",
  };
  if (reasons[code]) return fail("unreachable", `${where} ${reasons[code]}.`);
  if (!greeted) return new Dropped("unreachable", `${where} dropped the connection: ${messageOf(error)}.`);
  return fail("unreachable", `${where} cannot be connected to: ${messageOf(error)}.`);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : "it closed the connection").replace(/\.$/, "");
}
