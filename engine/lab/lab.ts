import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Semaphore } from "../host/semaphore.ts";
import { addressOf, type ContainerPlan, startHost, waitForSsh } from "./container.ts";
import { endDaemon, ensureDaemon } from "./daemon.ts";
import { type HostDefinition, type LabDefinition, readLabDefinition } from "./definition.ts";
import type { Docker } from "./docker.ts";
import { ensureImage, type ImageWorkshop, pullImage } from "./image.ts";
import { knownHosts, type LabKeys, labKeys } from "./keys.ts";
import { findMirror } from "./mirror.ts";
import { ensureNetwork } from "./network.ts";
import { liveOwner, thisProcess } from "./owner.ts";
import { type Log, step } from "./process.ts";
import { engineSettings, ensureRegistry, registryUrl } from "./registry.ts";
import {
  dropSnapshot,
  restoreVolumes,
  type SnapshotPart,
  snapshotImage,
  snapshotsOf,
  takeSnapshot,
} from "./snapshot.ts";

export interface LabOptions {
  /** The lab file. */
  readonly definition: string;
  /** Keys, known_hosts, the private daemon's data. Default: PLAY_LAB_DIR, else `.play/lab`. */
  readonly directory?: string;
  /** A registry with the genuine images, used instead of one of the lab's own. Default: PLAY_LAB_REGISTRY. */
  readonly registry?: string;
  readonly log?: Log;
}

/** A running host and how to log in to it (as root, or as a user that its image has). */
export interface LabHost {
  readonly name: string;
  readonly container: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKeyFile: string;
  readonly knownHostsFile: string;
  /** It has no SSH server: commands enter it through Docker alone. */
  readonly withoutSsh?: boolean;
}

export interface HostStatus {
  readonly name: string;
  readonly image: string;
  readonly address: string;
  readonly state: "running" | "stopped" | "absent";
}

/** A host to be made on the fly. */
export interface Platform {
  /** Its hostname; unique within one call. */
  readonly name: string;
  readonly image: string;
  /** The image is none of the lab's: it is pulled, and commands enter it through Docker alone. */
  readonly pull?: boolean;
  /** What a pulled image runs as its first process; empty: its own. */
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly address?: string;
}

/** Opens a lab: reads its definition, finds or starts the daemon. Makes no host. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const definition = await readLabDefinition(options.definition);
  const directory = resolve(options.directory ?? process.env["PLAY_LAB_DIR"] ?? ".play/lab");
  await mkdir(directory, { recursive: true });
  const log = options.log ?? (() => {});
  const docker = await ensureDaemon(directory, log);
  const network = await ensureNetwork(docker, definition.subnet, definition.throwaway, log);
  const workshop: ImageWorkshop = {
    docker,
    definition,
    network,
    mirror: await findMirror(),
    directory: join(directory, "build"),
    pullFrom: options.registry ?? process.env["PLAY_LAB_REGISTRY"] ?? "",
    log,
    builds: new Semaphore(2),
    tags: new Map(),
  };
  const lab = new Lab(workshop, directory, await labKeys(directory));
  await lab.writeKnownHosts();
  return lab;
}

/** Ends what runs for a lab's folder even where its definition cannot be read any more. */
export { endDaemon };

export class Lab {
  readonly definition: LabDefinition;
  readonly directory: string;
  readonly docker: Docker;
  readonly network: string;
  readonly knownHostsFile: string;
  readonly #workshop: ImageWorkshop;
  readonly #keys: LabKeys;
  readonly #log: Log;

  constructor(workshop: ImageWorkshop, directory: string, keys: LabKeys) {
    this.#workshop = workshop;
    this.definition = workshop.definition;
    this.docker = workshop.docker;
    this.network = workshop.network;
    this.directory = directory;
    this.knownHostsFile = join(directory, "known_hosts");
    this.#keys = keys;
    this.#log = workshop.log;
  }

  /** Brings declared hosts up: made where missing or of another image than declared, started where stopped. */
  async up(names?: readonly string[]): Promise<LabHost[]> {
    const hosts = this.#declared(names);
    const raise = async (host: HostDefinition) => this.#raise(host, await this.image(host.image));
    const [raised] = await Promise.all([Promise.all(hosts.map(raise)), this.registry()]);
    return raised;
  }

