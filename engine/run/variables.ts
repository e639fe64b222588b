import { dirname } from "node:path";
import type { Inventory } from "../inventory/contract.ts";
import type { Play, RoleUse, Task } from "../playbook/tree.ts";
import { type Dict, dict, isDict } from "../source/value.ts";
import type { Vault } from "../source/vault.ts";
import type { HostState, Layer, TaskVars } from "../vars/contract.ts";
import { hostStateVars } from "../vars/facts.ts";
import { VarsFiles } from "../vars/files.ts";
import { lazyDict } from "../vars/lazy-dict.ts";
import { magicVars } from "../vars/magic.ts";
import { type Leveled, ready, stack, written } from "../vars/precedence.ts";
import { createTaskVars } from "../vars/task-vars.ts";
import type { PlayRun } from "./context.ts";
import type { RunOptions } from "./options.ts";

export interface VariablesOptions {
  readonly options: RunOptions;
  readonly inventory: Inventory;
  readonly vault: Vault;
  readonly stateOf: (host: string) => HostState;
  readonly readFile: (path: string) => Buffer;
  readonly warn: (message: string) => void;
}

/** What a play adds to the variables of its hosts; made when it starts. */
export interface PlayVariables {
  /** The play's name, rendered. */
  readonly name?: string;
  readonly prompts: Dict;
  /** Files of `vars_files`, for each host. */
  readonly files: ReadonlyMap<string, readonly Layer[]>;
  /** Roles that `include_role` brought, and those of them that are public, whose variables the play sees. */
  readonly includedRoles: RoleUse[];
  readonly publicRoles: RoleUse[];
}

export const noPlayVariables: PlayVariables = { prompts: dict(), files: new Map(), includedRoles: [], publicRoles: [] };

/** A task on its own host may ask for the address: without one of the inventory it is the host's name. */
const addressByName = written(
  "default address",
  dict([["ansible_host", "{{ ansible_ssh_host | default(inventory_hostname) }}"]]),
);

/** Brings the levels of variables together for a task on a host. */
export class Variables {
  readonly #from: VariablesOptions;
  readonly files: VarsFiles;
  readonly #extra: Layer[];
  #inventoryVars = new Map<string, Leveled>();
  #hostvars = new Map<string, Dict>();
  readonly #plays = new WeakMap<Play, PlayVariables>();
  #playbookFolder: string | undefined;

  constructor(from: VariablesOptions) {
    this.#from = from;
    this.files = new VarsFiles(from.vault, from.warn);
    this.#extra = [written("extra vars", from.options.extraVars ?? dict())];
  }

  /** The variables of a host outside any task, as `hosts:` and `vars_files:` of a play see them. */
  forPlay(play: Play, host: string | undefined, hosts: readonly string[] = []): TaskVars {
    return this.#make(host ?? "localhost", play, undefined, hosts, hosts, hosts, host === undefined);
  }

  forTask(run: PlayRun, host: string, task: Task | undefined): TaskVars {
    const left = (name: string) => !run.run.lost.has(name) && !run.removed.has(name);
    const alive = run.allHosts.filter(left);
    const batch = run.hosts.map((each) => each.name).filter(left);
    return this.#make(host, run.play, task, alive, batch, run.allHosts, false);
  }

  /** Variables of the host that a task is delegated to: how to reach it. */
  delegate(host: string, _vars: TaskVars, job: { readonly play: PlayRun; readonly task: Task }): TaskVars {
    return this.forTask(job.play, host, job.task);
  }

  startPlay(play: Play, variables: PlayVariables): void {
    this.#plays.set(play, variables);
    const folder = dirname(play.file);
    if (folder !== this.#playbookFolder) {
      this.#playbookFolder = folder;
      this.inventoryChanged();
    }
  }

  includedRole(play: Play, role: RoleUse, isPublic: boolean): void {
    const variables = this.#plays.get(play);
    variables?.includedRoles.push(role);
    if (isPublic) variables?.publicRoles.push(role);
  }

