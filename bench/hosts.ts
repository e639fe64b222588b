import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabHost } from "../engine/lab/host.ts";
import type { Lab } from "../engine/lab/lab.ts";
import type { Workload } from "./workloads.ts";

/** Where a workload is: the files that every contender is given. */
export interface Places {
  readonly playbook: string;
  readonly inventory: string;
  readonly hosts: readonly LabHost[];
}

/** Bare hosts with sshd and Python, made when a workload needs them, and what is on them. */
export class BenchHosts {
  readonly #lab: Lab;
  readonly #folder: string;
  readonly #made: LabHost[] = [];
  places: Places = { playbook: "", inventory: "", hosts: [] };
  /** What the first contender left after each workload. */
  readonly #states = new Map<string, string>();

  constructor(lab: Lab, folder: string) {
    this.#lab = lab;
    this.#folder = folder;
  }

  /** Writes a workload's files and makes the hosts that it lacks. */
  async prepare(workload: Workload): Promise<void> {
    const missing = workload.hosts - this.#made.length;
    if (missing > 0) {
      const names = Array.from(
        { length: missing },
        (_, at) => `bench-${String(this.#made.length + at + 1).padStart(2, "0")}`,
      );
      this.#made.push(...(await this.#lab.throwaway.create(names.map((name) => ({ name, image: "plain-python" })))));
    }
    const hosts = this.#made.slice(0, workload.hosts);
    const playbook = join(this.#folder, `${workload.name}.yml`);
    const inventory = join(this.#folder, `${workload.name}.hosts`);
    writeFileSync(playbook, workload.playbook);
    writeFileSync(inventory, hosts.map(inventoryLine).join(""));
    writeFileSync(join(this.#folder, "none.cfg"), "");
    mkdirSync(join(this.#folder, "templates"), { recursive: true });
    for (const [name, text] of Object.entries(workload.templates ?? {})) {
      writeFileSync(join(this.#folder, "templates", name), text);
    }
    this.places = { playbook, inventory, hosts };
  }

  async clean(): Promise<void> {
    await this.#everywhere("rm -rf /tmp/w");
  }

  /** What a workload is about, as it is on all hosts: permissions and content. */
  async state(workload: Workload): Promise<string> {
    return (await this.#everywhere(workload.verify)).join("\n");
  }

  /** @throws Error where a contender left another state than the first one did */
  async requireSame(workload: Workload, contender: string, expected: string | undefined): Promise<void> {
    const state = await this.state(workload);
    const first = expected ?? this.#states.get(workload.name) ?? state;
    this.#states.set(workload.name, first);
    if (state !== first)
      throw new Error(`${contender} left another state after ${workload.name}: ${state}, not ${first}`);
  }

  async remove(): Promise<void> {
    if (this.#made.length > 0) await this.#lab.throwaway.destroy(this.#made);
  }

  async #everywhere(script: string): Promise<string[]> {
    const { docker } = this.#lab;
    return Promise.all(this.places.hosts.map(({ container }) => docker.run(["exec", container, "sh", "-c", script])));
  }
}

function inventoryLine({ name, address, privateKeyFile, knownHostsFile }: LabHost): string {
  return `${name} ansible_host=${address} ansible_user=root ansible_ssh_private_key_file=${privateKeyFile} ansible_python_interpreter=/usr/bin/python3 ansible_ssh_common_args="-o UserKnownHostsFile=${knownHostsFile}"\n`;
}
