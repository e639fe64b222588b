import { toJson } from "../source/to-json.ts";
import { type Dict, dict } from "../source/value.ts";
import type { Inventory, InventoryGroup, InventoryHost } from "./contract.ts";
import { matchPattern } from "./pattern.ts";

/** A group while it is being filled. */
interface GroupParts {
  readonly name: string;
  readonly variables: Dict;
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  priority: number;
}

type HostParts = { -readonly [K in keyof InventoryHost]: InventoryHost[K] };

/** The merged inventory. Sources are read into it one after the other; add_host and group_by add to it in a run. */
export class HostInventory implements Inventory {
  readonly sources: readonly string[];
  readonly #hosts = new Map<string, HostParts>();
  readonly #groups = new Map<string, GroupParts>();
  /** Made when they are first asked for after a change. */
  #views: ReadonlyMap<string, InventoryGroup> | undefined;
  readonly #groupsOf = new Map<string, readonly string[]>();

  readonly #read: (inventory: HostInventory) => void;
  /** addHost and addToGroup, in their order. */
  readonly #made: (() => void)[] = [];

  /** @param read puts into it what the sources say */
  constructor(sources: readonly string[], read: (inventory: HostInventory) => void = () => {}) {
    this.sources = sources;
    this.#read = read;
    this.refresh();
  }

  refresh(): void {
    const before = [new Map(this.#hosts), new Map(this.#groups)] as const;
    try {
      this.#replace(new Map(), new Map());
      this.group("all");
      this.group("ungrouped");
      this.#read(this);
      for (const make of this.#made) make();
    } catch (error) {
      this.#replace(...before); // sources that cannot be read leave what there was
      throw error;
    }
  }

  #replace(hosts: ReadonlyMap<string, HostParts>, groups: ReadonlyMap<string, GroupParts>): void {
    this.#hosts.clear();
    this.#groups.clear();
    for (const [name, host] of hosts) this.#hosts.set(name, host);
    for (const [name, group] of groups) this.#groups.set(name, group);
    this.#changed();
  }

  get hosts(): ReadonlyMap<string, InventoryHost> {
    return this.#hosts;
  }

  get groups(): ReadonlyMap<string, InventoryGroup> {
    if (this.#views !== undefined) return this.#views;
    const view = new Map<string, InventoryGroup>();
    for (const name of this.#groups.keys()) {
      const found = this.#view(name);
      if (found) view.set(name, found);
    }
    this.#views = view;
    return view;
  }

  /** Makes sure of a host. */
  host(name: string, file?: string): void {
    this.#changed();
    const known = this.#hosts.get(name);
    if (known) {
      if (known.implicit)
        this.#hosts.set(name, { name, variables: known.variables, ...(file === undefined ? {} : { file }) });
      return;
    }
    this.#hosts.set(name, { name, variables: dict(), ...(file === undefined ? {} : { file }) });
  }

  /** Makes sure of a group. */
  group(name: string): void {
    this.#parts(name);
  }

  setHostVariable(host: string, name: string, value: Dict[string]): void {
    const found = this.#hosts.get(host);
    if (found) found.variables[name] = value;
  }

  setGroupVariable(group: string, name: string, value: Dict[string]): void {
    // A setting of the group, which its hosts do not see.
    if (name === "ansible_group_priority") this.#parts(group).priority = Number(value) || 1;
    else this.#parts(group).variables[name] = value;
    this.#changed();
  }

  member(group: string, host: string): void {
    this.#parts(group).hosts.add(host);
    this.#changed();
  }

  /** @returns false where it would make a group its own descendant */
  child(parent: string, child: string): boolean {
    if (parent === child || this.#descendants(child).has(parent)) return false;
    this.group(child);
    this.#parts(parent).children.add(child);
    this.#changed();
    return true;
  }

  /** @returns whether the inventory is another one now, as for {@link addToGroup} */
  addHost(name: string, groups: readonly string[], variables: Dict): boolean {
    const own = this.#hosts.get(name)?.variables;
    const known =
      own !== undefined &&
      groups.every((group) => this.#has(group, name)) &&
      Object.entries(variables).every(
        ([key, value]) => Object.hasOwn(own, key) && toJson(own[key] ?? null) === toJson(value),
      );
    this.#make(() => {
      this.host(name);
      for (const group of groups) this.member(group, name);
      for (const key of Object.keys(variables)) this.setHostVariable(name, key, variables[key] ?? null);
    });
    return !known;
  }

  addToGroup(host: string, group: string, parents: readonly string[]): boolean {
    const above = parents.filter((parent) => parent !== "all");
    const known = this.#has(group, host) && above.every((parent) => this.#groups.get(parent)?.children.has(group));
    this.#make(() => {
      if (!this.#hosts.has(host)) return; // a refreshed inventory may not have it any more
      this.group(group);
      for (const parent of above) this.child(parent, group);
      this.member(group, host);
    });
    return !known;
  }

  #make(make: () => void): void {
    make();
    this.#made.push(make);
  }

  #has(group: string, host: string): boolean {
    return this.#groups.get(group)?.hosts.has(host) === true;
  }

