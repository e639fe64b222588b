import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { groupEffect, groupState } from "./accounts.ts";
import { choice, flag, integer, optional, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";

export default stateModule({
  name: "group",
  collection: "ansible.builtin.group",
  summary: "Manages groups of users.",
  args: Type.Object({
    name: text("The group."),
    state: choice(["present", "absent"], "Whether it should be there.", { default: "present" }),
    gid: optional(integer("Its number.")),
    gid_min: optional(integer("The least number that a new group may get.")),
    gid_max: optional(integer("The greatest.")),
    system: flag("With a number from the system's range."),
    non_unique: flag("The number may be another group's too."),
    force: flag("Remove it even when it is a user's primary group."),
    local: flag("Accepted: the host's own database is what is always changed."),
  }),
  example: "- group:\n    name: deploy\n    gid: 1500\n",
  returns: { gid: "Its number.", state: "present or absent." },
  *look(args): Look<Plan> {
    const { name } = args;
    const is = yield* ask(groupState(name));
    const result: Dict = { name, state: args.state, ...(args.state === "present" ? { system: args.system } : {}) };
    if (args.state === "absent") {
      if (!is.exists) return { result };
      return {
        result,
        change: {
          diff: [{ before: { state: "present" }, after: { state: "absent" } }],
          steps: [{ name: "remove the group", script: sh`groupdel ${args.force ? ["-f"] : []} ${name} || exit 1` }],
          effects: [groupEffect(name, { exists: false, gid: -1 })],
        },
      };
    }
    const unique = args.non_unique ? ["-o"] : [];
    if (args.non_unique && args.gid === undefined) throw new ModuleFailure("non_unique requires gid");
    if (is.exists && (args.gid === undefined || args.gid === is.gid)) {
      // A number that the host chooses is not known before.
      return { result: { ...result, gid: is.gid < 0 ? new Unknown(`the group ${name} is made before`) : is.gid } };
    }
    const number = args.gid === undefined ? [] : ["-g", String(args.gid), ...unique];
    const range = [
      ...(args.gid_min === undefined ? [] : ["-K", `GID_MIN=${args.gid_min}`]),
      ...(args.gid_max === undefined ? [] : ["-K", `GID_MAX=${args.gid_max}`]),
    ];
    const command = is.exists
      ? ["groupmod", ...number, name]
      : ["groupadd", ...number, ...(args.system ? ["-r"] : []), ...range, name];
    const show = sh`{ getent group ${name} || grep ${`^${name}:`} /etc/group; } | cut -d: -f3`;
    return {
      result,
      change: {
        diff: [
          {
            before: is.exists ? { gid: is.gid } : { state: "absent" },
            after:
              args.gid === undefined
                ? { state: "present" }
                : is.exists
                  ? { gid: args.gid }
                  : { state: "present", gid: args.gid },
          },
        ],
        steps: [
          {
            name: is.exists ? "change the group" : "add the group",
            script: sh`${command} || exit 1
${show}`,
          },
        ],
        effects: [groupEffect(name, { exists: true, gid: args.gid ?? -1 })],
        finish: (replies) => ({ gid: Number(replies[0]?.stdout.toString().trim().split("\n").at(-1)) }),
      },
    };
  },
});
