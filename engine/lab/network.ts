import { readdir } from "node:fs/promises";
import { Docker } from "./docker.ts";
import { type Log, outcomeOf, run } from "./process.ts";

/**
 * The bridge of a subnet: `lab-A-B-C`. The name follows from the subnet, so that what a killed daemon left behind
 * is recognised: an interface's name has at most 15 characters, and this one always fits.
 */
export function bridgeName(subnet: string): string {
  return `lab-${subnet.split("/")[0]?.split(".").slice(0, 3).join("-")}`;
}

/** Makes the network of a subnet where it is missing, named as its bridge; `range` has the addresses given freely. */
export async function ensureNetwork(docker: Docker, subnet: string, range: string, log: Log): Promise<string> {
  const name = bridgeName(subnet);
  const existing = await docker.inspect("network", name);
  if (existing) return name;
  await removeLeftoverBridge(name, log);
  const outcome = await docker.try([
    "network",
    "create",
    "--driver=bridge",
    `--subnet=${subnet}`,
    `--ip-range=${range}`,
    `--gateway=${subnet.replace(/\d+\/.*$/, "1")}`,
    "--opt",
    `com.docker.network.bridge.name=${name}`,
    "--label=play.lab=network",
    name,
  ]);
  // Two processes may begin together; the second finds the network of the first.
  if (outcome.status !== 0 && !(await docker.exists("network", name))) {
    throw new Error(`The lab's network ${subnet} cannot be made: ${outcome.stderr.trim()}`);
  }
  return name;
}

/** Deletes a bridge of that name that no living daemon knows: a daemon that was killed left it. */
export async function removeLeftoverBridge(name: string, log: Log): Promise<void> {
  const link = await outcomeOf(["ip", "link", "show", name]);
  if (link.status !== 0) return;
  for (const address of [undefined, ...(await privateSockets())]) {
    const daemon = new Docker(address);
    const names = await daemon.try(["network", "ls", "--format", "{{.Name}}"]);
    if (names.status === 0 && names.stdout.toString("utf8").split("\n").includes(name)) {
      throw new Error(
        `The bridge ${name} belongs to another lab, whose daemon answers at ${address ?? "the default address"}: ` +
          "end that lab (`play lab down --all` in its folder) or give this one another subnet.",
      );
    }
  }
  log(`deleting the bridge ${name}, left by a daemon that is gone`);
  await run(["ip", "link", "delete", name]);
}

/** Where private daemons have their sockets; see daemon.ts. */
export const runFolder = "/run";
export const runPrefix = "play-lab-";

async function privateSockets(): Promise<string[]> {
  const names = await readdir(runFolder).catch(() => [] as string[]);
  return names.filter((name) => name.startsWith(runPrefix)).map((name) => `unix://${runFolder}/${name}/docker.sock`);
}
