import { fileURLToPath } from "node:url";
import type { Target } from "../../engine/host/contract.ts";
import type { LabHost } from "../../engine/lab/host.ts";
import { type Lab, openLab } from "../../engine/lab/lab.ts";
import type { Platform } from "../../engine/lab/throwaway-hosts.ts";

/** The lab of this project: its file, and the folder that all tests share. */
export const labFile = fileURLToPath(new URL("lab.yml", import.meta.url));
const projectFolder = fileURLToPath(new URL("../..", import.meta.url));

let opened: Promise<Lab> | undefined;

/** The project's lab, opened once a process. */
export function projectLab(): Promise<Lab> {
  opened ??= openLab({
    definition: labFile,
    directory: process.env["PLAY_LAB_DIR"] ?? `${projectFolder}.play/lab`,
    log: (line) => process.stderr.write(`lab: ${line}\n`),
  });
  return opened;
}

/** A host of a test: a Target for `connect`, and the container for what a test does behind play's back. */
export interface TestHost extends Target {
  readonly container: string;
  readonly knownHostsFile: string;
  readonly privateKeyFile: string;
}

export interface LabHostsOptions {
  /** An image of lab.yml; default `plain` (no init system, up in half a second). `bookworm` has systemd. */
  readonly image?: string;
  readonly count?: number;
  /** First part of the hostnames; default `host`. */
  readonly prefix?: string;
  readonly volumes?: readonly string[];
  /** Login user: root (default), deploy (sudo without password), worker (sudo with `worker-secret`), guest. */
  readonly user?: string;
}

/**
 * Hosts for one test file: made now, removed by {@link removeHosts}, or by the next call of anyone once this
 * process is gone.
 *
 * @example const [host] = await labHosts({ image: "bookworm" });  const connection = connect(host);
 */
export async function labHosts(options: LabHostsOptions = {}): Promise<TestHost[]> {
  const lab = await projectLab();
  const count = options.count ?? 1;
  const platforms: Platform[] = Array.from({ length: count }, (_, index) => ({
    name: `${options.prefix ?? "host"}-${String(index + 1).padStart(2, "0")}`,
    image: options.image ?? "plain",
    ...(options.volumes === undefined ? {} : { volumes: options.volumes }),
  }));
  return (await lab.throwaway.create(platforms)).map((host) => asTarget(host, options.user));
}

/** A lab host as a Target: verified host key, the lab's login key. */
export function asTarget(host: LabHost, user = "root"): TestHost {
  return {
    name: host.name,
    transport: "ssh",
    address: host.address,
    port: host.port,
    user,
    privateKeyFile: host.privateKeyFile,
    sshArguments: `-o UserKnownHostsFile=${host.knownHostsFile}`,
    hostKeyChecking: true,
    timeout: 30,
    container: host.container,
    knownHostsFile: host.knownHostsFile,
  };
}

export async function removeHosts(hosts: readonly TestHost[]): Promise<void> {
  const lab = await projectLab();
  await lab.throwaway.destroy(hosts.map((host) => ({ ...host, port: host.port ?? 22, user: host.user ?? "root" })));
}
