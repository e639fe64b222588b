import { createHash, randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Started } from "./become.ts";
import type { Channel } from "./channel.ts";
import { HostError, type Reply, type RequestOptions, type Script } from "./contract.ts";
import { programFrame } from "./loop.ts";
import { sh } from "./script.ts";

export interface TransferOptions {
  readonly mode?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Streams bytes into a file over a channel of its own: the program reads its own stdin to the end, then tells
 * length and, where the host can, checksum of what it wrote.
 *
 * @throws HostError `transfer-failed` where the host cannot write the file or another length or content arrived.
 */
export async function upload(
  started: Started,
  content: Buffer | Readable,
  path: string,
  options: TransferOptions,
): Promise<void> {
  const { channel } = started;
  const output = collected(channel.stdout, channel);
  const errors = collected(channel.stderr, channel);
  const marker = randomBytes(8).toString("hex");
  const stop = whenAborted(options.signal, () => channel.destroy());
  // ssh2 never calls back for what is written to a channel that is over.
  const over = new AbortController();
  void channel.closed.then(({ status }) => {
    if (status !== 0) over.abort();
  });
  let failure: unknown;
  const hash = createHash("sha256");
  let length = 0;
  try {
    channel.stdin.write(programFrame(writeProgram(path, options.mode, marker)));
    await pipeline(
      Buffer.isBuffer(content) ? Readable.from([content]) : content,
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          const bytes = Buffer.from(chunk);
          hash.update(bytes);
          length += bytes.length;
          yield bytes;
        }
      },
      channel.stdin,
      { signal: over.signal },
    );
  } catch (error) {
    if (!over.signal.aborted) failure = error; // what the host says explains more than a broken pipe
    channel.stdin.end();
  }
  const [ended, told, said] = await Promise.all([channel.closed, output, errors]);
  stop();
  if (options.signal?.aborted) throw new HostError("cancelled", `Writing ${path} was cancelled.`, true);
  const answer = new RegExp(`^${marker} (\\d+) ?(\\S*)`, "m").exec(told);
  if (!answer) {
    if (ended.status === undefined)
      throw new HostError("connection-lost", `The connection was lost while writing ${path}.`, true);
    if (failure instanceof Error && said.trim() === "") throw failure;
    throw new HostError("transfer-failed", `${path} cannot be written: ${reason(said)}.`, true);
  }
  if (failure) throw failure;
  if (Number(answer[1]) !== length || (answer[2] && answer[2] !== hash.digest("hex"))) {
    throw new HostError("transfer-failed", `${path} did not arrive whole: ${answer[1]} of ${length} bytes.`, true);
  }
}

/** Writes bytes into a file through a session's requests, piece by piece. */
export async function transferInside(
  session: { request(script: Script, options: RequestOptions): Promise<Reply> },
  content: Buffer | Readable,
  path: string,
  options: TransferOptions,
): Promise<void> {
  const request = async (script: Script, stdin: Buffer): Promise<void> => {
    const signal = options.signal ? { signal: options.signal } : {};
    const reply = await session.request(script, { stdin, kind: "step", ...signal });
    if (reply.status === 0) return;
    throw new HostError(
      "transfer-failed",
      `${path} cannot be written: ${reason(reply.stderr.toString("utf8"))}.`,
      true,
    );
  };
  if (Buffer.isBuffer(content)) return request(writeScript(path, options.mode), content);
  await request(writeScript(path, options.mode), Buffer.alloc(0));
  for await (const piece of content) await request(sh`cat >>${path}`, Buffer.from(piece));
}

/** Writes stdin to a file. A new file is its owner's alone until it has its mode. */
function writeScript(path: string, mode: string | undefined): Script {
  const write = sh`(umask 077; cat >${path})`;
  return mode === undefined ? write : sh`${write} && chmod ${mode} ${path}`;
}

