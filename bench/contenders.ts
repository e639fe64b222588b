import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LabHost } from "../engine/lab/host.ts";
import type { Places } from "./hosts.ts";
import type { Command } from "./measure.ts";
import type { Workload } from "./workloads.ts";

/** Who is measured. */
export interface Contender {
  readonly name: string;
  /** Undefined: it takes no part in this workload. */
  command(workload: Workload, places: Places): Command | undefined;
}

/** play, its peers, and the limit; the first one makes what the others find. */
export function contenders(folder: string): readonly Contender[] {
  const ansible = (name: string, env: NodeJS.ProcessEnv): Contender => ({
    name,
    command: ({ hosts }, { inventory, playbook }) => ({
      programs: [["ansible-playbook", "-i", inventory, "-f", String(hosts), playbook]],
      atOnce: 1,
      env: {
        ...env,
        ANSIBLE_CONFIG: join(folder, "none.cfg"),
        ANSIBLE_LOCAL_TEMP: join(folder, "tmp"),
        ANSIBLE_TIMEOUT: "60",
        ANSIBLE_SSH_CONTROL_PATH_DIR: join(folder, "cp"),
        PYTHONWARNINGS: "ignore",
      },
    }),
  });
  return [
    {
      name: "play",
      command: ({ hosts }, { inventory, playbook }) => ({
        programs: [[process.execPath, resolve("dist/main.js"), "-i", inventory, "-f", String(hosts), playbook]],
        atOnce: 1,
      }),
    },
    ansible("ansible", { ANSIBLE_PIPELINING: "1" }),
    ansible("mitogen", { ANSIBLE_STRATEGY: "mitogen_linear", ANSIBLE_STRATEGY_PLUGINS: strategies ?? "" }),
    {
      name: "oneshot",
      command: ({ oneshot }, { hosts }) =>
        oneshot === undefined
          ? undefined
          : { programs: hosts.map((host) => [...sshWords(host), "sh", "-s"]), atOnce: hosts.length, input: oneshot },
    },
  ];
}

const strategies = [
  "/usr/share/python3/dist-packages/ansible_mitogen/plugins/strategy",
  "/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy",
].find((each) => existsSync(each));

/** What has to be installed; undefined where all is there. */
export function missingPeers(): string | undefined {
  const found = spawnSync("ansible-playbook", ["--version"]).status === 0 && strategies !== undefined;
  return found
    ? undefined
    : "The peers are missing: apt-get install --no-install-recommends ansible-core ansible-mitogen";
}

/** Which versions are compared. */
export function versions(): string {
  const { stdout } = spawnSync("ansible-playbook", ["--version"], { encoding: "utf8" });
  const core = /core ([\d.]+)/.exec(stdout)?.[1] ?? "?";
  const facts = spawnSync("dpkg", ["-s", "ansible-mitogen"], { encoding: "utf8" }).stdout;
  const mitogen = /^Version: ([\d.]+)/m.exec(facts)?.[1] ?? "?";
  return `ansible-core ${core}, Mitogen ${mitogen}, Node ${process.versions.node}`;
}

function sshWords(host: LabHost): string[] {
  const options = [`UserKnownHostsFile=${host.knownHostsFile}`, "BatchMode=yes"].flatMap((each) => ["-o", each]);
  return ["ssh", "-i", host.privateKeyFile, ...options, `root@${host.address}`];
}
