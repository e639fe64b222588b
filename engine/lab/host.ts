import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Docker } from "./docker.ts";
import type { ImageWorkshop } from "./image.ts";
import { engineSettings, registryUrl } from "./registry.ts";
import type { TarEntry } from "./tar.ts";

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

/** The volume that a host has at a folder. */
export function volumeName(container: string, folder: string): string {
  return `${container}.${folder.replace(/^\//, "").replaceAll("/", "-")}`;
}

/** Removes a host with its volumes; without names, with all that are named after it. */
export async function removeHost(docker: Docker, container: string, volumes?: readonly string[]): Promise<void> {
  await docker.try(["rm", "--force", "--volumes", container]);
  const named = volumes ?? (await docker.lines(["volume", "ls", "--quiet", `--filter=name=${container}.`]));
  for (const volume of named) {
    if (volumes || volume.startsWith(`${container}.`)) await docker.try(["volume", "rm", "--force", volume]);
  }
}

/** The names of the hosts with a label. */
export function hostsLabelled(docker: Docker, label: string): Promise<string[]> {
  return docker.lines(["ps", "--all", `--filter=label=${label}`, "--format", "{{.Names}}"]);
}

/** What an engine inside a host has to know: where to pull from, whom to ask for names. */
export async function engineFiles({ definition, pullFrom }: ImageWorkshop): Promise<readonly TarEntry[]> {
  const { registry } = definition;
  if (!registry) return [];
  return engineSettings(pullFrom === "" ? registryUrl(registry) : pullFrom, await nameservers());
}

/** The resolvers of this machine that a host can reach as well. */
async function nameservers(): Promise<string[]> {
  if (!existsSync("/etc/resolv.conf")) return [];
  const text = await readFile("/etc/resolv.conf", "utf8");
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)]
    .map((match) => match[1] ?? "")
    .filter((it) => !/^127\.|:/.test(it));
}
