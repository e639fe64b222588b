import { Type } from "@sinclair/typebox";
import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { type Dict, Unknown, type Value } from "../source/value.ts";
import { groupState, type UserState, userEffect, userState } from "./accounts.ts";
import { choice, flag, integer, list, maybeFlag, number, optional, path, text } from "./argument-types.ts";
import { lines } from "./command-line.ts";
import { ask, askAll, type Look, ModuleFailure, type Plan, type Step, stateModule } from "./contract.ts";
import { pathState } from "./paths.ts";
import { keyFile, keyResult, keySteps } from "./user-key.ts";

const args = Type.Object({
  name: text("The user."),
  state: choice(["present", "absent"], "Whether there should be one.", { default: "present" }),
  uid: optional(integer("Number.")),
  non_unique: flag("The number may be another user's too."),
  group: optional(text("Primary group.")),
  groups: optional(list(Type.String(), "Supplementary groups; an empty list: none.")),
  append: flag("Leave it in other groups too."),
  comment: optional(text("Full name.")),
  shell: optional(path("Login shell.")),
  home: optional(path("Home folder.")),
  create_home: flag("Make the home folder.", true),
  move_home: flag("Move the old home folder to a new place."),
  skeleton: optional(path("What a new home folder is copied from.")),
  system: flag("With a number from the system's range."),
  password: optional(text("Hash of the password; `!` or `*`: none that works.")),
  update_password: choice(["always", "on_create"], "When the password is set.", { default: "always" }),
  password_lock: maybeFlag("Whether the password is locked."),
  password_expire_min: optional(integer("Days between changes of the password.")),
  password_expire_max: optional(integer("Days after which it must be changed.")),
  password_expire_warn: optional(integer("Days of warning before that.")),
  password_expire_account_disable: optional(
    integer("Days after its password has run out until the account is closed."),
  ),
  uid_min: optional(integer("The least number that a new account may get.")),
  uid_max: optional(integer("The greatest.")),
  expires: optional(number("Seconds since 1970 when the account ends; negative: never.")),
  umask: optional(text("Permissions that a new home folder lacks.")),
  generate_ssh_key: flag("Make a key pair in its home folder, unless there is one."),
  ssh_key_bits: optional(integer("Size of that key.")),
  ssh_key_type: text("Its type.", { default: "rsa" }),
  ssh_key_file: optional(path("Where, relative to the home folder; else `.ssh/id_TYPE`.")),
  ssh_key_comment: optional(text("Its comment.")),
  ssh_key_passphrase: optional(text("Its passphrase.")),
  remove: flag("With absent: the home folder goes too."),
  force: flag("With absent: even while the user is logged in. Else an existing key is replaced."),
  local: flag("Accepted: the host's own database is what is always changed."),
});
type Arguments = (typeof args)["static"];

export default stateModule({
  name: "user",
  collection: "ansible.builtin.user",
  summary: "Manages users.",
  args,
  argAliases: { user: "name", createhome: "create_home" },
  secret: ["password", "ssh_key_passphrase"],
  unsupported: {
    seuser: "SELinux users are the policy's",
    role: "not on Linux",
    authorization: "not on Linux",
    profile: "not on Linux",
    login_class: "not on Linux",
    hidden: "not on Linux",
  },
  example: "- user:\n    name: deploy\n    shell: /bin/bash\n    groups: [sudo]\n    append: true\n",
  returns: {
    uid: "Its number.",
    home: "Its home folder.",
    group: "The number of its primary group.",
    ssh_public_key: "The key that was made or found.",
  },
  *look(args): Look<Plan> {
    const is = yield* ask(userState(args.name, keyFile(args)));
    if (args.state === "absent") return absentPlan(args, is);
    const named = [...(args.groups ?? []), ...(args.group === undefined ? [] : [args.group])].filter(
      (each) => each !== "" && !/^\d+$/.test(each),
    );
    const known = yield* askAll(named.map(groupState));
    for (const [index, { exists }] of known.entries()) {
      if (!exists) throw new ModuleFailure(`Group ${named[index]} does not exist`);
    }
    const gid =
      args.group === undefined
        ? undefined
        : /^\d+$/.test(args.group)
          ? Number(args.group)
          : known[named.indexOf(args.group)]?.gid;
    if (!is.exists) return createPlan(args, gid);
    // Whether there is already something at a new place decides what becomes of the home folder.
    const home = args.home ?? is.home;
    const taken = home === is.home ? is.homeExists : (yield* ask(pathState(home, { follow: true }))).exists;
    return changePlan(args, is, gid, taken);
  },
});

