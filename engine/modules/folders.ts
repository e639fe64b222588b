import { randomUUID } from "node:crypto";
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

/** Makes missing folders, the outermost first, each with the attributes. */
export function* makeFolders(missing: readonly AbsentPath[], attributes: Attributes): Look<MadeFolders> {
  const effects: Effect[] = [];
  const made: MadeFolder[] = [];
  for (const each of missing) {
    const bare = created(each, "directory");
    const state = yield* withAttributes(bare, attributes, each.newcomer.umask);
    effects.push(pathEffect(each.path, state));
    made.push({ path: each.path, state, attributes: attributeScript(bare, state) });
  }
  const last = made.at(-1)?.state;
  if (!last) return { steps: [], effects: [] };
  const script = made.every((each) => each.attributes.text === "") ? makeInPlace(made) : makeAside(made);
  return { steps: [{ name: "create the directory", script }], effects, last };
}

interface MadeFolder {
  readonly path: string;
  readonly state: PresentPath;
  /** Gives `"$p"` owner and permissions. */
  readonly attributes: Script;
}

function makeInPlace(folders: readonly MadeFolder[]): Script {
  return joinScripts(
    folders.map(
      ({ path }) => sh`${assign("p", path)}
[ -d "$p" ] || mkdir -- "$p" || exit 1`,
    ),
  );
}

/**
 * All of them under another name, which then becomes theirs: the next run could not know that a folder on the way to
 * the one it is asked for was left by a killed run without its owner and permissions.
 */
function makeAside(folders: readonly MadeFolder[]): Script {
  const top = folders[0]?.path ?? "";
  const scripts = folders.map(
    ({ path, attributes }) => sh`${assign("p", path)}
p=$t\${p#"$q"}
mkdir -- "$p" || exit 1
${attributes}`,
  );
  return sh`${assign("q", top)}
t=\${q%/*}/${`.play-${randomUUID()}`}
trap 'rm -rf -- "$t"' EXIT
${joinScripts(scripts)}
if [ -e "$q" ]; then echo "$q has come to be in the meantime" >&2; exit 1; fi
mv -- "$t" "$q" || exit 1
trap - EXIT`;
}
