import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { dict } from "../source/value.ts";
import { choice, optional, path, text } from "./argument-types.ts";
import { actionModule, ModuleFailure } from "./contract.ts";

export default actionModule({
  name: "tempfile",
  summary: "Make a temporary file or folder on the host.",
  collection: "ansible.builtin.tempfile",
  args: Type.Object({
    state: choice(["file", "directory"], "What to make.", { default: "file" }),
    path: optional(path("The folder to make it in.")),
    prefix: text("The beginning of its name.", { default: "ansible." }),
    suffix: text("The end of its name.", { default: "" }),
  }),
  example: "- ansible.builtin.tempfile:\n    state: directory\n  register: scratch\n",
  returns: { path: "what was made", state: "file or directory" },
  effects: () => [],

  async run(args, _context, host) {
    // busybox's mktemp knows no suffix: the name is made unique first, then lengthened.
    const reply = await host.request(sh`d=${args.path ?? ""}; d=\${d:-\${TMPDIR:-/tmp}}
prefix=${args.prefix}; suffix=${args.suffix}; kind=${args.state}
t=$(mktemp -d "$d/$prefix"XXXXXXXX) || exit 1
if [ -n "$suffix" ]; then mkdir -m 700 "$t$suffix" && rmdir "$t" || exit 1; fi
t=$t$suffix
if [ "$kind" = file ]; then rmdir "$t" && (umask 077; set -C; : > "$t") || exit 1; fi
printf '%s\0' "$t"; stat -c '%u %g %U %G %a %s' -- "$t"`);
    const [name = "", facts = ""] = reply.stdout.toString().split("\0");
    if (reply.status !== 0) throw new ModuleFailure(reply.stderr.toString().trim());
    const [uid, gid, owner = "", group = "", mode = "", size] = facts.trim().split(" ");
    return {
      changed: true,
      result: dict([
        ["path", name],
        ["state", args.state],
        ["uid", Number(uid)],
        ["gid", Number(gid)],
        ["owner", owner],
        ["group", group],
        ["mode", `0${mode}`],
        ["size", Number(size)],
      ]),
    };
  },
});