function absentPlan(args: Arguments, is: UserState): Plan {
  const result: Dict = { name: args.name, state: "absent" };
  if (!is.exists) return { result };
  const options = [...(args.force ? ["-f"] : []), ...(args.remove ? ["-r"] : [])];
  return {
    result: { ...result, remove: args.remove, force: args.force },
    change: {
      diff: [{ before: { state: "present" }, after: { state: "absent" } }],
      // userdel says 12 where the home folder was not there to be removed.
      steps: [
        {
          name: "remove the user",
          script: sh`userdel ${options} ${args.name}
s=$?
[ "$s" -eq 0 ] || { [ "$s" -eq 12 ] && [ ! -e ${is.home} ]; } || exit 1`,
        },
      ],
      effects: [
        userEffect(args.name, { ...is, exists: false }),
        ...(args.remove
          ? [{ kind: "path", subject: is.home, unknown: `the user ${args.name} is removed before` }]
          : []),
        { opens: ["group"], because: `the removal of ${args.name}` },
      ],
      finish: ([removal]) => said(removal),
    },
  };
}

/** What a command had to say besides that it did it. */
function said(reply: Reply | undefined): Dict {
  const result: Dict = {};
  for (const stream of ["stdout", "stderr"] as const) {
    const text = reply?.[stream].toString() ?? "";
    if (text !== "") Object.assign(result, { [stream]: text, [`${stream}_lines`]: lines(text) });
  }
  return result;
}

function createPlan(args: Arguments, gid: number | undefined): Plan {
  const groups = (args.groups ?? []).filter((group) => group !== "");
  const command = [
    "useradd",
    ...(args.uid === undefined ? [] : ["-u", String(args.uid), ...(args.non_unique ? ["-o"] : [])]),
    ...(args.group === undefined ? [] : ["-g", args.group]),
    ...(groups.length > 0 ? ["-G", groups.join(",")] : []),
    ...(args.comment === undefined ? [] : ["-c", args.comment]),
    ...(args.home === undefined ? [] : ["-d", args.home]),
    ...(args.shell === undefined ? [] : ["-s", args.shell]),
    ...(args.system ? ["-r"] : []),
    ...(args.create_home ? ["-m", ...(args.skeleton === undefined ? [] : ["-k", args.skeleton])] : ["-M"]),
    ...(args.umask === undefined ? [] : ["-K", `UMASK=${args.umask}`]),
    ...(args.uid_min === undefined ? [] : ["-K", `UID_MIN=${args.uid_min}`]),
    ...(args.uid_max === undefined ? [] : ["-K", `UID_MAX=${args.uid_max}`]),
    ...(setOnce(args) ? ["-p", notYet] : []),
    args.name,
  ];
  // A group of the user's own name that is there already becomes its primary one, as Ansible has it.
  const own =
    args.group === undefined
      ? sh`g=; if getent group ${args.name} >/dev/null 2>&1; then g="-N -g "${args.name}; fi`
      : sh`g=`;
  const steps: Step[] = [
    {
      name: "add the user",
      script: sh`${own}
${command.slice(0, 1)} $g ${command.slice(1)} || exit 1`,
    },
    ...passwordSteps(args, undefined),
    ...agingSteps(args, undefined),
    ...keySteps(args, undefined),
  ];
  const home = args.home ?? `/home/${args.name}`;
  return {
    result: resultOf(args, undefined),
    change: {
      diff: [{ before: { state: "absent" }, after: { state: "present", ...shown(args) } }],
      steps: [...steps, reportStep(args)],
      effects: [
        userEffect(args.name, {
          exists: true,
          uid: args.uid ?? -1,
          gid: gid ?? -1,
          group: args.group ?? args.name,
          comment: args.comment ?? "",
          home,
          homeExists: args.create_home,
          shell: args.shell ?? "/bin/sh",
          groups,
          password: args.password,
          expires: undefined,
          ages: [args.password_expire_min ?? 0, args.password_expire_max ?? 99_999, args.password_expire_warn ?? 7],
          inactive: args.password_expire_account_disable,
          privateKey: args.generate_ssh_key,
          publicKey: undefined,
        }),
        ...(args.group === undefined ? [{ kind: "group", subject: args.name, state: { exists: true, gid: -1 } }] : []),
        ...(args.create_home ? [{ kind: "path", subject: home, unknown: `the user ${args.name} is made before` }] : []),
      ],
      finish: (replies) => report(args, replies.at(-1)?.stdout.toString() ?? ""),
    },
  };
}

