import { posix } from "node:path";
import { joinScripts, sh } from "../host/script.ts";
import { type Dict, dict } from "../source/value.ts";
import { land, sha256 } from "./content.ts";
import { askAll, type DiffPart, type Effect, type Look, ModuleFailure, type Plan, type Step } from "./contract.ts";
import type { SourceTree } from "./controller-files.ts";
import { makeFolders, missingFolders } from "./folders.ts";
import type { LandArguments } from "./land-file.ts";
import { octal } from "./mode.ts";
import { assign, remotePath } from "./path-names.ts";
import { type AbsentPath, created, lookAt, pathEffect, pathState } from "./paths.ts";

/** Everything a plan consists of, gathered file by file. */
class Gathered {
  readonly steps: Step[] = [];
  readonly diff: DiffPart[] = [];
  readonly effects: Effect[] = [];
  add(part: { steps: readonly Step[]; effects: readonly Effect[]; diff?: readonly DiffPart[] }): void {
    this.steps.push(...part.steps);
    this.effects.push(...part.effects);
    this.diff.push(...(part.diff ?? []));
  }
}

/** Copies a folder: its folders, files and links below `dest`. What is there besides stays. */
export function* copyTree(args: LandArguments, tree: SourceTree): Look<Plan> {
  const dest = yield* remotePath(args.dest);
  const all = new Gathered();
  const directoryAttributes = { mode: args.directory_mode, owner: args.owner, group: args.group };
  const missing = yield* missingFolders(dest);
  const folders: AbsentPath[] = [...missing];
  const states = yield* askAll(tree.folders.map(({ name }) => pathState(posix.join(dest, name), { follow: true })));
  for (const state of states) {
    if (!state.exists) folders.push(state);
    else if (state.type !== "directory") throw new ModuleFailure(`${state.path} is in the way: it is no directory.`);
  }
  for (const folder of folders) {
    const at = tree.folders.find(({ name }) => posix.join(dest, name) === folder.path);
    const preserved = args.mode === "preserve" && args.directory_mode === undefined && at ? octal(at.mode) : undefined;
    const made = yield* makeFolders(
      [folder],
      preserved === undefined ? directoryAttributes : { ...directoryAttributes, mode: preserved },
    );
    all.add({
      ...made,
      diff: [
        {
          before: dict([
            ["path", folder.path],
            ["state", "absent"],
          ]),
          after: dict([
            ["path", folder.path],
            ["state", "directory"],
          ]),
        },
      ],
    });
  }
  const befores = yield* askAll(
    tree.files.map(({ name, content }) =>
      pathState(posix.join(dest, name), {
        content: { unless: Buffer.isBuffer(content) ? sha256(content) : content.sha256, limit: 200_000 },
      }),
    ),
  );
  for (const [index, file] of tree.files.entries()) {
    const before = befores[index];
    if (!before || (before.exists && !args.force)) continue;
    if (before.exists && before.type === "directory")
      throw new ModuleFailure(`${before.path} is a directory, so no file can be there.`);
    const mode = args.mode === "preserve" ? octal(file.mode) : args.mode;
    const { change } = yield* land({
      before,
      content: file.content,
      attributes: { owner: args.owner, group: args.group, mode },
      backup: args.backup,
      validate: args.validate,
    });
    if (change) all.add(change);
  }
  for (const link of tree.links) {
    const state = yield* lookAt(posix.join(dest, link.name));
    if (state.exists && state.type === "link" && state.target === link.target) continue;
    if (state.exists) throw new ModuleFailure(`${state.path} is in the way of a link.`);
    all.add({
      steps: [
        {
          name: "make the link",
          script: joinScripts([assign("p", state.path), assign("q", link.target), sh`ln -sf -- "$q" "$p" || exit 1`]),
        },
      ],
      effects: [pathEffect(state.path, { ...created(state, "link"), target: link.target })],
      diff: [
        {
          before: dict([
            ["path", state.path],
            ["state", "absent"],
          ]),
          after: dict([
            ["path", state.path],
            ["src", link.target],
            ["state", "link"],
          ]),
        },
      ],
    });
  }
  const result: Dict = dict([["dest", args.dest]]);
  return all.steps.length === 0 ? { result } : { change: all, result };
}
