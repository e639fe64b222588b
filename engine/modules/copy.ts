import { statSync } from "node:fs";
import { type Static, Type } from "@sinclair/typebox";
import { toJson } from "../source/to-json.ts";
import type { Unknown, Value } from "../source/value.ts";
import { anything, flag, mode, optional, path, text } from "./argument-types.ts";
import { type Effect, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { type SourceFile, type SourceTree, sourceBytes, sourceFile, sourceTree } from "./controller-files.ts";
import { copyOnHost } from "./copy-on-host.ts";
import { copyTree, fromController } from "./copy-tree.ts";
import { landFile } from "./land-file.ts";
import { attributeArguments, attributeRefusals } from "./ownership.ts";
import { baseName } from "./path-names.ts";
import { pathUnknown } from "./paths.ts";

export const copyArguments = Type.Object({
  src: optional(
    path("A file or folder of the controller, or of the host with remote_src; `folder/` copies its content."),
  ),
  content: optional(anything("The content itself, instead of src.")),
  dest: path("Where it shall be on the host. A folder, where src is one or where it ends with `/`."),
  remote_src: flag("src is on the host."),
  force: flag("Replace a file whose content differs.", true),
  backup: flag("Keep the replaced file under another name."),
  validate: optional(text("A command with %s that must accept the new file before it is used.")),
  directory_mode: optional(mode("Permissions of the folders that are made.")),
  follow: flag("Look through a link at dest."),
  local_follow: flag("Look through links within a folder of the controller.", true),
  checksum: optional(text("The SHA-1 digest that the source must have.")),
  decrypt: flag("Decrypt vaulted files.", true),
  ...attributeArguments,
});
export type CopyArguments = Static<typeof copyArguments>;

/** What was found on the controller; undefined where the source is on the host. */
type Prepared = { readonly file: SourceFile } | { readonly tree: SourceTree; readonly found: string } | undefined;

export default stateModule<typeof copyArguments, Prepared>({
  name: "copy",
  summary: "Copy files and folders, or a text, to the host.",
  collection: "ansible.builtin.copy",
  args: copyArguments,
  unsupported: attributeRefusals,
  requiredOneOf: [["src", "content"]],
  mutuallyExclusive: [["src", "content"]],
  example: "- ansible.builtin.copy:\n    content: \"hello\\n\"\n    dest: /etc/motd\n    mode: '0644'\n",
  returns: {
    dest: "the file or folder on the host",
    checksum: "SHA-1 of the file",
    backup_file: "the name under which the replaced file was kept",
  },

  prepare(args, context): Prepared | Unknown {
    if (args.content !== undefined && args.content !== null) {
      if (args.dest.endsWith("/")) throw new ModuleFailure("can not use content with a dir as dest");
      return { file: sourceBytes(Buffer.from(contentText(args.content)), "") };
    }
    if (args.remote_src) return undefined;
    const source = args.src ?? "";
    const found = context.findFile(source, "files");
    if (!statSync(found).isDirectory()) return { file: sourceFile(found, baseName(found), context, args.decrypt) };
    return {
      found: source.endsWith("/") && !found.endsWith("/") ? `${found}/` : found,
      tree: sourceTree(found, source.endsWith("/") ? "" : baseName(found), args.local_follow, context, args.decrypt),
    };
  },

  *look(args, _context, prepared): Look<Plan> {
    if (!prepared) return yield* copyOnHost(args);
    if ("file" in prepared) return yield* landFile(args, prepared.file);
    const plan = yield* copyTree(args, prepared.tree, fromController(args, prepared.tree));
    return { ...plan, result: { ...plan.result, src: prepared.found } };
  },

  outcome(args): readonly Effect[] {
    return args.dest.startsWith("/")
      ? [pathUnknown(args.dest, `what is copied to ${args.dest} is known after the run`)]
      : [];
  },
});

/** Text as it is; a structure as JSON, and a boolean as Python writes it, as Ansible does. */
function contentText(content: Value): string {
  if (typeof content === "boolean") return content ? "True" : "False";
  return typeof content === "string" ? content : toJson(content);
}