  /** What is remembered of these hosts changed. */
  changed(hosts: readonly string[]): void {
    for (const host of hosts) this.#hostvars.delete(host);
  }

  inventoryChanged(): void {
    this.#inventoryVars = new Map();
    this.#hostvars = new Map();
  }

  #make(
    host: string,
    play: Play | undefined,
    task: Task | undefined,
    alive: readonly string[],
    batch: readonly string[],
    all: readonly string[],
    hostless: boolean,
  ): TaskVars {
    const { options, inventory } = this.#from;
    const searchPath = task?.searchPath ?? (play ? [dirname(play.file)] : []);
    const own = play ? (this.#plays.get(play) ?? noPlayVariables) : noPlayVariables;
    const magic = magicVars({
      host,
      inventory,
      hostvars: (name) => this.#hostvarsOf(name),
      play,
      playName: own.name ?? play?.name,
      includedRoles: own.includedRoles,
      role: task?.role,
      playHosts: alive,
      playBatch: batch,
      playHostsAll: all,
      playbookFolder: this.#playbookFolder ?? (play ? dirname(play.file) : "."),
      searchPath,
      check: options.check ?? false,
      diff: options.diff ?? false,
      forks: options.forks ?? 5,
      verbosity: options.verbosity ?? 0,
      limit: options.limit,
      tags: options.tags ?? [],
      skipTags: options.skipTags ?? [],
      configFile: options.configFile,
      version: "0.1.0",
    });
    const layers = stack(
      hostless ? {} : this.#inventoryLevels(host),
      roleLevels(play, own, task?.role),
      {
        "play vars": play ? [written("play vars", play.vars)] : [],
        vars_prompt: [ready("vars_prompt", own.prompts)],
        vars_files: own.files.get(host) ?? [],
        "task vars": task ? [written("task vars", task.vars)] : [],
        "include params": task ? [written("include params", task.includeParams)] : [],
        "extra vars": this.#extra,
        "magic variables": [ready("magic variables", magic)],
      },
      hostless ? {} : hostStateVars(this.#from.stateOf(host)),
    );
    return createTaskVars({
      layers: task && task.delegateTo === undefined ? [addressByName, ...layers] : layers,
      context: {
        searchPath,
        readFile: this.#from.readFile,
        decrypt: (text) => this.#from.vault.decrypt(text),
        warn: this.#from.warn,
        ...(options.managed === undefined ? {} : { managed: options.managed }),
      },
    });
  }

  #inventoryLevels(host: string): Leveled {
    let levels = this.#inventoryVars.get(host);
    if (!levels) {
      levels = this.files.host(this.#from.inventory, host, this.#playbookFolder);
      this.#inventoryVars.set(host, levels);
    }
    return levels;
  }

  /** Another host as templates see it: its inventory, facts and registered results, no play. */
  #hostvarsOf(host: string): Dict {
    let found = this.#hostvars.get(host);
    if (!found) {
      const vars = this.#make(host, undefined, undefined, [], [], [], false);
      found = lazyDict(vars.names(), (name) => vars.lookup(name) ?? null);
      this.#hostvars.set(host, found);
    }
    return found;
  }
}

/** Roles of the play are seen by all of it; those around a task come over them, the nearest last. */
function roleLevels(play: Play | undefined, own: PlayVariables, role: RoleUse | undefined): Leveled {
  const everywhere = [...(play?.roles ?? []), ...own.publicRoles];
  const around = role ? [...role.parents, role] : [];
  const near = role ? [...role.parents, ...everyDependency(role), role] : [];
  const all = [...everywhere, ...near];
  return {
    "role defaults": all.map((each) => written(`defaults of role ${each.name}`, each.defaults)),
    "role vars": all.map((each) => written(`vars of role ${each.name}`, each.vars)),
    // A dependency's parameters are its own.
    "role params": around
      .filter((each) => isDict(each.params))
      .map((each) => written(`params of role ${each.name}`, each.params)),
  };
}

function everyDependency(role: RoleUse): RoleUse[] {
  return role.dependencies.flatMap((each) => [...everyDependency(each), each]);
}
