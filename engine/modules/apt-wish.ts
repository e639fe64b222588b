import picomatch from "picomatch";
import { compareVersions } from "./debian-version.ts";
import type { PackageState } from "./packages.ts";

/** A package as a playbook asks for it. */
export interface Wish {
  /** As the playbook has it. */
  readonly spec: string;
  readonly name: string;
  readonly operator?: "=" | ">=";
  readonly version?: string;
}

/** Reads `name`, `name=version` (which may hold `*`) and `name>=version`. */
export function parseWish(spec: string): Wish {
  const match = /^([^=>\s]+)\s*(=|>=)\s*(.+)$/.exec(spec.trim());
  if (match?.[1] === undefined) return { spec, name: spec.trim() };
  return { spec, name: match[1], operator: match[2] === ">=" ? ">=" : "=", ...(match[3] ? { version: match[3] } : {}) };
}

/** Whether a package is there, in a version that is asked for. */
export function satisfied(wish: Wish, state: PackageState | undefined): boolean {
  return state?.installed === true && (state.version === undefined || answers(wish, state.version));
}

/** Whether a version is one that is asked for. */
export function answers({ operator, version: wanted }: Wish, version: string): boolean {
  if (wanted === undefined) return true;
  return operator === ">="
    ? compareVersions(version, wanted) >= 0
    : picomatch.isMatch(version, wanted, { bash: true, dot: true });
}
