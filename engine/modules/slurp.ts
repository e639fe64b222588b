import { Type } from "@sinclair/typebox";
import { dict } from "../source/value.ts";
import { path } from "./argument-types.ts";
import { type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { remotePath } from "./path-names.ts";
import { lookAt } from "./paths.ts";

export default stateModule({
  name: "slurp",
  summary: "Read a file of the host as base64.",
  collection: "ansible.builtin.slurp",
  args: Type.Object({ src: path("The file to read.") }),
  argAliases: { path: "src" },
  example: "- ansible.builtin.slurp:\n    src: /etc/hostname\n  register: name\n",
  returns: { content: "the file in base64", encoding: "base64", source: "the file read" },

  *look(args): Look<Plan> {
    const path = yield* remotePath(args.src);
    const state = yield* lookAt(path, { follow: true, content: true });
    if (!state.exists) throw new ModuleFailure(`file not found: ${args.src}`);
    if (state.type === "directory") throw new ModuleFailure(`source is a directory and must be a file: ${args.src}`);
    if (!state.content) throw new ModuleFailure(`unable to slurp file: ${args.src} is no regular file`);
    return {
      result: dict([
        ["content", state.content.toString("base64")],
        ["source", args.src],
        ["encoding", "base64"],
      ]),
    };
  },
});
