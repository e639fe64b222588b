import { posix } from "node:path";
import { type Dict, dict } from "../source/value.ts";
import { hasContent, land } from "./content.ts";
import { ask, askAll, type Look, ModuleFailure, type Plan } from "./contract.ts";
import { hash, type SourceFile } from "./controller-files.ts";
import { copyTree } from "./copy-tree.ts";
import { makeFolders, missingFolders } from "./folders.ts";
import { destination, fileBefore, type LandArguments } from "./land-file.ts";
import { octal } from "./mode.ts";
import { attributeResult } from "./ownership.ts";
import { baseName, isBelow, remotePath } from "./path-names.ts";
import { lookAt, type PathState, type PresentPath, pathState } from "./paths.ts";
import { tree } from "./tree.ts";

/** Copies from one place of the host to another. */
export function* copyOnHost(args: LandArguments & { readonly src?: string; readonly checksum?: string }): Look<Plan> {
  const given = args.src ?? "";
  const source = yield* remotePath(given);
  const state = yield* lookAt(source, { follow: true, content: { limit: 200_000 }, sha256: true });
  if (!state.exists) throw new ModuleFailure(`Source ${given} not found`);
  if (state.type === "directory") return yield* folderOnHost(args, source, given.endsWith("/"));
  if (state.sha256 === undefined) throw new ModuleFailure(`Source ${given} is no regular file`);
  const dest = yield* destination(args.dest, baseName(source));
  const before = yield* fileBefore(dest, state.sha256, args.follow ?? false);
  if (before.exists && before.type === "directory")
    throw new ModuleFailure(`${dest} is a directory, so no file can be there.`);
  const result: Dict = dict([
    ["dest", dest],
    ["src", given],
  ]);
  if (before.exists && !args.force) return { result };
  const folder = posix.dirname(before.path);
  const missing = before.exists ? [] : yield* missingFolders(folder);
  if (missing.length > 0 && !args.dest.endsWith("/")) {
    throw new ModuleFailure(`Destination directory ${folder} does not exist`);
  }
  const made = yield* makeFolders(missing, { mode: args.directory_mode, owner: args.owner, group: args.group });
  const content = { onHost: state.real, sha256: state.sha256, size: state.size, bytes: state.content };
  // A file that is replaced gets the permissions of the one that is copied, a new one those of any new file.
  const keeps = args.mode === "preserve" || (args.mode === undefined && before.exists && !hasContent(before, content));
  const { change, after } = yield* land({
    before,
    content,
    attributes: { owner: args.owner, group: args.group, mode: keeps ? octal(state.mode) : args.mode },
    backup: args.backup,
    validate: args.validate,
  });
  // The digests of what is small enough to be seen.
  if (state.content)
    Object.assign(result, { checksum: hash("sha1", state.content), md5sum: hash("md5", state.content) });
  Object.assign(result, attributeResult(after));
  if (!change) return { result };
  const steps = [...made.steps, ...change.steps];
  return { change: { ...change, steps, effects: [...made.effects, ...change.effects] }, result };
}

function* folderOnHost(
  args: LandArguments & { readonly src?: string },
  source: string,
  contentOnly: boolean,
): Look<Plan> {
  const dest = yield* remotePath(args.dest);
  if (dest === source || isBelow(source, dest)) throw new ModuleFailure(`${source} cannot be copied into itself.`);
  const entries = yield* ask(tree(source));
  const name = (entry: PresentPath) =>
    posix.join(contentOnly ? "" : baseName(source), entry.path.slice(source.length + 1));
  const root = yield* lookAt(source, { follow: true });
  const regular = entries.filter((entry) => entry.type === "file");
  const contents = yield* askAll(
    regular.map((entry) => pathState(entry.path, { sha256: true, content: { limit: 200_000 } })),
  );
  const files: SourceFile[] = [];
  for (const state of contents) {
    if (!state.exists || state.sha256 === undefined) continue;
    const { sha256, size, content } = state;
    files.push({
      name: name(state),
      content: { onHost: state.path, sha256, size, bytes: content },
      sha1: "",
      mode: state.mode,
    });
  }
  const folders = entries
    .filter((entry) => entry.type === "directory")
    .map((entry) => ({ name: name(entry), mode: entry.mode }));
  const links = entries.flatMap((entry) =>
    entry.type === "link" && entry.target !== undefined ? [{ name: name(entry), target: entry.target }] : [],
  );
  const own = contentOnly || !root.exists ? [] : [{ name: baseName(source), mode: root.mode }];
  const place = yield* lookAt(dest, { follow: true });
  const top = place.exists && !contentOnly ? posix.join(dest, baseName(source)) : dest;
  const { owner, group } = args;
  const plan = yield* copyTree(
    args,
    { root: contentOnly ? "" : baseName(source), folders: [...own, ...folders], files, links },
    {
      // As Ansible's module does it: what is copied keeps its permissions, and `mode` is for the folder alone.
      top: { path: top, mode: args.mode === "preserve" && root.exists ? octal(root.mode) : args.mode },
      made(at, path) {
        const whole =
          at ?? (path === dest && contentOnly && !args.dest.endsWith("/") && root.exists ? root : undefined);
        return { mode: whole && octal(whole.mode), owner, group };
      },
      present: () => ({ owner, group }),
      file: (file, landed) => (landed ? octal(file.mode) : undefined),
    },
  );
  const result: Dict = dict([
    ["dest", top.replace(/(.)\/+$/, "$1")],
    ["src", args.src ?? ""],
    ["checksum", null],
    ["md5sum", null],
  ]);
  const after = plan.change?.effects.findLast((effect) => "state" in effect && effect.subject === result["dest"]);
  // Effects on paths hold what a look at the path gives.
  const folder = after && "state" in after ? (after.state as PathState) : yield* lookAt(top, { follow: true });
  return { ...plan, result: { ...plan.result, ...result, ...attributeResult(folder) } };
}
