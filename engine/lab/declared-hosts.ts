import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ContainerPlan, startHost, waitForSsh } from "./container.ts";
import type { HostDefinition } from "./definition.ts";
import type { Docker } from "./docker.ts";
import { engineFiles, type LabHost, removeHost, volumeName } from "./host.ts";
import { ensureImage, type ImageWorkshop } from "./image.ts";
import { knownHosts, type LabKeys } from "./keys.ts";
import { step } from "./process.ts";
import { ensureRegistry } from "./registry.ts";
import {
  dropSnapshot,
  restoreVolumes,
  type SnapshotPart,
  snapshotImage,
  snapshotsOf,
  takeSnapshot,
} from "./snapshot.ts";

export interface HostStatus {
  readonly name: string;
  readonly image: string;
  readonly address: string;
  readonly state: "running" | "stopped" | "absent";
}

/** The hosts that a lab.yml names: each at its own address, there until it is taken down. */
export class DeclaredHosts {
  readonly knownHostsFile: string;
  readonly #workshop: ImageWorkshop;
  readonly #docker: Docker;
  readonly #keys: LabKeys;

  /** @param directory where the lab's known_hosts lies */
  constructor(workshop: ImageWorkshop, directory: string, keys: LabKeys) {
    this.#workshop = workshop;
    this.#docker = workshop.docker;
    this.#keys = keys;
    this.knownHostsFile = join(directory, "known_hosts");
  }

