import { type Dict, dict } from "../source/value.ts";
import { noKeywords } from "./entries.ts";
import type { BaseKeywords, Condition, Raw, RoleUse } from "./tree.ts";

/** What tasks inherit from what stands around them. */
export interface Scope {
  readonly keywords: BaseKeywords;
  readonly vars: Dict;
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
  /** Files that are being imported, to find circles. */
  readonly importing: readonly string[];
}

export function topScope(folder: string): Scope {
  return {
    keywords: noKeywords,
    vars: dict(),
    tags: [],
    when: [],
    searchPath: [folder],
    isHandler: false,
    folder,
    importing: [],
  };
}
