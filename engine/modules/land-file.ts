import { posix } from "node:path";
import { type Dict, dict } from "../source/value.ts";
import { land, sha256 } from "./content.ts";
import { type Look, ModuleFailure, type Plan } from "./contract.ts";
import type { SourceFile } from "./controller-files.ts";
import { makeFolders, missingFolders } from "./folders.ts";
import { octal } from "./mode.ts";
import { attributeResult } from "./ownership.ts";
import { remotePath } from "./path-names.ts";
import { lookAt, type PathState } from "./paths.ts";

export interface LandArguments {
  readonly dest: string;
  readonly force: boolean;
  readonly backup: boolean;
  readonly follow?: boolean;
  readonly validate?: string;
  readonly checksum?: string;
  readonly directory_mode?: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
}

/** Content up to here is fetched for a diff; what is larger is not shown anyway. */
const seen = 200_000;

/** The file that `dest` means: within it, where it is a folder. */
export function* destination(dest: string, name: string): Look<string> {
  const path = yield* remotePath(dest);
  if (name === "") return path;
  if (dest.endsWith("/")) return posix.join(path, name);
  const state = yield* lookAt(path, { follow: true });
  return state.exists && state.type === "directory" ? posix.join(path, name) : path;
}

/** The file at `path`, through a link where asked, with its content unless it is the digest's. */
export function* fileBefore(path: string, digest: string, follow: boolean): Look<PathState> {
  const content = { unless: digest, limit: seen };
  const own = yield* lookAt(path, { content });
  if (!own.exists || own.type !== "link" || !follow) return own;
  const { real } = yield* lookAt(path, { follow: true });
  return yield* lookAt(real, { content });
}

/** Plans one file of given content: what copy, template, assemble and get_url have in common. */
export function* landFile(args: LandArguments, source: SourceFile, header?: string): Look<Plan> {
  if (args.checksum !== undefined && args.checksum !== source.sha1) {
    throw new ModuleFailure("Copied file does not match the expected checksum. Transfer failed.", {
      checksum: source.sha1,
      expected_checksum: args.checksum,
    });
  }
  const dest = yield* destination(args.dest, source.name);
  const digest = Buffer.isBuffer(source.content) ? sha256(source.content) : source.content.sha256;
  const before = yield* fileBefore(dest, digest, args.follow ?? false);
  if (before.exists && before.type === "directory")
    throw new ModuleFailure(`${dest} is a directory, so no file can be there.`);
  if (before.exists && !args.force) return { result: dict([["dest", dest]]) };
  const folder = posix.dirname(before.path);
  const missing = before.exists ? [] : yield* missingFolders(folder);
  if (missing.length > 0 && !args.dest.endsWith("/")) {
    throw new ModuleFailure(`Destination directory ${folder} does not exist`);
  }
  const made = yield* makeFolders(missing, { mode: args.directory_mode, owner: args.owner, group: args.group });
  const { change, after } = yield* land({
    before,
    content: source.content,
    attributes: {
      owner: args.owner,
      group: args.group,
      mode: args.mode === "preserve" ? octal(source.mode) : args.mode,
    },
    backup: args.backup,
    validate: args.validate,
    afterHeader: header ?? (source.name === "" ? dest : source.name),
  });
  const result: Dict = { dest, checksum: source.sha1, ...attributeResult(after) };
  if (!change) return { result: { ...result, path: dest } };
  if (source.md5 !== undefined) result["md5sum"] = source.md5;
  return {
    change: { ...change, steps: [...made.steps, ...change.steps], effects: [...made.effects, ...change.effects] },
    result,
  };
}
