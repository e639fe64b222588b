import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { toYaml } from "../source/to-yaml.ts";
import type { Dict } from "../source/value.ts";
import type { Scenario } from "./definition.ts";

/** The lab's mark for the hosts of a scenario. */
export function groupOf(scenario: Scenario): string {
  return `scenario-${scenario.name.replace(/[^A-Za-z0-9]+/g, "-")}`;
}

/** Makes the hosts of a scenario that are not there yet; images that the lab does not have are pulled. */
export async function createHosts(lab: Lab, scenario: Scenario): Promise<LabHost[]> {
  const present = await hostsOf(lab, scenario);
  const missing = scenario.platforms
    .filter((platform) => !present.some((host) => host.name === platform.name))
    .map((platform) =>
      lab.definition.images.has(platform.image) ? { ...platform, command: [] } : { ...platform, pull: true },
    );
  if (missing.length > 0) await lab.throwaway.create(missing, groupOf(scenario));
  return hostsOf(lab, scenario);
}

/** The hosts of a scenario that are there, in the order of its platforms. */
export async function hostsOf(lab: Lab, scenario: Scenario): Promise<LabHost[]> {
  const present = await lab.throwaway.of(groupOf(scenario));
  return scenario.platforms.flatMap((platform) => present.filter((host) => host.name === platform.name));
}

/** Writes the inventory that a scenario's playbooks run with. @returns its path */
export function writeInventory(lab: Lab, scenario: Scenario, hosts: readonly LabHost[]): string {
  const folder = join(lab.directory, "scenarios", groupOf(scenario));
  mkdirSync(folder, { recursive: true });
  const all: Dict = {};
  const groups: { [name: string]: Dict } = {};
  for (const platform of scenario.platforms) {
    const host = hosts.find((each) => each.name === platform.name);
    if (!host) continue;
    const own = scenario.hostVars[platform.name];
    all[platform.name] = {
      ...connectionOf(lab, host),
      ...(typeof own === "object" && own !== null ? (own as Dict) : {}),
    };
    for (const group of platform.groups) {
      const members = groups[group] ?? {};
      members[platform.name] = null;
      groups[group] = members;
    }
  }
  const children: Dict = {};
  for (const name of new Set([...Object.keys(groups), ...Object.keys(scenario.groupVars)])) {
    if (name === "all") continue;
    children[name] = { hosts: groups[name] ?? {}, vars: scenario.groupVars[name] ?? {} };
  }
  for (const name of ["group_vars", "host_vars"]) {
    rmSync(join(folder, name), { force: true });
    const target = scenario.links[name];
    if (target !== undefined) symlinkSync(target, join(folder, name));
  }
  const file = join(folder, "inventory.yml");
  writeFileSync(file, toYaml({ all: { hosts: all, children, vars: scenario.groupVars["all"] ?? {} } }), {
    mode: 0o600,
  });
  return file;
}

/** How a scenario's playbooks reach a host. */
function connectionOf(lab: Lab, host: LabHost): Dict {
  if (host.withoutSsh) {
    return {
      ansible_connection: "docker",
      ansible_host: host.container,
      ...(lab.docker.address === undefined ? {} : { ansible_docker_host: lab.docker.address }),
    };
  }
  return {
    ansible_host: host.address,
    ansible_port: host.port,
    ansible_user: host.user,
    ansible_ssh_private_key_file: host.privateKeyFile,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${host.knownHostsFile} -o StrictHostKeyChecking=yes`,
  };
}
