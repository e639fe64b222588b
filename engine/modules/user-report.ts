import { sh } from "../host/script.ts";
import { type Dict, Unknown, type Value } from "../source/value.ts";
import type { UserState } from "./accounts.ts";
import type { Step } from "./contract.ts";
import type { UserArguments } from "./user-arguments.ts";
import { keyFile, keyResult } from "./user-key.ts";

/** Looks at the account once it is as it should be; {@link report} reads what that says. */
export function reportStep(args: UserArguments): Step {
  return {
    name: "look at the user",
    script: sh`n=${args.name}
e=$(getent passwd "$n" || grep "^$n:" /etc/passwd) || exit 1
printf '%s\n' "$e"
h=\${e#*:*:*:*:*:}; h=\${h%%:*}
k=${keyFile(args)}
case $k in /*) ;; *) k=$h/$k ;; esac
if [ -f "$k.pub" ]; then cat "$k.pub"; fi`,
  };
}

export function report(args: UserArguments, text: string): Dict {
  const [passwd = "", key] = text.split("\n");
  const [, , uid, gid, comment = "", home = "", shell = ""] = passwd.split(":");
  return {
    uid: Number(uid),
    group: Number(gid),
    comment,
    home,
    shell,
    ...keyResult(args, home, key),
  };
}

/** What is returned of an account as it is, or of one that is to be made. */
export function resultOf(args: UserArguments, is: UserState | undefined): Dict {
  return {
    name: args.name,
    state: "present",
    ...(is
      ? {
          append: args.append,
          uid: numberOf(is.uid, args.name),
          group: numberOf(is.gid, args.name),
          comment: is.comment,
          home: is.home,
          shell: is.shell,
          move_home: args.move_home,
        }
      : { create_home: args.create_home, system: args.system }),
    ...(args.groups === undefined ? {} : { groups: args.groups.join(",") }),
    ...(args.password === undefined ? {} : { password: "NOT_LOGGING_PASSWORD" }),
    ...(is ? keyResult(args, is.home, is.publicKey) : {}),
  };
}

/** A number that the host chooses is not known before. */
function numberOf(id: number, name: string): Value {
  return id < 0 ? new Unknown(`the user ${name} is made before`) : id;
}

/** What the diff shows of an account that is made. */
export function shown(args: UserArguments): Dict {
  const result: Dict = {};
  for (const key of ["uid", "group", "comment", "home", "shell"] as const) {
    const value = args[key];
    if (value !== undefined) result[key] = value;
  }
  if (args.groups !== undefined) result["groups"] = args.groups.join(",");
  return result;
}
