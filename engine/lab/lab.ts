import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Semaphore } from "../host/semaphore.ts";
import { endDaemon, ensureDaemon } from "./daemon.ts";
import { DeclaredHosts } from "./declared-hosts.ts";
import { type LabDefinition, readLabDefinition } from "./definition.ts";
import type { Docker } from "./docker.ts";
import { hostsLabelled, removeHost } from "./host.ts";
import { ensureImage, type ImageWorkshop } from "./image.ts";
import { type LabKeys, labKeys } from "./keys.ts";
import { findMirror } from "./mirror.ts";
import { ensureNetwork } from "./network.ts";
import type { Log } from "./process.ts";
import { ensureRegistry } from "./registry.ts";
import { ThrowawayHosts } from "./throwaway-hosts.ts";

export interface LabOptions {
  /** The lab file. */
  readonly definition: string;
  /** Keys, known_hosts, the private daemon's data. Default: PLAY_LAB_DIR, else `.play/lab`. */
  readonly directory?: string;
  /** A registry with the genuine images, used instead of one of the lab's own. Default: PLAY_LAB_REGISTRY. */
  readonly registry?: string;
  readonly log?: Log;
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
  await lab.hosts.writeKnownHosts();
  return lab;
}

/** A daemon, images, and the two kinds of hosts. */
export class Lab {
  readonly definition: LabDefinition;
  readonly directory: string;
  readonly docker: Docker;
  readonly network: string;
  /** Those that the definition names. */
  readonly hosts: DeclaredHosts;
  /** Those that are made on the fly. */
  readonly throwaway: ThrowawayHosts;
  readonly #workshop: ImageWorkshop;

  constructor(workshop: ImageWorkshop, directory: string, keys: LabKeys) {
    this.#workshop = workshop;
    this.definition = workshop.definition;
    this.docker = workshop.docker;
    this.network = workshop.network;
    this.directory = directory;
    this.hosts = new DeclaredHosts(workshop, directory, keys);
    this.throwaway = new ThrowawayHosts(workshop, directory, keys);
  }

  /** Makes sure of an image. @returns its tag. */
  async image(name: string): Promise<string> {
    return ensureImage(this.#workshop, name);
  }

  /** Makes sure of all images, so that nothing waits for one later; the registry is filled and started too. */
  async build(): Promise<void> {
    const images = [...this.definition.images.keys()].map((name) => this.image(name));
    await Promise.all([...images, ensureRegistry(this.#workshop)]);
  }

  /** Removes all hosts with their volumes, the registry, the network, and the daemon where it is the lab's own. */
  async end(): Promise<void> {
    await this.hosts.remove();
    for (const container of await hostsLabelled(this.docker, "play.lab")) await removeHost(this.docker, container);
    await this.docker.try(["network", "rm", this.network]);
    await endDaemon(this.directory, this.#workshop.log);
  }

  /** Runs a command in a host without SSH (`docker exec`), for preparing and looking. @throws CommandError */
  async exec(container: string, argv: readonly string[], input?: string | Buffer): Promise<string> {
    const stdin = input === undefined ? [] : ["--interactive"];
    return this.docker.run(["exec", ...stdin, container, ...argv], input === undefined ? {} : { input });
  }
}
