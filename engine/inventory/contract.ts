import type { Position } from "../source/diagnostic.ts";
import type { Dict } from "../source/value.ts";

/** All hosts and groups, merged from every source given with `-i`. */
export interface Inventory {
  /** In the order in which the sources name them. */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  readonly groups: ReadonlyMap<string, InventoryGroup>;
  /** Paths as given, made absolute. */
  readonly sources: readonly string[];
  /** add_host, group_by. */
  addHost(name: string, groups: readonly string[], variables: Dict): boolean;
  /** @returns whether that changed anything, as addHost does */
  addToGroup(host: string, group: string, parents: readonly string[]): boolean;
  /** Reads the sources again; what addHost and addToGroup made stays. Nothing to do where there are none. */
  refresh(): void;
  /** Ansible's patterns: `all`, `web*:!db:&x`, `~re`, `g[0:2]`, commas; unknown parts are warnings in the answer. */
  match(pattern: string, limit?: string): { readonly hosts: readonly string[]; readonly unmatched: readonly string[] };
  /** Groups of a host, `all` first, parents before children, then by priority and name: the order of precedence. */
  groupsOf(host: string): readonly string[];
}

export interface InventoryHost {
  readonly name: string;
  readonly variables: Dict;
  readonly at?: Position;
  /** The file that names it first: inventory_file. */
  readonly file?: string;
  /** Not in any source: `localhost`, made when a play asks for it. */
  readonly implicit?: boolean;
}

export interface InventoryGroup {
  readonly name: string;
  readonly variables: Dict;
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  readonly priority: number;
}
// inventory/load.ts exports `loadInventory(sources: string[], options: {vault, warn}): Inventory` (YAML, INI, directory,
// executable script, `host,` lists). group_vars/host_vars are read by vars/ from `sources` and the playbook's folder.
