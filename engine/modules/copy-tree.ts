import { posix } from "node:path";
import { joinScripts, sh } from "../host/script.ts";
import { type Dict, dict } from "../source/value.ts";
import { attributeDiff, hasContent, land, sha256 } from "./content.ts";
import { askAll, type DiffPart, type Effect, type Look, ModuleFailure, type Plan, type Step } from "./contract.ts";
import type { SourceFile, SourceTree } from "./controller-files.ts";
import { makeFolders, missingFolders } from "./folders.ts";
import type { LandArguments } from "./land-file.ts";
import { octal } from "./mode.ts";
import { type Attributes, attributeScript, sameAttributes, withAttributes } from "./ownership.ts";
import { assign, remotePath } from "./path-names.ts";
import { type AbsentPath, created, lookAt, type PresentPath, pathEffect, pathState } from "./paths.ts";

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

/** Which attributes a copy of a folder gives to what it makes, and to what is there already. */
export interface TreeRules {
  /** The folder that the permissions asked for are meant for, where they are not the files'. */
  readonly top?: { readonly path: string; readonly mode: string | undefined };
  /** Of a folder that is made; without `at` it only leads to the tree. */
  made(at: { readonly mode: number } | undefined, path: string): Attributes;
  /** Of a folder of the tree that is there. */
  present(at: { readonly name: string; readonly mode: number }): Attributes;
  /** Permissions of a file; `landed`: it is new, or has other content. */
  file(file: SourceFile, landed: boolean): string | undefined;
}

/** As Ansible copies a folder of the controller: `mode` is for the files, `directory_mode` for folders. */
export function fromController(args: LandArguments, tree: SourceTree): TreeRules {
  const { owner, group } = args;
  const modeOf = (at: { readonly mode: number } | undefined) =>
    args.directory_mode ?? (args.mode === "preserve" && at ? octal(at.mode) : undefined);
  return {
    made: (at) => ({ mode: modeOf(at), owner, group }),
    // The folder itself is no part of what is copied, as with `folder/`.
    present: (at) => (at.name === tree.root ? {} : { mode: modeOf(at), owner, group }),
    file: (file) => (args.mode === "preserve" ? octal(file.mode) : args.mode),
  };
}

/** Copies a folder: its folders, files and links below `dest`. What is there besides stays. */
export function* copyTree(args: LandArguments, tree: SourceTree, rules: TreeRules): Look<Plan> {
  const dest = yield* remotePath(args.dest);
  const all = new Gathered();
  const missing = yield* missingFolders(dest);
  const folders: AbsentPath[] = [...missing];
  const present: (readonly [PresentPath, Attributes])[] = [];
  const states = yield* askAll(tree.folders.map(({ name }) => pathState(posix.join(dest, name), { follow: true })));
  for (const [index, state] of states.entries()) {
    const at = tree.folders[index];
    if (!at) continue;
    if (!state.exists) folders.push(state);
    else if (state.type !== "directory") throw new ModuleFailure(`${state.path} is in the way: it is no directory.`);
    else present.push([state, rules.present(at)]);
  }
  const top = (path: string) =>
    path === rules.top?.path && rules.top.mode !== undefined ? { mode: rules.top.mode } : {};
  // The folder that leads to the tree may be the one that is meant, and there.
  const own = missing.length === 0 && rules.top?.path === dest ? yield* lookAt(dest, { follow: true }) : undefined;
  if (own?.exists) present.push([own, rules.present({ name: "", mode: own.mode })]);
  for (const folder of folders) {
    const at = tree.folders.find(({ name }) => posix.join(dest, name) === folder.path);
    const made = yield* makeFolders([folder], { ...rules.made(at, folder.path), ...top(folder.path) });
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
    const mode = rules.file(file, !hasContent(before, file.content));
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
  // Last, since what they allow may be less than writing needs.
  for (const [folder, attributes] of present) {
    all.add(yield* shaped(folder, { ...attributes, ...top(folder.path) }));
  }
  const result: Dict = dict([["dest", args.dest.endsWith("/") ? args.dest : `${args.dest}/`]]);
  return all.steps.length === 0 ? { result } : { change: all, result };
}

function* shaped(folder: PresentPath, attributes: Attributes): Look<Pick<Gathered, "steps" | "diff" | "effects">> {
  const after = yield* withAttributes(folder, attributes);
  if (sameAttributes(folder, after)) return { steps: [], diff: [], effects: [] };
  const script = joinScripts([assign("p", folder.real), attributeScript(folder, after)]);
  return {
    steps: [{ name: "change owner or permissions", script }],
    diff: [attributeDiff(folder, after)],
    effects: [pathEffect(folder.real, after)],
  };
}