  /** The host of its own that a play may ask for by name without any inventory. */
  implicitLocalhost(name: string): InventoryHost {
    const known = this.#hosts.get(name);
    if (known) return known;
    const made: InventoryHost = {
      name,
      variables: dict([["ansible_connection", "local"]]),
      implicit: true,
    };
    this.#make(() => {
      if (!this.#hosts.has(name)) this.#hosts.set(name, made);
      this.#changed();
    });
    return made;
  }

  /** Hosts of a group and of all groups below it, level by level, in the order in which each group names them. */
  hostsOf(group: string): string[] {
    const found = new Set<string>();
    const take = (hosts: Iterable<string>) => {
      for (const host of hosts) if (this.#hosts.get(host)?.implicit !== true) found.add(host);
    };
    if (group === "all") {
      take(this.#groups.get("all")?.hosts ?? []);
      take(this.hostsOf("ungrouped"));
      for (const each of this.#levels(this.#top().filter((name) => name !== "ungrouped")))
        take(this.#groups.get(each)?.hosts ?? []);
      take(this.#hosts.keys());
    } else if (group === "ungrouped") {
      const named = [...(this.#groups.get("ungrouped")?.hosts ?? []), ...this.#hosts.keys()];
      take(named.filter((host) => this.groupsOf(host).every((name) => name === "all" || name === "ungrouped")));
    } else for (const each of this.#levels([group])) take(this.#groups.get(each)?.hosts ?? []);
    return [...found];
  }

  match(pattern: string, limit?: string): { readonly hosts: readonly string[]; readonly unmatched: readonly string[] } {
    return matchPattern(this, pattern, limit);
  }

  groupsOf(host: string): readonly string[] {
    const known = this.#groupsOf.get(host);
    if (known) return known;
    const found = new Set<string>();
    const climb = (group: string) => {
      if (found.has(group)) return;
      found.add(group);
      for (const [parent, parts] of this.#groups) if (parent !== "all" && parts.children.has(group)) climb(parent);
    };
    for (const [group, parts] of this.#groups)
      if (parts.hosts.has(host) && group !== "all" && group !== "ungrouped") climb(group);
    const sorted = [...found].sort(
      (a, b) =>
        this.#depth(a) - this.#depth(b) || this.#priority(a) - this.#priority(b) || (a < b ? -1 : a > b ? 1 : 0),
    );
    const implicit = this.#hosts.get(host)?.implicit === true;
    const result = implicit ? [] : ["all", ...(sorted.length === 0 ? ["ungrouped"] : sorted)];
    this.#groupsOf.set(host, result);
    return result;
  }

  #changed(): void {
    this.#views = undefined;
    this.#groupsOf.clear();
  }

  #parts(name: string): GroupParts {
    let found = this.#groups.get(name);
    if (!found) {
      found = { name, variables: dict(), hosts: new Set(), children: new Set(), priority: 1 };
      this.#groups.set(name, found);
      this.#changed();
    }
    return found;
  }

  #view(name: string): InventoryGroup | undefined {
    const parts = this.#groups.get(name);
    if (!parts) return undefined;
    const children = name === "all" ? this.#top() : [...parts.children];
    return { name, variables: parts.variables, hosts: this.hostsOf(name), children, priority: this.#priority(name) };
  }

  /** The children of `all`: those that a source puts there, and all that are in no other group. */
  #top(): string[] {
    const below = new Set([...this.#groups.values()].flatMap((parts) => [...parts.children]));
    const others = [...this.#groups.keys()].filter((name) => name !== "all" && !below.has(name));
    return [...new Set(["ungrouped", ...(this.#groups.get("all")?.children ?? []), ...others])];
  }

  /** Groups and all those below them, those nearer first. */
  #levels(groups: readonly string[]): Iterable<string> {
    const found = new Set(groups);
    // A set yields what is added to it while it is walked.
    for (const group of found) for (const child of this.#groups.get(group)?.children ?? []) found.add(child);
    return found;
  }

  #descendants(group: string, found: Set<string> = new Set()): Set<string> {
    if (found.has(group)) return found;
    found.add(group);
    for (const child of this.#groups.get(group)?.children ?? []) this.#descendants(child, found);
    return found;
  }

  /** How far below `all` a group is, by its longest way. */
  #depth(group: string): number {
    let depth = 1;
    for (const [parent, parts] of this.#groups)
      if (parent !== "all" && parts.children.has(group)) depth = Math.max(depth, this.#depth(parent) + 1);
    return depth;
  }

  #priority(group: string): number {
    return this.#groups.get(group)?.priority ?? 1;
  }
}