function writeProgram(path: string, mode: string | undefined, marker: string): Script {
  return sh`${writeScript(path, mode)} || exit 1
if [ ! -f ${path} ]; then echo ${marker} -; exit 0; fi
size=$(wc -c <${path}) || exit 1
sum=$(command -v sha256sum >/dev/null 2>&1 && sha256sum <${path})
echo ${marker} $((size)) "\${sum%% *}"`;
}

/**
 * Streams a file of the host. The promise settles when the file is open; a connection lost later destroys the stream.
 *
 * @throws HostError `transfer-failed` where the host cannot read the file.
 */
export async function download(started: Started, path: string, options: TransferOptions): Promise<Readable> {
  const { channel, unread } = started;
  const marker = randomBytes(8).toString("hex");
  const opened = Buffer.from(`${marker}\n`);
  const errors = collected(channel.stderr, channel);
  const stream = new PassThrough();
  stream.on("error", () => {}); // whoever reads it is told; before it is handed out, the promise tells it
  const stop = whenAborted(options.signal, () => {
    stream.destroy(new HostError("cancelled", `Reading ${path} was cancelled.`, true));
    channel.destroy();
  });
  stream.once("close", () => channel.destroy());
  const lost = (why: string | undefined): void => {
    stream.destroy(new HostError("connection-lost", lostWhileReading(path, why), true));
  };
  const found = new Promise<"found" | "none" | "lost">((resolve) => {
    let head = Buffer.concat(unread.stdout);
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      if (head.length < opened.length) return;
      channel.stdout.off("data", onData);
      channel.stdout.pause();
      if (head.length > opened.length) stream.write(head.subarray(opened.length));
      // In the same turn as the first bytes: the end may come with them, and would be missed in the next.
      channel.stdout.once("end", () => {
        void channel.closed.then(({ status, reason: why }) => (status === 0 ? stream.end() : lost(why)));
      });
      channel.stdout.pipe(stream, { end: false });
      resolve("found");
    };
    channel.stdout.on("data", onData).resume();
    void channel.closed.then(({ status, reason: why }) => {
      stop();
      if (status === undefined) lost(why); // a broken channel may have no end of its streams
      resolve(status === undefined ? "lost" : "none");
    });
  });
  channel.stdin.end(
    programFrame(sh`[ -f ${path} ] || { echo "not a regular file" >&2; exit 1; }
exec 3<${path} || exit 1
echo ${marker}; exec cat <&3`),
  );
  const outcome = await found;
  if (outcome === "found") return stream;
  stop();
  stream.destroy();
  if (options.signal?.aborted) throw new HostError("cancelled", `Reading ${path} was cancelled.`, true);
  if (outcome === "lost") throw new HostError("connection-lost", lostWhileReading(path), true);
  throw new HostError("transfer-failed", `${path} cannot be read: ${reason(await errors)}.`, true);
}

function lostWhileReading(path: string, why?: string): string {
  return `The connection was lost while reading ${path}${why ? `: ${why}` : ""}.`;
}

/** The end of what a stream of the channel says. */
async function collected(stream: Readable | undefined, channel: Channel): Promise<string> {
  if (!stream) return "";
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-4000);
  });
  stream.resume();
  await new Promise<void>((resolve) => {
    const over = (): void => resolve();
    if (stream.readableEnded || stream.destroyed) over();
    stream.once("close", over).once("end", over).once("error", over);
    // A broken channel may have no end of its streams.
    void channel.closed.then(({ status }) => {
      if (status === undefined) over();
    });
  });
  return text;
}

function reason(said: string): string {
  const line = said.trim().split("\n").at(-1) ?? "";
  return line.replace(/^.*?sh: (line )?(\d+: )*/, "").replace(/\.$/, "") || "no reason was given";
}

function whenAborted(signal: AbortSignal | undefined, act: () => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) act();
  signal.addEventListener("abort", act, { once: true });
  return () => signal.removeEventListener("abort", act);
}
