import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Channel } from "./channel.ts";
import type { Reply, RequestOptions, Script } from "./contract.ts";
import { HostError } from "./contract.ts";
import { killScript, loopFrame, requestFrame } from "./loop.ts";
import { MarkerStream } from "./marker-stream.ts";

const DEFAULT_MAX_OUTPUT = 64 * 1024 * 1024;
/** So much is under way at once; what waits behind it can still be withdrawn, and has surely not run. */
const WINDOW_REQUESTS = 64;
const WINDOW_BYTES = 256 * 1024;
/** Seconds until a session is given up when its command was killed and nevertheless nothing comes. */
const GRACE = 10;

export interface ShellOptions {
  /** What comes first on the channel's streams (it was read during the start). */
  readonly unread?: { readonly stdout: readonly Buffer[]; readonly stderr: readonly Buffer[] };
  /** Opens a session of the same user, over which a hung command is killed. */
  readonly control: () => Promise<Pick<Shell, "request">>;
  /** The host's name, for messages. */
  readonly name: string;
  /** Seconds until the first answer must be there. */
  readonly timeout: number;
}

interface Pending {
  readonly id: number;
  readonly frame: Buffer;
  readonly options: RequestOptions;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
  room: { stdout: number; stderr: number };
  status?: number;
  marks: number;
  sent: boolean;
  timer?: NodeJS.Timeout;
  grace?: NodeJS.Timeout;
  /** Why it is being killed; the request fails with this once the host says that it has ended. */
  failure?: HostError;
  forget(): void;
}

/** One long-lived shell on a channel, and the requests under way in it. */
export class Shell {
  readonly #channel: Channel;
  readonly #options: ShellOptions;
  readonly #waiting: Pending[] = [];
  /** Sent, oldest first; the first is the one that the host works on. */
  readonly #sent: Pending[] = [];
  #sentBytes = 0;
  #nextId = 1;
  #lost: HostError | undefined;
  #place: { pid: string; directory: string } | undefined;
  #lastWords = "";
  readonly #idle: (() => void)[] = [];

  /** Sends the loop and waits until it answers. */
  static async start(channel: Channel, options: ShellOptions): Promise<Shell> {
    const shell = new Shell(channel, options);
    await shell.#started();
    return shell;
  }

  private constructor(channel: Channel, options: ShellOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  get dead(): boolean {
    return this.#lost !== undefined;
  }

  /** The number of its process on the host. */
  get process(): string {
    return this.#place?.pid ?? "";
  }

  /** On a terminal, where both output streams are one. */
  get merged(): boolean {
    return this.#channel.stderr === undefined;
  }

  /** Settles when nothing is under way; at once where it was lost. */
  idle(): Promise<void> {
    if (this.#sent.length + this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  close(): void {
    this.#fail(new HostError("connection-lost", `The session on ${this.#options.name} was closed.`));
    this.#channel.stdin.end();
    this.#channel.destroy();
  }

  request(script: Script, options: RequestOptions = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(new HostError(this.#lost.code, this.#lost.message, false));
      if (options.signal?.aborted) return reject(cancelled(this.#options.name, false));
      if (script.text.includes("\0")) return reject(new HostError("protocol", "A script cannot hold a NUL byte."));
      const id = this.#nextId++;
      const stdin = typeof options.stdin === "string" ? Buffer.from(options.stdin) : (options.stdin ?? Buffer.alloc(0));
      const most = options.maxOutput ?? DEFAULT_MAX_OUTPUT;
      const aborted = () => this.#abort(pending);
      const pending: Pending = {
        id,
        frame: requestFrame(options.kind ?? "probe", id, script, stdin),
        options,
        resolve,
        reject,
        stdout: [],
        stderr: [],
        room: { stdout: most, stderr: most },
        marks: 0,
        sent: false,
        forget: () => options.signal?.removeEventListener("abort", aborted),
      };
      if (options.signal) {
        setMaxListeners(0, options.signal); // one signal may end many requests
        options.signal.addEventListener("abort", aborted, { once: true });
      }
      this.#waiting.push(pending);
      this.#send();
    });
  }

  #started(): Promise<void> {
    const marker = randomBytes(16).toString("hex");
    const { unread, name, timeout } = this.#options;
    return new Promise((resolve, reject) => {
      const late = () => this.#fail(new HostError("unreachable", `${name} gave no shell within ${timeout} s.`));
      const timer = setTimeout(late, timeout * 1000);
      const first: Pending = {
        id: 0,
        frame: Buffer.alloc(0),
        options: {},
        resolve: () => resolve(),
        reject,
        stdout: [],
        stderr: [],
        room: { stdout: 0, stderr: 0 }, // what comes before the first marker is the login's noise
        marks: 0,
        sent: true,
        forget: () => clearTimeout(timer),
      };
      this.#sent.push(first);
      const merged = this.#channel.stderr === undefined;
      const mark = (line: string) => this.#mark(line);
      const out = new MarkerStream(marker, { data: (chunk) => this.#data(chunk, merged), mark });
      const err = new MarkerStream(marker, {
        data: (chunk) => this.#keep("stderr", this.#head("stderr"), chunk),
        mark,
      });
      unread?.stdout.forEach((chunk) => {
        out.push(chunk);
      });
      unread?.stderr.forEach((chunk) => {
        err.push(chunk);
      });
      // Both were paused while nobody read them.
      this.#channel.stdout.on("data", (chunk: Buffer) => out.push(chunk)).resume();
      this.#channel.stderr?.on("data", (chunk: Buffer) => err.push(chunk)).resume();
      this.#channel.stdin.on("error", () => {}); // the channel's end is told by `closed`
      void this.#channel.closed.then(({ reason }) => {
        const why = reason ?? (this.#sent[0]?.id === 0 && this.#lastWords.trim().split("\n").at(-1)) ?? "";
        const suffix = why ? `: ${why}` : "";
        this.#fail(new HostError("connection-lost", `The connection to ${name} was lost${suffix}.`));
      });
      this.#channel.stdin.write(loopFrame(marker, merged));
    });
  }

  /** On a terminal both streams come one after the other: output, marker, errors, marker. */
  #data(chunk: Buffer, merged: boolean): void {
    const head = this.#head("stdout");
    if (merged && head && head.status !== undefined) this.#keep("stderr", head, chunk);
    else this.#keep("stdout", head, chunk);
  }

  /** The oldest request whose stream has not ended. One stream may be ahead of the other. */
  #head(stream: "stdout" | "stderr"): Pending | undefined {
    if (this.#channel.stderr === undefined) return this.#sent[0];
    return this.#sent.find((pending) =>
      stream === "stdout" ? pending.status === undefined : pending.marks === (pending.status === undefined ? 0 : 1),
    );
  }

  #keep(stream: "stdout" | "stderr", pending: Pending | undefined, chunk: Buffer): void {
    if (!pending) return;
    if (pending.id === 0) {
      this.#lastWords = (this.#lastWords + chunk.toString("utf8")).slice(-500);
      return;
    }
    if (pending.failure) return;
    pending.room[stream] -= chunk.length;
    if (pending.room[stream] >= 0) {
      pending[stream].push(chunk);
      return;
    }
    const most = pending.options.maxOutput ?? DEFAULT_MAX_OUTPUT;
    const message = `A command on ${this.#options.name} wrote more than ${most} bytes to ${stream}.`;
    this.#kill(pending, new HostError("output-too-large", message, true));
  }

  #mark(line: string): void {
    const [id, status, pid, ...directory] = line.split(" ");
    const pending = this.#sent.find((one) => String(one.id) === id);
    if (!pending) {
      this.#fail(new HostError("protocol", `${this.#options.name} answered out of turn.`, true));
      return;
    }
    pending.marks++;
    if (status !== undefined) pending.status = Number(status);
    if (pending.id === 0 && pid !== undefined) this.#place = { pid, directory: directory.join(" ") };
    if (pending.marks === 2) this.#finish(pending);
  }

