import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type LabHost, openLab } from "../engine/lab/lab.ts";
import { type Workload, workloads } from "./workloads.ts";

/** Who is measured: a command line, or the one script over one ssh. */
interface Contender {
  readonly name: string;
  run(workload: Workload, files: Files): number;
}

interface Files {
  readonly playbook: string;
  readonly inventory: string;
  readonly host: LabHost;
}

const REPEATS = 3;

/**
 * Measures play against ansible-core (pipelining), Mitogen and the `oneshot` limit, in one run, on one host.
 * @param args names of workloads (none: all); `--write` puts the table into docs/benchmarks.md
 */
export async function bench(args: readonly string[]): Promise<number> {
  const wanted = args.filter((word) => /^W\d/.test(word));
  const chosen = workloads.filter((each) => wanted.length === 0 || wanted.includes(each.name));
  const strategies = "/usr/share/python3/dist-packages/ansible_mitogen/plugins/strategy";
  const mitogen = [strategies, "/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy"].find((each) =>
    existsSync(each),
  );
  if (spawnSync("ansible-playbook", ["--version"]).status !== 0 || mitogen === undefined) {
    process.stderr.write("The peers are missing: apt-get install ansible-core ansible-mitogen\n");
    return 1;
  }
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const lab = await openLab({ definition: "test/lab/lab.yml", log });
  const [host] = await lab.create([{ name: "bench", image: "bookworm-python" }]);
  if (!host) throw new Error("the lab made no host");
  const folder = mkdtempSync(join(tmpdir(), "play-bench-"));
  try {
    const rows: string[] = [];
    for (const workload of chosen) {
      const files = writeFiles(folder, workload, host);
      for (const phase of workload.phases) {
        const times = new Map<string, number>();
        let state: string | undefined;
        for (const contender of contenders(folder, mitogen)) {
          const samples: number[] = [];
          if (phase === "converged") {
            clean(host);
            contender.run(workload, files);
          }
          for (let turn = 0; turn < REPEATS; turn++) {
            if (phase === "first") clean(host);
            samples.push(contender.run(workload, files));
          }
          const after = onHost(host, workload.verify);
          state ??= after;
          if (after !== state) throw new Error(`${contender.name} left another state after ${workload.name}`);
          times.set(contender.name, median(samples));
          log(`${workload.name} ${phase} ${contender.name}: ${samples.map((each) => each.toFixed(2)).join(" ")} s`);
        }
        rows.push(row(workload, phase, times));
      }
    }
    const text = table(rows);
    process.stdout.write(`${text}\n`);
    if (args.includes("--write")) write(text);
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await lab.destroy([host]);
  }
}

function contenders(folder: string, mitogen: string): readonly Contender[] {
  const ansible = (name: string, env: NodeJS.ProcessEnv): Contender => ({
    name,
    run: (_, files) =>
      timed("ansible-playbook", ["-i", files.inventory, files.playbook], {
        ...process.env,
        ...env,
        ANSIBLE_CONFIG: join(folder, "none.cfg"),
      }),
  });
  return [
    {
      name: "play",
      run: (_, files) =>
        timed(process.execPath, [resolve("dist/main.js"), "-i", files.inventory, files.playbook], process.env),
    },
    ansible("ansible", { ANSIBLE_PIPELINING: "1" }),
    ansible("mitogen", { ANSIBLE_STRATEGY: "mitogen_linear", ANSIBLE_STRATEGY_PLUGINS: mitogen }),
    {
      name: "oneshot",
      run: (workload, files) => timed("ssh", [...sshArguments(files.host), "sh", "-s"], process.env, workload.oneshot),
    },
  ];
}

function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv, input = ""): number {
  const began = process.hrtime.bigint();
  const outcome = spawnSync(command, args, { env, input, encoding: "utf8", maxBuffer: 1 << 28 });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (outcome.status !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} failed: ${outcome.stdout.slice(-2000)}${outcome.stderr.slice(-2000)}`,
    );
  }
  return seconds;
}

function sshArguments(host: LabHost): string[] {
  return [
    "-i",
    host.privateKeyFile,
    "-o",
    `UserKnownHostsFile=${host.knownHostsFile}`,
    "-o",
    "BatchMode=yes",
    `root@${host.address}`,
  ];
}

function onHost(host: LabHost, script: string): string {
  return execFileSync("ssh", [...sshArguments(host), script], { encoding: "utf8" }).trim();
}

function clean(host: LabHost): void {
  onHost(host, "rm -rf /tmp/w");
}

function writeFiles(folder: string, workload: Workload, host: LabHost): Files {
  const playbook = join(folder, `${workload.name}.yml`);
  writeFileSync(playbook, workload.playbook);
  mkdirSync(join(folder, "templates"), { recursive: true });
  for (const [name, text] of Object.entries(workload.templates ?? {}))
    writeFileSync(join(folder, "templates", name), text);
  const inventory = join(folder, "hosts");
  writeFileSync(
    inventory,
    `bench ansible_host=${host.address} ansible_user=root ansible_ssh_private_key_file=${host.privateKeyFile} ansible_python_interpreter=/usr/bin/python3 ansible_ssh_common_args="-o UserKnownHostsFile=${host.knownHostsFile}"\n`,
  );
  writeFileSync(join(folder, "none.cfg"), "");
  return { playbook, inventory, host };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function row(workload: Workload, phase: string, times: ReadonlyMap<string, number>): string {
  const of = (name: string) => times.get(name) ?? 0;
  const ratio = (name: string) => `${(of(name) / of("play")).toFixed(1)}×`;
  const cells = [
    `${workload.name}${phase === "each" ? "" : ` ${phase}`}`,
    workload.what,
    ...["play", "ansible", "mitogen", "oneshot"].map((name) => of(name).toFixed(2)),
    ratio("ansible"),
    ratio("mitogen"),
  ];
  return `| ${cells.join(" | ")} |`;
}

function table(rows: readonly string[]): string {
  return [
    "| workload | what | play | ansible, pipelining | Mitogen | oneshot | ansible / play | Mitogen / play |",
    "|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function write(text: string): void {
  const file = "docs/benchmarks.md";
  const version = execFileSync("ansible-playbook", ["--version"], { encoding: "utf8" }).split("\n")[0];
  const before = existsSync(file) ? readFileSync(file, "utf8").split("\n## Figures")[0] : "# Benchmarks\n";
  writeFileSync(
    file,
    `${before?.trimEnd()}\n\n## Figures\n\nSeconds, medians of ${REPEATS}; ${version}; measured on ${new Date().toISOString().slice(0, 10)}.\n\n${text}\n`,
  );
}
