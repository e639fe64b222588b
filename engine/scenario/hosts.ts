import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab, LabHost } from "../lab/lab.ts";
import { toYaml } from "../source/to-yaml.ts";
import type { Dict } from "../source/value.ts";
import type { Scenario } from "./definition.ts";

/** The lab's mark for the hosts of a scenario. */
export function groupOf(scenario: Scenario): string {
  return `scenario-${scenario.name.replace(/[^A-Za-z0-9]+/g, "-")}`;
}

/** Makes the hosts of a scenario that are not there yet. */
export async function createHosts(lab: Lab, scenario: Scenario): Promise<LabHost[]> {
  const present = await lab.hostsOf(groupOf(scenario));
  const missing = scenario.platforms.filter((platform) => !present.some((host) => host.name === platform.name));
  if (missing.length > 0) {
    await lab.registry();
    await lab.create(missing, groupOf(scenario));
  }
  return lab.hostsOf(groupOf(scenario));
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
      ansible_host: host.address,
      ansible_port: host.port,
      ansible_user: host.user,
      ansible_ssh_private_key_file: host.privateKeyFile,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${host.knownHostsFile} -o StrictHostKeyChecking=yes`,
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
  const file = join(folder, "inventory.yml");
  writeFileSync(file, toYaml({ all: { hosts: all, children, vars: scenario.groupVars["all"] ?? {} } }), {
    mode: 0o600,
  });
  return file;
}
