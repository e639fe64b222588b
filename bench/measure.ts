import { spawn } from "node:child_process";

/** A program to run: several of them run at the same time, as one contender. */
export interface Command {
  readonly programs: readonly (readonly string[])[];
  /** How many at once. */
  readonly atOnce: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

export interface Measured {
  /** Infinity where time was up. */
  readonly seconds: number;
  readonly status: number;
  readonly output: string;
}

/** Process groups under way. */
const groups = new Set<number>();

/** Ends whatever is being measured. */
export function endMeasured(): void {
  for (const group of groups) signal(group, "SIGKILL");
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // Its processes are gone.
  }
}

/** Runs it and takes the time; what takes longer than the limit is ended, with its process group. */
export async function measure(command: Command, limit: number): Promise<Measured> {
  const began = performance.now();
  const left = [...command.programs];
  const ended: Measured[] = [];
  const worker = async (): Promise<void> => {
    for (let words = left.shift(); words; words = left.shift()) ended.push(await runOne(words, command, limit));
  };
  await Promise.all(Array.from({ length: command.atOnce }, worker));
  const cut = ended.some(({ seconds }) => seconds === Number.POSITIVE_INFINITY);
  return {
    seconds: cut ? Number.POSITIVE_INFINITY : (performance.now() - began) / 1000,
    status: Math.max(...ended.map(({ status }) => status)),
    output: ended.map(({ output }) => output).join(""),
  };
}

function runOne(words: readonly string[], command: Command, limit: number): Promise<Measured> {
  const [program = "", ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { detached: true, env: { ...process.env, ...command.env } });
    let output = "";
    let late = false;
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.stdin.on("error", () => {}); // it may end without reading all of its input
    child.stdin.end(command.input ?? "");
    const { pid } = child;
    if (pid !== undefined) groups.add(pid);
    const end = (name: NodeJS.Signals): void => {
      if (pid !== undefined) signal(pid, name);
    };
    const timer = setTimeout(() => {
      late = true;
      end("SIGKILL");
    }, limit * 1000);
    child.once("error", reject);
    // Not `close`: a shared connection that stays may hold the streams.
    child.once("exit", (status) => {
      clearTimeout(timer);
      end("SIGTERM");
      if (pid !== undefined) groups.delete(pid);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ seconds: late ? Number.POSITIVE_INFINITY : 0, status: status ?? 255, output });
    });
  });
}