function changePlan(args: Arguments, is: UserState, gid: number | undefined, homeThere: boolean): Plan {
  const options: string[] = [];
  const before: Dict = {};
  const after: Dict = {};
  const note = (key: string, was: string | number, now: string | number, words: readonly string[]) => {
    before[key] = was;
    after[key] = now;
    options.push(...words);
  };
  if (args.uid !== undefined && args.uid !== is.uid)
    note("uid", is.uid, args.uid, ["-u", String(args.uid), ...(args.non_unique ? ["-o"] : [])]);
  if (args.group !== undefined && gid !== is.gid && args.group !== is.group)
    note("group", is.group, args.group, ["-g", args.group]);
  if (args.comment !== undefined && args.comment !== is.comment)
    note("comment", is.comment, args.comment, ["-c", args.comment]);
  if (args.shell !== undefined && args.shell !== is.shell) note("shell", is.shell, args.shell, ["-s", args.shell]);
  if (args.home !== undefined && args.home !== is.home)
    note("home", is.home, args.home, ["-d", args.home, ...(args.move_home ? ["-m"] : [])]);
  let groups = is.groups;
  if (args.groups !== undefined) {
    const wanted = args.groups.filter((group) => group !== "" && group !== is.group);
    const target = args.append ? [...new Set([...is.groups, ...wanted])] : wanted;
    const same = target.length === is.groups.length && target.every((group) => is.groups.includes(group));
    if (!same && !(args.append && args.groups.length === 0)) {
      note("groups", [...is.groups].sort().join(","), [...target].sort().join(","), ["-G", target.join(",")]);
      groups = target;
    }
  }
  const steps: Step[] = [];
  if (options.length > 0)
    steps.push({ name: "change the user", script: sh`usermod ${options} ${args.name} || exit 1` });
  const password = passwordSteps(args, is);
  if (password.length > 0) after["password"] = "changed";
  const ages = agingSteps(args, is);
  if (ages.length > 0) after["aging"] = "changed";
  const home = args.home ?? is.home;
  const moved = home !== is.home && args.move_home && is.homeExists;
  const homeless = args.create_home && !homeThere && !moved;
  if (homeless) {
    before["home folder"] = "absent";
    after["home folder"] = "present";
    steps.push({
      name: "make the home folder",
      // It is there once it is whole. Without an umask its mode is what useradd would give it.
      script: sh`h=${home}
mkdir -p "\${h%/*}/" && t=$(mktemp -d "\${h%/*}/.play-XXXXXX") || exit 1
trap 'rm -rf "$t"' EXIT
[ ! -d ${args.skeleton ?? "/etc/skel"} ] || cp -R ${`${args.skeleton ?? "/etc/skel"}/.`} "$t" || exit 1
m=${args.umask === undefined ? "" : (0o777 & ~Number.parseInt(args.umask, 8)).toString(8)}
entry() { sed -n "s/^$1[[:space:]]\\{1,\\}\\([0-7]\\{1,\\}\\)[[:space:]]*$/\\1/p" /etc/login.defs 2>/dev/null | tail -n 1; }
if [ -z "$m" ]; then m=$(entry HOME_MODE); fi
if [ -z "$m" ]; then u=$(entry UMASK); m=$(printf %o "$((0777 & ~0\${u:-22}))"); fi
chmod "$m" "$t" || exit 1
chown -R ${`${args.uid ?? is.uid}`}:${`${gid ?? is.gid}`} "$t" && mv "$t" "$h" || exit 1`,
    });
  }
  const keys = keySteps(args, is);
  if (keys.length > 0) after["ssh key"] = "made";
  steps.push(...password, ...ages, ...keys);
  if (steps.length === 0) return { result: resultOf(args, is) };
  return {
    result: resultOf(args, is),
    change: {
      diff: [{ before, after }],
      steps: [...steps, reportStep(args)],
      effects: [
        userEffect(args.name, {
          ...is,
          uid: args.uid ?? is.uid,
          gid: gid ?? is.gid,
          group: args.group ?? is.group,
          comment: args.comment ?? is.comment,
          shell: args.shell ?? is.shell,
          home,
          homeExists: homeThere || homeless || moved,
          groups,
          password: password.length > 0 && args.password !== undefined ? args.password : is.password,
          ages: [
            args.password_expire_min ?? is.ages[0],
            args.password_expire_max ?? is.ages[1],
            args.password_expire_warn ?? is.ages[2],
          ],
          inactive: args.password_expire_account_disable ?? is.inactive,
          privateKey: is.privateKey || args.generate_ssh_key,
          publicKey: keys.length > 0 ? undefined : is.publicKey,
          expires: args.expires === undefined ? is.expires : expiryDay(args.expires),
        }),
        ...(homeless || home !== is.home
          ? [{ kind: "path", subject: home, unknown: `the home of ${args.name} is made before` }]
          : []),
      ],
      finish: (replies) => report(args, replies.at(-1)?.stdout.toString() ?? ""),
    },
  };
}