  /** Brings declared hosts up: made where missing or of another image than declared, started where stopped. */
  async up(names?: readonly string[]): Promise<LabHost[]> {
    const hosts = this.#declared(names);
    const raise = async (host: HostDefinition) => this.#raise(host, await ensureImage(this.#workshop, host.image));
    const [raised] = await Promise.all([Promise.all(hosts.map(raise)), ensureRegistry(this.#workshop)]);
    return raised;
  }

  /** Removes them, with their volumes. */
  async remove(names?: readonly string[]): Promise<void> {
    for (const host of this.#declared(names)) await this.#remove(host);
  }

  async status(): Promise<HostStatus[]> {
    return Promise.all(
      [...this.#workshop.definition.hosts.values()].map(async (host) => {
        const found = await this.#docker.inspect("container", this.#container(host));
        const state = found === undefined ? "absent" : found.State?.Running ? "running" : "stopped";
        return { name: host.name, image: host.image, address: host.address, state } as const;
      }),
    );
  }

  /** The command line that logs in to a declared host. */
  ssh(name: string, user = "root"): string[] {
    const [host] = this.#declared([name]);
    const argv = ["ssh", "-i", this.#keys.privateKeyFile, "-o", `UserKnownHostsFile=${this.knownHostsFile}`];
    argv.push("-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", `${user}@${host?.address}`);
    return argv;
  }

  /** Keeps declared hosts under a name; they are stopped for it and started again. */
  async snapshot(name: string, hosts?: readonly string[]): Promise<void> {
    const parts = this.#declared(hosts).map((host) => this.#part(host));
    await takeSnapshot(this.#docker, name, parts, this.#workshop.log);
    for (const host of this.#declared(hosts)) await waitForSsh(host.address, 22, 120);
  }

  /** Brings declared hosts back to what a snapshot holds. @throws Error where there is no such snapshot. */
  async restore(name: string, hosts?: readonly string[]): Promise<LabHost[]> {
    const wanted = this.#declared(hosts);
    if (!(await this.hasSnapshot(name, hosts))) {
      throw new Error(`There is no snapshot "${name}" of ${wanted.map((host) => host.name).join(", ")}.`);
    }
    await ensureRegistry(this.#workshop);
    return step(this.#workshop.log, `restoring snapshot ${name}`, () =>
      Promise.all(
        wanted.map(async (host) => {
          await this.#remove(host);
          await restoreVolumes(this.#docker, name, this.#part(host));
          const image = await ensureImage(this.#workshop, host.image);
          return this.#start(host, snapshotImage(name, this.#container(host)), image);
        }),
      ),
    );
  }

  /** Whether a snapshot holds these hosts, made from the images that are declared now. */
  async hasSnapshot(name: string, hosts?: readonly string[]): Promise<boolean> {
    for (const host of this.#declared(hosts)) {
      const found = await this.#docker.inspect("image", snapshotImage(name, this.#container(host)));
      if (found?.Config?.Labels?.["play.lab.image"] !== (await ensureImage(this.#workshop, host.image))) return false;
    }
    return true;
  }

  /** Names of the snapshots of the first declared host. */
  async snapshots(): Promise<string[]> {
    const [first] = this.#workshop.definition.hosts.values();
    return first ? snapshotsOf(this.#docker, this.#container(first)) : [];
  }

  async dropSnapshot(name: string): Promise<void> {
    for (const host of this.#workshop.definition.hosts.values())
      await dropSnapshot(this.#docker, name, this.#part(host));
  }

  /** Cuts a declared host off the network, as a pulled cable does. */
  async cut(name: string): Promise<void> {
    for (const host of this.#declared([name])) {
      await this.#docker.run(["network", "disconnect", "--force", this.#workshop.network, this.#container(host)]);
    }
  }

  /** Puts the cable back, and waits until the host is reached: its neighbours may still think it gone. */
  async reconnect(name: string): Promise<void> {
    for (const host of this.#declared([name])) {
      await this.#docker.run([
        "network",
        "connect",
        "--ip",
        host.address,
        this.#workshop.network,
        this.#container(host),
      ]);
      await waitForSsh(host.address, 22, 60);
    }
  }

  /** Writes the lab's known_hosts: every declared host by name and address. */
  async writeKnownHosts(): Promise<void> {
    const names = [...this.#workshop.definition.hosts.values()].flatMap((host) => [host.name, host.address]);
    const text = knownHosts(this.#keys, names);
    const present = await readFile(this.knownHostsFile, "utf8").catch(() => "");
    if (present !== text) await writeFile(this.knownHostsFile, text);
  }

  async #raise(host: HostDefinition, image: string): Promise<LabHost> {
    const container = this.#container(host);
    const found = await this.#docker.inspect("container", container);
    if (found && found.Config?.Labels?.["play.lab.image"] === image) {
      if (!found.State?.Running) await this.#docker.run(["start", container]);
      await waitForSsh(host.address, 22, 120);
      return this.#login(host);
    }
    if (found) this.#workshop.log(`${host.name}: its image is another now; making it anew`);
    await this.#remove(host);
    return step(this.#workshop.log, `starting host ${host.name}`, () => this.#start(host, image, image));
  }

  async #start(host: HostDefinition, image: string, declared: string): Promise<LabHost> {
    const plan: ContainerPlan = {
      name: this.#container(host),
      hostname: host.name,
      image,
      network: this.#workshop.network,
      address: host.address,
      volumes: this.#part(host).volumes,
      ports: process.platform === "linux" ? [] : [22, ...host.ports],
      labels: new Map([
        ["play.lab", "host"],
        ["play.lab.image", declared],
        ["play.lab.host", host.name],
      ]),
      files: await engineFiles(this.#workshop),
      command: [],
    };
    await startHost(this.#docker, plan, this.#keys);
    await waitForSsh(host.address, 22, 120);
    return this.#login(host);
  }

  #login(host: HostDefinition): LabHost {
    return {
      name: host.name,
      container: this.#container(host),
      address: host.address,
      port: 22,
      user: "root",
      privateKeyFile: this.#keys.privateKeyFile,
      knownHostsFile: this.knownHostsFile,
    };
  }

  #part(host: HostDefinition): SnapshotPart {
    const container = this.#container(host);
    return {
      container,
      volumes: new Map(host.volumes.map((folder) => [folder, volumeName(container, folder)])),
    };
  }

  #container(host: HostDefinition): string {
    return `${this.#workshop.network}-${host.name}`;
  }

  async #remove(host: HostDefinition): Promise<void> {
    await removeHost(this.#docker, this.#container(host), [...this.#part(host).volumes.values()]);
  }

  #declared(names?: readonly string[]): HostDefinition[] {
    if (names === undefined || names.length === 0) return [...this.#workshop.definition.hosts.values()];
    return names.map((name) => {
      const host = this.#workshop.definition.hosts.get(name);
      if (!host) {
        const known = [...this.#workshop.definition.hosts.keys()].join(", ");
        throw new RangeError(`The lab has no host "${name}"; it has ${known}.`);
      }
      return host;
    });
  }
}
