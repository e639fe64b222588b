import type { connect } from "../host/connect.ts";
import type { Inventory } from "../inventory/contract.ts";
import type { Secrets } from "../source/secrets.ts";
import type { Dict } from "../source/value.ts";
import type { Vault } from "../source/vault.ts";
import type { HostSummary, Reporter } from "./events.ts";

/** Everything that one run is told. The command line, a scenario and a test make the same thing. */
export interface RunOptions {
  /** Paths of playbooks, run one after the other. */
  readonly playbooks: readonly string[];
  /** Sources as given with `-i` (paths, or `host,` lists), or an inventory that was loaded already. */
  readonly inventory: readonly string[] | Inventory;
  readonly vault?: Vault;
  /** Already merged and parsed, the later of several `-e` over the earlier. */
  readonly extraVars?: Dict;
  /** Empty or absent: all. */
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  /** A host pattern; what `@file` holds is joined with commas by the caller, or left to it. */
  readonly limit?: string;
  readonly check?: boolean;
  readonly diff?: boolean;
  /** Hosts that are worked on at once. Default 5, as Ansible's. */
  readonly forks?: number;
  readonly startAtTask?: string;
  /** Asks before every task; needs `prompt`. */
  readonly step?: boolean;
  readonly forceHandlers?: boolean;
  /** Tasks that fail stop in the debugger, unless their keyword says otherwise; needs `prompt`. */
  readonly debugFailures?: boolean;
  readonly connection?: ConnectionOptions;
  /** Folders searched for roles, after `roles/` beside the playbook. */
  readonly rolesPath?: readonly string[];
  /** Warnings of the load become errors. */
  readonly strict?: boolean;
  readonly verbosity?: number;
  /** Probes of tasks to come travel with the present one while nothing changes. Default true; same events either way. */
  readonly readAhead?: boolean;
  /** Marks of due handlers are left on hosts, and a lease keeps two runs apart. Default true. */
  readonly handlerMarks?: boolean;
  /** Facts of hosts are gathered where a play does not say (`gathering = implicit`). Default `implicit`. */
  readonly gathering?: "implicit" | "explicit" | "smart";
  /** First Ctrl-C: the steps under way are finished, then the run stops and reports. */
  readonly interrupt?: AbortSignal;
  /** Second Ctrl-C: everything is cut. */
  readonly cut?: AbortSignal;
  readonly reporters: readonly Reporter[];
  readonly secrets?: Secrets;
  /** Asks the person at the terminal; undefined is the answer where there is none. */
  readonly prompt?: (
    text: string,
    options: { readonly echo: boolean; readonly signal: AbortSignal },
  ) => Promise<string | undefined>;
  /** Path of the ansible.cfg that was read: the magic variable ansible_config_file. */
  readonly configFile?: string;
  /** What `ansible_managed` is in templates, as ansible.cfg has it. */
  readonly managed?: string;
  /** Makes connections; host/connect.ts's unless a test cuts them. */
  readonly connect?: typeof connect;
  /** Default strategy where a play names none. */
  readonly strategy?: string;
}

/** What the command line says about connections; a host's variables come before it, as in Ansible. */
export interface ConnectionOptions {
  /** `ssh`, `openssh`, `local`, `docker`. */
  readonly transport?: string;
  readonly user?: string;
  readonly password?: string;
  readonly privateKeyFile?: string;
  /** Seconds for a connection to be made. Default 10. */
  readonly timeout?: number;
  readonly sshCommonArgs?: string;
  readonly sshExtraArgs?: string;
  /** Default true. */
  readonly hostKeyChecking?: boolean;
  readonly become?: boolean;
  readonly becomeMethod?: string;
  readonly becomeUser?: string;
  readonly becomePassword?: string;
}

export interface RunResult {
  /** ansible-playbook's: 0, 2 a host failed, 4 unreachable (or-ed), 8 the play was broken off, 99 interrupted. */
  readonly exitCode: number;
  readonly hosts: { readonly [host: string]: HostSummary };
}