/**
 * The shadow field of an account that was made for a password that is set only then, until it is: a run that is killed
 * between the two leaves a locked account that the next one still owes its password.
 */
const notYet = "!play";

function setOnce(args: Arguments): boolean {
  return args.password !== undefined && args.update_password === "on_create";
}

/** The hash goes in by standard input: command lines can be seen. */
function passwordSteps(args: Arguments, is: UserState | undefined): Step[] {
  const steps: Step[] = [];
  const set =
    args.password !== undefined &&
    (!is ||
      is.password === notYet ||
      (args.update_password === "always" &&
        is.password?.replace(/^!+(?=.)/, "") !== args.password.replace(/^!+(?=.)/, "")));
  if (set)
    steps.push({
      name: "set the password",
      script: sh`chpasswd -e || exit 1`,
      stdin: `${args.name}:${args.password}\n`,
    });
  const locked = set ? (args.password ?? "").startsWith("!") : (is?.password ?? "").startsWith("!");
  if (args.password_lock === true && !locked)
    steps.push({ name: "lock the password", script: sh`usermod -L ${args.name} || exit 1` });
  if (args.password_lock === false && locked)
    steps.push({ name: "unlock the password", script: sh`usermod -U ${args.name} || exit 1` });
  return steps;
}

function expiryDay(seconds: number): number | undefined {
  return seconds < 0 ? undefined : Math.floor(seconds / 86_400);
}

function agingSteps(args: Arguments, is: UserState | undefined): Step[] {
  const [min, max, warn] = is?.ages ?? [0, 99_999, 7];
  const words = [
    ...(args.password_expire_min !== undefined && (!is || args.password_expire_min !== min)
      ? ["-m", String(args.password_expire_min)]
      : []),
    ...(args.password_expire_max !== undefined && (!is || args.password_expire_max !== max)
      ? ["-M", String(args.password_expire_max)]
      : []),
    ...(args.password_expire_warn !== undefined && (!is || args.password_expire_warn !== warn)
      ? ["-W", String(args.password_expire_warn)]
      : []),
  ];
  if (args.password_expire_account_disable !== undefined && args.password_expire_account_disable !== is?.inactive)
    words.push("-I", String(args.password_expire_account_disable));
  if (args.expires !== undefined && (is ? expiryDay(args.expires) !== is.expires : args.expires >= 0)) {
    words.push("-E", String(expiryDay(args.expires) ?? -1));
  }
  return words.length === 0 ? [] : [{ name: "set when it ends", script: sh`chage ${words} ${args.name} || exit 1` }];
}

function reportStep(args: Arguments): Step {
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

function report(args: Arguments, text: string): Dict {
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

function resultOf(args: Arguments, is: UserState | undefined): Dict {
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

function shown(args: Arguments): Dict {
  const result: Dict = {};
  for (const key of ["uid", "group", "comment", "home", "shell"] as const) {
    const value = args[key];
    if (value !== undefined) result[key] = value;
  }
  if (args.groups !== undefined) result["groups"] = args.groups.join(",");
  return result;
}
