import { spawn } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** Where the lines go that tell what the lab does. */
export type Log = (line: string) => void;

export interface Outcome {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: Buffer | string;
  /** A file that becomes the standard input. */
  readonly inputFile?: string;
  /** A file that takes the standard output. */
  readonly outputFile?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Sees every line of the standard error and output as it comes. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A program of the controller that the lab needed and that failed; the message holds the end of what it said. */
export class CommandError extends Error {
  readonly status: number;
  constructor(argv: readonly string[], outcome: Outcome) {
    const said = [outcome.stdout.toString("utf8"), outcome.stderr]
      .map((text) => text.trim().split("\n").slice(-12).join("\n"))
      .filter((text) => text !== "")
      .join("\n");
    super(`${argv.slice(0, 4).join(" ")}${argv.length > 4 ? " …" : ""} ended with status ${outcome.status}: ${said}`);
    this.name = "CommandError";
    this.status = outcome.status;
  }
}

/** Runs a program and waits for its end, whatever its status. A program that does not exist has status 127. */
export async function outcomeOf(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("close", (status) => resolve(status ?? 255));
  });
  child.stdin.on("error", () => {}); // the program may end without reading all of its input
  const feed =
    options.inputFile === undefined
      ? child.stdin.end(options.input ?? "")
      : pipeline(createReadStream(options.inputFile), child.stdin).catch(() => {});
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const follow = lineSplitter(options.onLine);
  child.stderr.on("data", (chunk: Buffer) => {
    stderr.push(chunk);
    follow(chunk);
  });
  if (options.outputFile === undefined) {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout.push(chunk);
      follow(chunk);
    });
  } else await pipeline(child.stdout, createWriteStream(options.outputFile));
  await feed;
  const status = await ended;
  return { status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString("utf8") };
}

/** As {@link outcomeOf}, for what has to work. @returns the standard output. @throws CommandError otherwise. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await outcomeOf(argv, options);
  if (outcome.status !== 0) throw new CommandError(argv, outcome);
  return outcome.stdout.toString("utf8");
}

/**
 * One long step: says that it begins, every ten seconds that it is alive (with the last line that its program
 * printed), and how long it took.
 */
export async function step<T>(
  log: Log,
  name: string,
  work: (onLine: (line: string) => void) => Promise<T>,
): Promise<T> {
  const begun = Date.now();
  const seconds = () => `${Math.round((Date.now() - begun) / 1000)} s`;
  let last = "";
  log(`${name} …`);
  const alive = setInterval(() => log(`  still ${name} (${seconds()})${last ? `: ${last}` : ""}`), 10_000);
  try {
    const result = await work((line) => {
      last = line.trim().slice(0, 100);
    });
    log(`${name}: done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(alive);
  }
}

function lineSplitter(onLine: ((line: string) => void) | undefined): (chunk: Buffer) => void {
  if (!onLine) return () => {};
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk.toString("utf8")).split(/[\r\n]+/);
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") onLine(line);
  };
}