  #finish(pending: Pending): void {
    this.#sent.splice(this.#sent.indexOf(pending), 1);
    this.#sentBytes -= pending.frame.length;
    this.#settle(pending);
    if (pending.failure) pending.reject(pending.failure);
    else {
      pending.resolve({
        status: pending.status ?? 255,
        stdout: Buffer.concat(pending.stdout),
        stderr: Buffer.concat(pending.stderr),
      });
    }
    this.#send();
  }

  #settle(pending: Pending): void {
    clearTimeout(pending.timer);
    clearTimeout(pending.grace);
    pending.forget();
    if (this.#sent.length + this.#waiting.length > 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }

  #send(): void {
    while (this.#waiting.length > 0 && this.#sent[0]?.id !== 0) {
      const next = this.#waiting[0];
      if (!next) return;
      const full = this.#sent.length >= WINDOW_REQUESTS || this.#sentBytes + next.frame.length > WINDOW_BYTES;
      if (full && this.#sent.length > 0) break;
      this.#waiting.shift();
      next.sent = true;
      this.#sent.push(next);
      this.#sentBytes += next.frame.length;
      this.#channel.stdin.write(next.frame);
    }
    this.#watchHead();
  }

  /** Time runs from the moment when the host can have begun. */
  #watchHead(): void {
    const head = this.#sent[0];
    if (!head || head.timer || head.options.timeout === undefined || head.failure) return;
    const seconds = head.options.timeout;
    const message = `A command on ${this.#options.name} did not end within ${seconds} s and was killed.`;
    head.timer = setTimeout(() => this.#kill(head, new HostError("timeout", message, true)), seconds * 1000);
  }

  #abort(pending: Pending): void {
    if (pending.failure) return;
    if (!pending.sent) {
      this.#waiting.splice(this.#waiting.indexOf(pending), 1);
      this.#settle(pending);
      pending.reject(cancelled(this.#options.name, false));
      return;
    }
    this.#kill(pending, cancelled(this.#options.name, true));
  }

  #kill(pending: Pending, failure: HostError): void {
    pending.failure = failure;
    clearTimeout(pending.timer);
    const giveUp = (): void => {
      if (!this.#sent.includes(pending)) return;
      const message = `${failure.message.replace(/\.$/, "")}; the session does not answer and was dropped.`;
      this.#sent.splice(this.#sent.indexOf(pending), 1);
      this.#settle(pending);
      pending.reject(new HostError(failure.code, message, true));
      this.close();
    };
    const { control } = this.#options;
    const place = this.#place;
    if (!place) {
      giveUp();
      return;
    }
    pending.grace = setTimeout(giveUp, GRACE * 1000);
    control()
      .then((session) => session.request(killScript(place, pending.id)))
      .catch(giveUp);
  }

  #fail(error: HostError): void {
    if (this.#lost) return;
    this.#lost = error;
    const sent = this.#sent.splice(0);
    const waiting = this.#waiting.splice(0);
    for (const pending of [...sent, ...waiting]) {
      this.#settle(pending);
      pending.reject(pending.failure ?? new HostError(error.code, error.message, pending.sent && pending.id !== 0));
    }
    this.#channel.destroy();
  }
}

function cancelled(name: string, sent: boolean): HostError {
  return new HostError("cancelled", `A command on ${name} was cancelled.`, sent);
}
