import type { Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { askAll, type Effect, type Look, ModuleFailure, type Step } from "./contract.ts";
import { type Attributes, attributeScript, withAttributes } from "./ownership.ts";
import { ancestorsOf, assign } from "./path-names.ts";
import { type AbsentPath, created, lookAt, type PresentPath, pathEffect, pathState } from "./paths.ts";

/** The folders that have to be made so that `path` is one, the outermost first; none where it is there. */
export function* missingFolders(path: string): Look<AbsentPath[]> {
  const own = yield* lookAt(path, { follow: true });
  if (own.exists) {
    if (own.type !== "directory") throw new ModuleFailure(`${path} exists and is no directory.`);
    return [];
  }
  const missing: AbsentPath[] = [own];
  for (const state of yield* askAll(ancestorsOf(path).map((each) => pathState(each, { follow: true })))) {
    if (!state.exists) missing.unshift(state);
    else if (state.type === "directory") break;
    else throw new ModuleFailure(`${state.path} is no directory, so ${path} cannot be made.`);
  }
  return missing;
}

export interface MadeFolders {
  /** One step, or none. */
  readonly steps: readonly Step[];
  readonly effects: readonly Effect[];
  /** The innermost, as it will be. */
  readonly last?: PresentPath;
}

/** Makes missing folders, each with the attributes. */
export function* makeFolders(missing: readonly AbsentPath[], attributes: Attributes): Look<MadeFolders> {
  const effects: Effect[] = [];
  const scripts: Script[] = [];
  let last: PresentPath | undefined;
  for (const each of missing) {
    const bare = created(each, "directory");
    last = yield* withAttributes(bare, attributes, each.newcomer.umask);
    effects.push(pathEffect(each.path, last));
    scripts.push(sh`${assign("p", each.path)}
[ -d "$p" ] || mkdir -- "$p" || exit 1`);
    scripts.push(attributeScript(bare, last));
  }
  if (!last) return { steps: [], effects: [] };
  return { steps: [{ name: "create the directory", script: joinScripts(scripts) }], effects, last };
}
