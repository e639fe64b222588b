import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLab } from "../engine/lab/lab.ts";
import { type Contender, contenders, missingPeers } from "./contenders.ts";
import { type Cell, cutOff, Figures } from "./figures.ts";
import { BenchHosts } from "./hosts.ts";
import { endMeasured, type Measured, measure } from "./measure.ts";
import { type Phase, type Workload, workloads } from "./workloads.ts";

/** Measurements of one cell: three, or fewer where they take long together. */
const turns = 3;
const enough = 20;

/**
 * Measures play against ansible-core (pipelining), Mitogen and the `oneshot` limit, in one run, on hosts of the lab.
 * @param args names of workloads and of contenders (none: all); `--write` puts the figures into docs/ after each workload
 */
export async function bench(args: readonly string[]): Promise<number> {
  const wanted = args.filter((word) => /^W\d/.test(word));
  const chosen = workloads.filter((each) => wanted.length === 0 || wanted.includes(each.name));
  const missing = missingPeers();
  if (missing !== undefined || chosen.length === 0) {
    process.stderr.write(`${missing ?? `There is no workload ${wanted.join(", ")}`}\n`);
    return 1;
  }
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const lab = await openLab({ definition: "test/lab/lab.yml", log });
  const folder = mkdtempSync(join(tmpdir(), "play-bench-"));
  const hosts = new BenchHosts(lab, folder);
  const everyone = contenders(folder);
  const named = everyone.filter(({ name }) => args.includes(name));
  const all = named.length > 0 ? named : everyone;
  const clean = async (): Promise<void> => {
    endMeasured();
    await hosts.remove();
    endMasters(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  const stop = (): void => void clean().finally(() => process.exit(1));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const figures = new Figures(all.map(({ name }) => name));
    for (const workload of chosen) {
      await hosts.prepare(workload);
      for (const phase of workload.phases) {
        const cell: Cell = { workload, phase, seconds: new Map() };
        for (const contender of all) {
          const seconds = await times(contender, workload, phase, hosts, everyone[0]);
          if (seconds) cell.seconds.set(contender.name, seconds);
          log(`${workload.name} ${phase} ${contender.name}: ${shown(seconds)}`);
        }
        figures.add(cell);
      }
      if (args.includes("--write")) figures.write();
    }
    process.stdout.write(`${figures.table()}\n`);
    return 0;
  } finally {
    await clean();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

function shown(seconds: readonly number[] | undefined): string {
  if (!seconds) return "no figure";
  return seconds.map((each) => (each === Number.POSITIVE_INFINITY ? "cut off" : `${each.toFixed(2)} s`)).join(", ");
}

/** What it took, each time; undefined where the contender does not take part, or failed. `Infinity`: it was cut off. */
async function times(
  contender: Contender,
  workload: Workload,
  phase: Phase,
  hosts: BenchHosts,
  maker: Contender | undefined,
): Promise<number[] | undefined> {
  const command = contender.command(workload, hosts.places);
  if (!command) return undefined;
  if (phase === "converged") await made(workload, hosts, maker);
  const state = phase === "first" ? undefined : await hosts.state(workload);
  const seconds: number[] = [];
  while (seconds.length < turns && seconds.reduce((sum, each) => sum + each, 0) < enough) {
    if (phase === "first") await hosts.clean();
    const taken = await measure(command, cutOff);
    seconds.push(taken.seconds);
    if (taken.seconds === Number.POSITIVE_INFINITY) return seconds;
    if (taken.status !== 0 && contender !== maker) {
      process.stderr.write(`${contender.name} failed: ${taken.output.slice(-1000)}\n`);
      return undefined;
    }
    requireSuccess(taken, contender);
  }
  await hosts.requireSame(workload, contender.name, state);
  return seconds;
}

/** The state that a workload ends in, from the first contender: what the others find when nothing is to change. */
async function made(workload: Workload, hosts: BenchHosts, maker: Contender | undefined): Promise<void> {
  const command = maker?.command(workload, hosts.places);
  if (maker && command) requireSuccess(await measure(command, cutOff), maker);
}

function requireSuccess({ status, output }: Measured, { name }: Contender): void {
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${output.slice(-3000)}`);
}

/** OpenSSH's shared connections, which outlive who opened them. */
function endMasters(folder: string): void {
  spawnSync(
    "sh",
    ["-c", `for s in "$1"/cp/*; do [ -S "$s" ] && ssh -o ControlPath="$s" -O exit bench; done`, "sh", folder],
    {
      stdio: "ignore",
    },
  );
}
