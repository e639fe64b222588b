import { posix } from "node:path";
import { type Dict, dict } from "../source/value.ts";
import { flag, optional, path, text } from "./argument-types.ts";
import { land } from "./content.ts";
import { type Look, ModuleFailure, type Plan } from "./contract.ts";
import { makeFolders, missingFolders } from "./folders.ts";
import { type Attributes, attributeArguments, attributeResult, sameAttributes } from "./ownership.ts";
import { remotePath } from "./path-names.ts";
import { created, lookAt } from "./paths.ts";

/** The arguments of every module that edits a text file in place. */
export const editArguments = {
  path: path("The file that is edited."),
  backup: flag("Keep the file as it was under another name."),
  validate: optional(text("A command with %s that must accept the new file before it is used.")),
  ...attributeArguments,
};

export interface Edited {
  readonly text: string;
  readonly message: string;
  readonly result?: Dict;
}

/**
 * Plans an edit: the pure function gets the file's text (undefined where there is none) and gives the new one, or
 * undefined for no such file. With `tells` the result has the file's owner and permissions. Bytes that are no UTF-8 survive. Links are looked through.
 */
export function* edit(
  args: Attributes & { readonly path: string; readonly backup: boolean; readonly validate?: string },
  options: { readonly create: boolean; readonly missing: string; readonly tells?: boolean },
  change: (text: string | undefined, native: (text: string) => string) => Edited | undefined,
): Look<Plan> {
  const path = yield* remotePath(args.path);
  const own = yield* lookAt(path, { follow: true, content: true });
  if (own.exists && own.type === "directory") throw new ModuleFailure(`Path ${path} is a directory !`, { rc: 256 });
  if (!own.exists && !options.create) throw new ModuleFailure(options.missing.replace("%s", path), { rc: 257 });
  const bytes = own.exists ? own.content : undefined;
  const encoding = bytes && !Buffer.from(bytes.toString("utf8")).equals(bytes) ? "latin1" : "utf8";
  const native = (given: string) => (encoding === "utf8" ? given : Buffer.from(given).toString("latin1"));
  const edited = change(bytes?.toString(encoding), native);
  if (!edited) return { result: dict([["msg", `file not present`]]) };
  const result: Dict = { ...edited.result, msg: edited.message };
  const before = own.exists ? own : yield* lookAt(own.real, { content: true });
  const missing = own.exists ? [] : yield* missingFolders(posix.dirname(own.real));
  const made = yield* makeFolders(missing, {});
  const { change: landed, after } = yield* land({
    before: own.exists ? { ...own, path: own.real } : before,
    content: Buffer.from(edited.text, encoding),
    attributes: args,
    backup: args.backup,
    validate: args.validate,
    beforeHeader: `${path} (content)`,
    afterHeader: `${path} (content)`,
  });
  if (options.tells) Object.assign(result, { path, ...attributeResult(after) });
  if (!landed) return { result };
  const onlyAttributes = own.exists && bytes?.toString(encoding) === edited.text;
  const note = "ownership, perms or SE linux context changed";
  const bare = before.exists ? before : created(before, "file");
  if (onlyAttributes || !sameAttributes(bare, after))
    result["msg"] = edited.message === "" ? note : `${edited.message} and ${note}`;
  return {
    change: { ...landed, steps: [...made.steps, ...landed.steps], effects: [...made.effects, ...landed.effects] },
    result,
  };
}
