import { type Outcome, outcomeOf, type RunOptions, run } from "./process.ts";

/**
 * One Docker daemon, spoken to through the docker client: it is there wherever a daemon is, and speaks to every
 * kind of address.
 */
export class Docker {
  /** `unix:///…`, `tcp://…`, or undefined for the client's own default. */
  readonly address: string | undefined;

  constructor(address?: string) {
    this.address = address;
  }

  /** Runs a client command that has to work. @returns its output. @throws CommandError */
  async run(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return run(["docker", ...args], this.#with(options));
  }

  /** Runs a client command whose failure is an answer. */
  async try(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return outcomeOf(["docker", ...args], this.#with(options));
  }

  /** Whether a daemon answers there. */
  async answers(): Promise<boolean> {
    const outcome = await this.try(["version", "--format", "{{.Server.Version}}"]);
    return outcome.status === 0 && outcome.stdout.toString("utf8").trim() !== "";
  }

  /** The lines of an `ls`-like command. */
  async lines(args: readonly string[]): Promise<string[]> {
    return (await this.run(args)).split("\n").filter((line) => line !== "");
  }

  /** One object's description, or undefined where there is no such object. */
  async inspect(kind: "container" | "image" | "network" | "volume", name: string): Promise<DockerObject | undefined> {
    const outcome = await this.try([kind, "inspect", name]);
    if (outcome.status !== 0) return undefined;
    const found: unknown = JSON.parse(outcome.stdout.toString("utf8"));
    return Array.isArray(found) ? (found[0] as DockerObject | undefined) : undefined;
  }

  async exists(kind: "container" | "image" | "network" | "volume", name: string): Promise<boolean> {
    return (await this.inspect(kind, name)) !== undefined;
  }

  #with(options: RunOptions): RunOptions {
    // The classic builder takes a network by name and needs no plug-in.
    const env = { ...options.env, DOCKER_BUILDKIT: "0", ...(this.address ? { DOCKER_HOST: this.address } : {}) };
    return { ...options, env };
  }
}

/** The parts of an inspected container, image, network or volume that the lab reads. */
export interface DockerObject {
  readonly Id?: string;
  readonly Image?: string;
  readonly Mountpoint?: string;
  readonly State?: { readonly Running: boolean; readonly Status: string };
  readonly Config?: { readonly Labels?: Record<string, string> | null; readonly Image?: string };
  readonly Options?: Record<string, string>;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] | null };
  readonly NetworkSettings?: {
    readonly Networks?: Record<string, { readonly IPAddress?: string }>;
    readonly Ports?: Record<string, readonly { readonly HostPort: string }[] | null>;
  };
}
