import { ask, askAll, type Look, ModuleFailure } from "./contract.ts";
import { ancestorsOf } from "./path-names.ts";
import { type AbsentPath, pathState } from "./paths.ts";

/** The folders that have to be made so that `path` is one, the outermost first; none where it is there. */
export function* missingFolders(path: string): Look<AbsentPath[]> {
  const own = yield* ask(pathState(path, { follow: true }));
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
