import { dirname } from "node:path";
import type { Inventory } from "../inventory/contract.ts";
import type { Play, RoleUse } from "../playbook/tree.ts";
import { type Dict, dict, Omit, type Value } from "../source/value.ts";
import { lazyDict } from "./lazy-dict.ts";

/** What the magic variables of a task tell of. */
export interface MagicSources {
  readonly host: string;
  readonly inventory: Inventory;
  /** Variables of any host, for `hostvars`. */
  readonly hostvars: (host: string) => Dict;
  readonly play?: Play | undefined;
  /** Rendered. */
  readonly playName?: string | undefined;
  /** Those that the play's includes have brought so far. */
  readonly includedRoles?: readonly RoleUse[];
  readonly role?: RoleUse | undefined;
  /** Hosts of the play that have not failed, of the present batch, and all that it began with. */
  readonly playHosts: readonly string[];
  readonly playBatch: readonly string[];
  readonly playHostsAll: readonly string[];
  readonly playbookFolder: string;
  readonly searchPath: readonly string[];
  readonly check: boolean;
  readonly diff: boolean;
  readonly forks: number;
  readonly verbosity: number;
  readonly limit?: string | undefined;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly configFile?: string | undefined;
  readonly version: string;
}

/** The ansible-core whose language this is. */
const LANGUAGE = { full: "2.19.0", major: 2, minor: 19, revision: 0 };

/** Ansible's magic variables for one task on one host. What is dear is made when it is read. */
export function magicVars(from: MagicSources): Dict {
  const { inventory, host, play, role } = from;
  const own = inventory.hosts.get(host);
  const simple: { [name: string]: Value } = {
    inventory_hostname: host,
    inventory_hostname_short: host.split(".")[0] ?? host,
    group_names: inventory
      .groupsOf(host)
      .filter((name) => name !== "all")
      .sort(),
    inventory_file: own?.file ?? null,
    inventory_dir: own?.file === undefined ? null : dirname(own.file),
    playbook_dir: from.playbookFolder,
    omit: Omit.value,
    ansible_check_mode: from.check,
    ansible_diff_mode: from.diff,
    ansible_forks: from.forks,
    ansible_verbosity: from.verbosity,
    ansible_inventory_sources: [...inventory.sources],
    ansible_play_hosts: [...from.playHosts],
    ansible_play_hosts_all: [...from.playHostsAll],
    ansible_play_batch: [...from.playBatch],
    play_hosts: [...from.playHosts],
    ansible_run_tags: from.tags.length > 0 ? [...from.tags] : ["all"],
    ansible_skip_tags: [...from.skipTags],
    ansible_search_path: [...from.searchPath],
    ansible_playbook_python: "/usr/bin/python3",
    ansible_version: { ...LANGUAGE, string: LANGUAGE.full, play: from.version },
  };
  if (from.limit !== undefined) simple["ansible_limit"] = from.limit;
  if (from.configFile !== undefined) simple["ansible_config_file"] = from.configFile;
  if (play) {
    const roles = [...play.roles.filter((each) => !each.isDependency), ...(from.includedRoles ?? [])];
    const direct = roles.map((each) => each.name);
    const dependent = [...new Set(roles.flatMap(dependencyNames))];
    simple["ansible_play_name"] = from.playName ?? play.name;
    simple["ansible_play_role_names"] = direct;
    simple["ansible_dependent_role_names"] = dependent;
    simple["ansible_role_names"] = [...new Set([...dependent, ...direct])];
    simple["role_names"] = direct;
  }
  if (role) {
    simple["role_name"] = role.name;
    simple["ansible_role_name"] = role.name;
    simple["role_path"] = role.path;
    const around = includingRoles(role);
    if (around.length > 0) {
      simple["ansible_parent_role_names"] = around.map((each) => each.name);
      simple["ansible_parent_role_paths"] = around.map((each) => each.path);
    }
    if (role.collection !== undefined) simple["ansible_collection_name"] = role.collection;
  }
  const magic = lazyDict(["groups", "hostvars"], (name) =>
    name === "groups"
      ? dict([...inventory.groups].map(([group, { hosts }]) => [group, [...hosts]] as const))
      : hostvarsOf(inventory, from.hostvars),
  );
  for (const name of Object.keys(simple)) magic[name] = simple[name] ?? null;
  return magic;
}

function dependencyNames(role: RoleUse): string[] {
  return role.dependencies.flatMap((each) => [...dependencyNames(each), each.name]);
}

/** Roles whose includes and imports lead to a role, the nearest first; a role that depends on it includes nothing. */
function includingRoles(role: RoleUse): RoleUse[] {
  const parent = role.parents.at(-1);
  if (parent === undefined) return [];
  return role.isDependency ? includingRoles(parent) : [parent, ...includingRoles(parent)];
}

/** Every host of the inventory; the controller can be asked for too, though it is not listed where no source names it. */
function hostvarsOf(inventory: Inventory, of: MagicSources["hostvars"]): Dict {
  const named = [...inventory.hosts.values()].filter((host) => host.implicit !== true).map((host) => host.name);
  return lazyDict(named, of, ["localhost"]);
}
