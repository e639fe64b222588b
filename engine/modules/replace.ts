import { Type } from "@sinclair/typebox";
import { optional, text } from "./argument-types.ts";
import { stateModule } from "./contract.ts";
import { type Edited, edit, editArguments } from "./edit.ts";
import { attributeRefusals } from "./ownership.ts";
import { pythonRegex, substitute } from "./python-regex.ts";

const args = Type.Object({
  ...editArguments,
  regexp: text("What is replaced, everywhere; `^` and `$` stand at lines."),
  replace: text("What stands there instead; may use groups. Empty takes the matches away.", { default: "" }),
  after: optional(text("Only what follows this (a regular expression; `.` matches newlines).")),
  before: optional(text("Only what precedes this.")),
});

export default stateModule({
  name: "replace",
  summary: "Replace every match of a regular expression in a file.",
  collection: "ansible.builtin.replace",
  args,
  argAliases: { dest: "path", destfile: "path", name: "path" },
  unsupported: { ...attributeRefusals, encoding: "files are UTF-8" },
  example:
    "- ansible.builtin.replace:\n    path: /etc/hosts\n    regexp: '^127\\.0\\.1\\.1\\b'\n    replace: 10.0.0.5\n",
  returns: { msg: "how many replacements were made" },

  *look(args) {
    return yield* edit(args, { create: false, missing: "Path %s does not exist !" }, (given, native) =>
      withReplaced(given ?? "", { ...args, replace: native(args.replace) }),
    );
  },
});

/** The text after all replacements within the section that `after` and `before` leave. */
export function withReplaced(
  given: string,
  args: { readonly regexp: string; readonly replace: string; readonly after?: string; readonly before?: string },
): Edited {
  let [start, end] = [0, given.length];
  if (args.after !== undefined || args.before !== undefined) {
    const lazy = args.after !== undefined && args.before !== undefined ? ".*?" : ".*";
    const section = pythonRegex(`${args.after ?? ""}(?P<subsection>${lazy})${args.before ?? ""}`, "sd").exec(given);
    const place = section?.indices?.groups?.["subsection"];
    if (!place)
      return {
        text: given,
        result: { rc: 0 },
        message: "Pattern for before/after params did not match the given file",
      };
    [start, end] = place;
  }
  const done = substitute(given.slice(start, end), pythonRegex(args.regexp, "m"), args.replace);
  const text = given.slice(0, start) + done.text + given.slice(end);
  return {
    text,
    result: { rc: 0 },
    message: done.count > 0 && text !== given ? `${done.count} replacements made` : "",
  };
}