  /** Removes declared hosts with their volumes; `all` also the registry, everything made on the fly, the daemon. */
  async down(options: { readonly hosts?: readonly string[]; readonly all?: boolean } = {}): Promise<void> {
    for (const host of this.#declared(options.hosts)) await this.#remove(host);
    if (!options.all) return;
    for (const container of await this.#containers("play.lab")) await this.#removeContainer(container);
    await this.docker.try(["network", "rm", this.network]);
    await endDaemon(this.directory, this.#log);
  }

  async status(): Promise<HostStatus[]> {
    return Promise.all(
      [...this.definition.hosts.values()].map(async (host) => {
        const found = await this.docker.inspect("container", this.#container(host));
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
    await takeSnapshot(this.docker, name, parts, this.#log);
    for (const host of this.#declared(hosts)) await waitForSsh(host.address, 22, 120);
  }

  /** Brings declared hosts back to what a snapshot holds. @throws Error where there is no such snapshot. */
  async restore(name: string, hosts?: readonly string[]): Promise<LabHost[]> {
    const wanted = this.#declared(hosts);
    if (!(await this.hasSnapshot(name, hosts))) {
      throw new Error(`There is no snapshot "${name}" of ${wanted.map((host) => host.name).join(", ")}.`);
    }
    await this.registry();
    return step(this.#log, `restoring snapshot ${name}`, () =>
      Promise.all(
        wanted.map(async (host) => {
          await this.#remove(host);
          await restoreVolumes(this.docker, name, this.#part(host));
          const image = await this.image(host.image);
          return this.#start(host, snapshotImage(name, this.#container(host)), image);
        }),
      ),
    );
  }

  /** Whether a snapshot holds these hosts, made from the images that are declared now. */
  async hasSnapshot(name: string, hosts?: readonly string[]): Promise<boolean> {
    for (const host of this.#declared(hosts)) {
      const found = await this.docker.inspect("image", snapshotImage(name, this.#container(host)));
      if (found?.Config?.Labels?.["play.lab.image"] !== (await this.image(host.image))) return false;
    }
    return true;
  }

  /** Names of the snapshots of the first declared host. */
  async snapshots(): Promise<string[]> {
    const [first] = this.definition.hosts.values();
    return first ? snapshotsOf(this.docker, this.#container(first)) : [];
  }

  async dropSnapshot(name: string): Promise<void> {
    for (const host of this.definition.hosts.values()) await dropSnapshot(this.docker, name, this.#part(host));
  }

  /** Cuts a declared host off the network, as a pulled cable does. */
  async cut(name: string): Promise<void> {
    for (const host of this.#declared([name])) {
      await this.docker.run(["network", "disconnect", "--force", this.network, this.#container(host)]);
    }
  }

  /** Puts the cable back, and waits until the host is reached: its neighbours may still think it gone. */
  async reconnect(name: string): Promise<void> {
    for (const host of this.#declared([name])) {
      await this.docker.run(["network", "connect", "--ip", host.address, this.network, this.#container(host)]);
      await waitForSsh(host.address, 22, 60);
    }
  }

  /** Runs a command in a host without SSH (`docker exec`), for preparing and looking. @throws CommandError */
  async exec(container: string, argv: readonly string[], input?: string | Buffer): Promise<string> {
    const stdin = input === undefined ? [] : ["--interactive"];
    return this.docker.run(["exec", ...stdin, container, ...argv], input === undefined ? {} : { input });
  }

  /** Makes sure of an image. @returns its tag. */
  async image(name: string): Promise<string> {
    return ensureImage(this.#workshop, name);
  }

  /** Makes sure of all images, so that nothing waits for one later; the registry is filled and started too. */
  async build(): Promise<void> {
    const images = [...this.definition.images.keys()].map((name) => this.image(name));
    await Promise.all([...images, this.registry()]);
  }

  /** Makes sure of the registry, for hosts made on the fly whose engines pull. */
  async registry(): Promise<void> {
    if (this.definition.registry && this.#workshop.pullFrom === "") {
      await ensureRegistry(this.#workshop, this.definition.registry);
    }
  }

  /**
   * Makes hosts on the fly, with addresses of the throwaway range. Without `group` they belong to this process and
   * are removed when it is gone; with one they stay until `destroy(group)`.
   */
  async create(platforms: readonly Platform[], group?: string): Promise<LabHost[]> {
    await this.sweep();
    // Hosts with room for an engine are hosts whose engine pulls.
    if (platforms.some((platform) => platform.volumes?.includes("/var/lib/docker"))) await this.registry();
    const mark = group ?? `${process.pid}-${randomBytes(3).toString("hex")}`;
    const images = new Map<string, string>();
    for (const { image, pull } of platforms) {
      images.set(image, await (pull ? pullImage(this.#workshop, image) : this.image(image)));
    }
    const made = await pooled(platforms, 4, async (platform) => {
      const container = `${this.network}-${mark}-${platform.name}`;
      const volumes = (platform.volumes ?? []).map((folder) => [folder, volumeName(container, folder)] as const);
      const image = images.get(platform.image) ?? "";
      // A group's hosts have fixed names: one that was begun and cut short may be there, its volumes too.
      if (group !== undefined) await this.#removeContainer(container);
      const plan: ContainerPlan = {
        name: container,
        hostname: platform.name,
        image,
        network: this.network,
        ...(platform.address === undefined ? {} : { address: platform.address }),
        volumes: new Map(volumes),
        ports: [],
        labels: new Map([
          ["play.lab", "throwaway"],
          ["play.lab.image", image],
          ["play.lab.group", mark],
          ["play.lab.host", platform.name],
          ...(group === undefined ? ([["play.lab.owner", thisProcess()]] as const) : []),
          ...(platform.pull ? ([["play.lab.login", "docker"]] as const) : []),
        ]),
        files: await this.#engineFiles(),
        command: platform.command ?? [],
      };
      const address = await startHost(this.docker, plan, platform.pull ? undefined : this.#keys);
      return { platform, container, address };
    });
    // A file of its own: the lab's known_hosts must not be written by many processes at once.
    const file = join(this.directory, `known_hosts.${mark}`);
    await writeFile(
      file,
      knownHosts(
        this.#keys,
        made.map(({ address }) => address),
      ),
    );
    await Promise.all(made.map(({ platform, address }) => platform.pull || waitForSsh(address, 22, 120)));
    return made.map(({ platform, container, address }) => ({
      name: platform.name,
      container,
      address,
      port: 22,
      user: "root",
      privateKeyFile: this.#keys.privateKeyFile,
      knownHostsFile: file,
      ...(platform.pull ? { withoutSsh: true } : {}),
    }));
  }

  /** The hosts of a group that were made on the fly and still run. */
  async hostsOf(group: string): Promise<LabHost[]> {
    const containers = await this.#containers(`play.lab.group=${group}`);
    return Promise.all(
      containers.map(async (container) => {
        const found = await this.docker.inspect("container", container);
        return {
          name: found?.Config?.Labels?.["play.lab.host"] ?? container,
          container,
          address: await addressOf(this.docker, container, this.network),
          port: 22,
          user: "root",
          privateKeyFile: this.#keys.privateKeyFile,
          knownHostsFile: join(this.directory, `known_hosts.${group}`),
          ...(found?.Config?.Labels?.["play.lab.login"] === "docker" ? { withoutSsh: true } : {}),
        };
      }),
    );
  }

  /** Removes hosts made on the fly, with their volumes: these, or all of a group. */
  async destroy(which: readonly LabHost[] | string): Promise<void> {
    const containers =
      typeof which === "string"
        ? await this.#containers(`play.lab.group=${which}`)
        : which.map((host) => host.container);
    await pooled(containers, 4, (container) => this.#removeContainer(container));
    const files = typeof which === "string" ? [join(this.directory, `known_hosts.${which}`)] : [];
    for (const host of typeof which === "string" ? [] : which) {
      if (host.knownHostsFile !== this.knownHostsFile) files.push(host.knownHostsFile);
    }
    for (const file of new Set(files)) await rm(file, { force: true });
  }

  /** Removes hosts whose process is gone. */
  async sweep(): Promise<void> {
    const format = '{{.Names}} {{.Label "play.lab.owner"}}';
    const lines = await this.docker.lines(["ps", "--all", "--filter=label=play.lab.owner", "--format", format]);
    for (const line of lines) {
      const [container = "", owner = ""] = line.split(" ");
      if (!(await liveOwner(owner))) await this.#removeContainer(container);
    }
  }

  /** Writes the lab's known_hosts: every declared host by name and address. */
  async writeKnownHosts(): Promise<void> {
    const names = [...this.definition.hosts.values()].flatMap((host) => [host.name, host.address]);
    const text = knownHosts(this.#keys, names);
    const present = await readFile(this.knownHostsFile, "utf8").catch(() => "");
    if (present !== text) await writeFile(this.knownHostsFile, text);
  }

  async #raise(host: HostDefinition, image: string): Promise<LabHost> {
    const container = this.#container(host);
    const found = await this.docker.inspect("container", container);
    if (found && found.Config?.Labels?.["play.lab.image"] === image) {
      if (!found.State?.Running) await this.docker.run(["start", container]);
      await waitForSsh(host.address, 22, 120);
      return this.#login(host);
    }
    if (found) this.#log(`${host.name}: its image is another now; making it anew`);
    await this.#remove(host);
    return step(this.#log, `starting host ${host.name}`, () => this.#start(host, image, image));
  }

  async #start(host: HostDefinition, image: string, declared: string): Promise<LabHost> {
    const plan: ContainerPlan = {
      name: this.#container(host),
      hostname: host.name,
      image,
      network: this.network,
      address: host.address,
      volumes: this.#part(host).volumes,
      ports: process.platform === "linux" ? [] : [22, ...host.ports],
      labels: new Map([
        ["play.lab", "host"],
        ["play.lab.image", declared],
        ["play.lab.host", host.name],
      ]),
      files: await this.#engineFiles(),
      command: [],
    };
    await startHost(this.docker, plan, this.#keys);
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

  async #engineFiles(): Promise<ContainerPlan["files"]> {
    const { registry } = this.definition;
    if (!registry) return [];
    const mirror = this.#workshop.pullFrom === "" ? registryUrl(registry) : this.#workshop.pullFrom;
    return engineSettings(mirror, await nameservers());
  }

  #part(host: HostDefinition): SnapshotPart {
    const container = this.#container(host);
    return {
      container,
      volumes: new Map(host.volumes.map((folder) => [folder, volumeName(container, folder)])),
    };
  }

  #container(host: HostDefinition): string {
    return `${this.network}-${host.name}`;
  }

  async #remove(host: HostDefinition): Promise<void> {
    await this.#removeContainer(this.#container(host), [...this.#part(host).volumes.values()]);
  }

  async #removeContainer(container: string, volumes?: readonly string[]): Promise<void> {
    await this.docker.try(["rm", "--force", "--volumes", container]);
    const named = volumes ?? (await this.docker.lines(["volume", "ls", "--quiet", `--filter=name=${container}.`]));
    for (const volume of named) {
      if (volumes || volume.startsWith(`${container}.`)) await this.docker.try(["volume", "rm", "--force", volume]);
    }
  }

  async #containers(label: string): Promise<string[]> {
    return this.docker.lines(["ps", "--all", `--filter=label=${label}`, "--format", "{{.Names}}"]);
  }

  #declared(names?: readonly string[]): HostDefinition[] {
    if (names === undefined || names.length === 0) return [...this.definition.hosts.values()];
    return names.map((name) => {
      const host = this.definition.hosts.get(name);
      if (!host) {
        const known = [...this.definition.hosts.keys()].join(", ");
        throw new RangeError(`The lab has no host "${name}"; it has ${known}.`);
      }
      return host;
    });
  }
}

function volumeName(container: string, folder: string): string {
  return `${container}.${folder.replace(/^\//, "").replaceAll("/", "-")}`;
}

/** The resolvers of this machine that a host can reach as well. */
async function nameservers(): Promise<string[]> {
  if (!existsSync("/etc/resolv.conf")) return [];
  const text = await readFile("/etc/resolv.conf", "utf8");
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)]
    .map((match) => match[1] ?? "")
    .filter((it) => !/^127\.|:/.test(it));
}

/** `Promise.all` with at most so many at a time; the results keep their order. */
async function pooled<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
