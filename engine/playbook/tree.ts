import type { Position } from "../source/diagnostic.ts";
import type { Dict, Value } from "../source/value.ts";

/*
 * The typed tree of a playbook, as loaded: roles resolved, imports in place, every keyword checked, nothing rendered.
 * A `Raw` value may still be a template; run/ renders it for each host.
 */

export type Raw = Value;
/** A condition as written: a template expression, or a boolean. Several must all hold. */
export interface Condition {
  readonly expression: string | boolean;
  readonly at: Position;
}

export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
}

/** Keywords that plays, roles, blocks and tasks share; children inherit what they do not say themselves. */
export interface BaseKeywords {
  readonly connection?: Raw;
  readonly port?: Raw;
  readonly remoteUser?: Raw;
  readonly environment: readonly Raw[];
  readonly noLog?: Raw;
  readonly runOnce?: Raw;
  readonly ignoreErrors?: Raw;
  readonly ignoreUnreachable?: Raw;
  readonly checkMode?: Raw;
  readonly diff?: Raw;
  readonly anyErrorsFatal?: Raw;
  readonly throttle?: Raw;
  readonly debugger?: Raw;
  readonly timeout?: Raw;
  readonly become?: Raw;
  readonly becomeMethod?: Raw;
  readonly becomeUser?: Raw;
  readonly becomeFlags?: Raw;
  readonly becomeExe?: Raw;
  readonly moduleDefaults: readonly Dict[];
}

export interface Play {
  readonly name: string;
  readonly at: Position;
  readonly file: string;
  readonly hosts: Raw;
  readonly hostsAt: Position;
  readonly keywords: BaseKeywords;
  readonly vars: Dict;
  readonly varsFiles: readonly { readonly value: Raw; readonly at: Position }[];
  readonly varsPrompt: readonly Dict[];
  readonly tags: readonly string[];
  readonly gatherFacts?: Raw;
  readonly gatherSubset?: Raw;
  readonly gatherTimeout?: Raw;
  readonly factPath?: Raw;
  readonly serial: readonly Raw[];
  readonly strategy: Raw;
  readonly order?: Raw;
  readonly forceHandlers?: Raw;
  readonly maxFailPercentage?: Raw;
  /** pre_tasks, roles, tasks, post_tasks, each followed by a flush of handlers as Ansible does. */
  readonly sections: readonly Section[];
  /** The play's own, and those of its roles. */
  readonly handlers: readonly Item[];
  readonly roles: readonly RoleUse[];
}

export interface Section {
  readonly name: "pre_tasks" | "roles" | "tasks" | "post_tasks";
  readonly items: readonly Item[];
}

/** A role as used at one place: its variables in the three layers that Ansible gives them. */
export interface RoleUse {
  readonly name: string;
  readonly path: string;
  readonly defaults: Dict;
  readonly vars: Dict;
  readonly params: Dict;
  /** Roles that brought it in as a dependency or by include, the nearest last. */
  readonly parents: readonly RoleUse[];
  readonly dependencies: readonly RoleUse[];
  /** Brought in by the meta/main.yml of the nearest parent; else by an entry of `roles:`, an import, or an include. */
  readonly isDependency: boolean;
  readonly allowDuplicates: boolean;
  /** Two uses with the same one are the same: the second does not run again unless duplicates are allowed. */
  readonly signature: string;
  /** What meta/argument_specs.yml says of the entry point, which is named as the file of tasks is. */
  readonly argumentSpec?: { readonly entryPoint: string; readonly spec: Dict };
  readonly collection?: string;
}

export type Item = Task | Block;

interface ItemBase {
  readonly name?: string;
  readonly at: Position;
  readonly keywords: BaseKeywords;
  readonly vars: Dict;
  /** Own and inherited. */
  readonly tags: readonly string[];
  /** Own and inherited, outermost first. */
  readonly when: readonly Condition[];
  readonly delegateTo?: Raw;
  readonly delegateFacts?: Raw;
  readonly notify?: Raw;
  readonly role?: RoleUse;
}

export interface Block extends ItemBase {
  readonly kind: "block";
  readonly block: readonly Item[];
  readonly rescue: readonly Item[];
  readonly always: readonly Item[];
  /** Set on the blocks that stand for a whole role: end_role, role_complete. */
  readonly roleRoot?: boolean;
}

export interface Task extends ItemBase {
  readonly kind: "task";
  /** The short name of the module or of a task-level action: include_tasks, include_role, import_* are resolved, meta. */
  readonly module: string;
  /** As written, for messages and `-vvv`. */
  readonly moduleAsWritten: string;
  readonly moduleAt: Position;
  /** As written; free-form text under `_raw_params`. */
  readonly args: Dict | string;
  readonly loop?: Loop;
  readonly register?: string;
  readonly until: readonly Condition[];
  readonly retries?: Raw;
  readonly delay?: Raw;
  readonly changedWhen: readonly Condition[];
  readonly failedWhen: readonly Condition[];
  readonly async?: Raw;
  readonly poll?: Raw;
  /** Handlers only. */
  readonly listen: readonly string[];
  readonly isHandler: boolean;
  /** The engine's own: a section's flush of handlers, which nobody wrote and no banner tells of. */
  readonly implicit?: true;
  /** The variables of the includes around it, and an include's own, which stand above facts. */
  readonly includeParams: Dict;
  /** What the task has from the blocks around it: all that tasks which it includes inherit of these. */
  readonly around?: { readonly tags: readonly string[]; readonly when: readonly Condition[] };
  /** Folders searched for files, templates, vars and included tasks, nearest first. */
  readonly searchPath: readonly string[];
  /** How many includes brought it. */
  readonly depth: number;
}

export interface Loop {
  /** `loop`, or the lookup of `with_X`. */
  readonly kind: string;
  readonly value: Raw;
  readonly at: Position;
  readonly loopVar: Raw;
  readonly indexVar?: Raw;
  readonly label?: Raw;
  readonly pause?: Raw;
  readonly extended?: Raw;
  readonly extendedAllitems?: Raw;
  readonly breakWhen: readonly Condition[];
}
// playbook/load.ts exports:
//   loadPlaybooks(paths, options: LoadOptions): { playbooks: Playbook[]; warnings: Diagnostic[] }  (throws DiagnosticError
//   with everything it found), and for the includes met during a run:
//   loadTaskFile(path, parent: Task, options): Item[], loadRole(name, parent, options): {use, items, handlers}, loadVarsFile(path).
