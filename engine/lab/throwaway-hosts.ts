import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Semaphore } from "../host/semaphore.ts";
import { addressOf, type ContainerPlan, startHost, waitForSsh } from "./container.ts";
import type { Docker } from "./docker.ts";
import { engineFiles, hostsLabelled, type LabHost, removeHost, volumeName } from "./host.ts";
import { ensureImage, type ImageWorkshop, pullImage } from "./image.ts";
import { knownHosts, type LabKeys } from "./keys.ts";
import { liveOwner, thisProcess } from "./owner.ts";
import { ensureRegistry } from "./registry.ts";

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

/** Hosts made on the fly, of any image: each call's are a group, with a known_hosts of its own. */
export class ThrowawayHosts {
  readonly #workshop: ImageWorkshop;
  readonly #docker: Docker;
  readonly #directory: string;
  readonly #keys: LabKeys;

  /** @param directory for their known_hosts */
  constructor(workshop: ImageWorkshop, directory: string, keys: LabKeys) {
    this.#workshop = workshop;
    this.#docker = workshop.docker;
    this.#directory = directory;
    this.#keys = keys;
  }

  /**
   * Makes hosts on the fly, with addresses of the throwaway range. Without `group` they belong to this process and
   * are removed when it is gone; with one they stay until `destroy(group)`.
   */
  async create(platforms: readonly Platform[], group?: string): Promise<LabHost[]> {
    await this.sweep();
    // Hosts with room for an engine are hosts whose engine pulls.
    if (platforms.some((platform) => platform.volumes?.includes("/var/lib/docker")))
      await ensureRegistry(this.#workshop);
    const mark = group ?? `${process.pid}-${randomBytes(3).toString("hex")}`;
    const images = new Map<string, string>();
    for (const { image, pull } of platforms) {
      images.set(image, await (pull ? pullImage(this.#workshop, image) : ensureImage(this.#workshop, image)));
    }
    const made = await this.#fourAtATime(platforms, async (platform) => {
      const container = `${this.#workshop.network}-${mark}-${platform.name}`;
      const volumes = (platform.volumes ?? []).map((folder) => [folder, volumeName(container, folder)] as const);
      const image = images.get(platform.image) ?? "";
      // A group's hosts have fixed names: one that was begun and cut short may be there, its volumes too.
      if (group !== undefined) await removeHost(this.#docker, container);
      const plan: ContainerPlan = {
        name: container,
        hostname: platform.name,
        image,
        network: this.#workshop.network,
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
        files: await engineFiles(this.#workshop),
        command: platform.command ?? [],
      };
      const address = await startHost(this.#docker, plan, platform.pull ? undefined : this.#keys);
      return { platform, container, address };
    });
    // A file of its own: the lab's known_hosts must not be written by many processes at once.
    const file = this.#knownHostsFile(mark);
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
  async of(group: string): Promise<LabHost[]> {
    const containers = await hostsLabelled(this.#docker, `play.lab.group=${group}`);
    return Promise.all(
      containers.map(async (container) => {
        const found = await this.#docker.inspect("container", container);
        return {
          name: found?.Config?.Labels?.["play.lab.host"] ?? container,
          container,
          address: await addressOf(this.#docker, container, this.#workshop.network),
          port: 22,
          user: "root",
          privateKeyFile: this.#keys.privateKeyFile,
          knownHostsFile: this.#knownHostsFile(group),
          ...(found?.Config?.Labels?.["play.lab.login"] === "docker" ? { withoutSsh: true } : {}),
        };
      }),
    );
  }

  /** Removes hosts made on the fly, with their volumes: these, or all of a group. */
  async destroy(which: readonly LabHost[] | string): Promise<void> {
    const containers =
      typeof which === "string"
        ? await hostsLabelled(this.#docker, `play.lab.group=${which}`)
        : which.map((host) => host.container);
    await this.#fourAtATime(containers, (container) => removeHost(this.#docker, container));
    const files = typeof which === "string" ? [this.#knownHostsFile(which)] : [];
    for (const host of typeof which === "string" ? [] : which) {
      if (host.knownHostsFile.startsWith(this.#knownHostsFile(""))) files.push(host.knownHostsFile);
    }
    for (const file of new Set(files)) await rm(file, { force: true });
  }

  /** Removes hosts whose process is gone. */
  async sweep(): Promise<void> {
    const format = '{{.Names}} {{.Label "play.lab.owner"}}';
    const lines = await this.#docker.lines(["ps", "--all", "--filter=label=play.lab.owner", "--format", format]);
    for (const line of lines) {
      const [container = "", owner = ""] = line.split(" ");
      if (!(await liveOwner(owner))) await removeHost(this.#docker, container);
    }
  }

  /** A file for each group: many processes may write at once. */
  #knownHostsFile(group: string): string {
    return join(this.#directory, `known_hosts.${group}`);
  }

  /** The results keep their order. */
  async #fourAtATime<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const places = new Semaphore(4);
    return Promise.all(
      items.map(async (item) => {
        const leave = await places.take();
        return work(item).finally(leave);
      }),
    );
  }
}
