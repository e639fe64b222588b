import { type Dict, dict } from "../source/value.ts";
import { noKeywords } from "./entries.ts";
import type { BaseKeywords, Condition, Item, Raw, RoleUse } from "./tree.ts";

/** What tasks inherit from what stands around them. */
export interface Scope {
  readonly keywords: BaseKeywords;
  readonly vars: Dict;
  /** The variables of the includes around: unlike those of blocks and tasks they stand above facts. */
  readonly includeParams: Dict;
  readonly tags: readonly string[];
  readonly when: readonly Condition[];
  readonly delegateTo?: Raw;
  readonly delegateFacts?: Raw;
  readonly notify?: Raw;
  readonly role?: RoleUse;
  /** Folders searched for files, nearest first. */
  readonly searchPath: readonly string[];
  readonly isHandler: boolean;
  /** The folder of the file that is read: imports are looked for there. */
  readonly folder: string;
  /** How many includes lie around it. */
  readonly depth: number;
  /** Files that are being imported, to find circles. */
  readonly importing: readonly string[];
  /** Variables of the play, which names of imports may use; tasks get them from the play's own level. */
  readonly playVars: Dict;
  /** Where imported roles leave what belongs to the whole play. */
  readonly imported: ImportedRoles;
}

/** What `import_role` adds to the play itself: its handlers, and (unless `public: false`) its variables. */
export interface ImportedRoles {
  readonly uses: RoleUse[];
  readonly handlers: Item[];
}

export function topScope(folder: string, playVars: Dict = dict()): Scope {
  return {
    keywords: noKeywords,
    vars: dict(),
    includeParams: dict(),
    tags: [],
    when: [],
    searchPath: [folder],
    isHandler: false,
    folder,
    depth: 0,
    importing: [],
    playVars,
    imported: { uses: [], handlers: [] },
  };
}

/** What is in either list, each once, in their order. */
export function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}
