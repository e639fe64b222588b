import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { groupState, type UserState, userEffect, userState } from "./accounts.ts";
import { ask, askAll, type Look, ModuleFailure, type Plan, type Step, stateModule } from "./contract.ts";
import { pathState } from "./paths.ts";
import { type UserArguments, userArguments } from "./user-arguments.ts";
import { keyFile, keySteps } from "./user-key.ts";
import { agingSteps, expiryDay, notYet, passwordSteps, setOnce } from "./user-password.ts";
import { report, reportStep, resultOf, shown } from "./user-report.ts";

export default stateModule({
  name: "user",
  collection: "ansible.builtin.user",
  summary: "Manages users.",
  args: userArguments,
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

function absentPlan(args: UserArguments, is: UserState): Plan {
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
      // What the command had to say besides that it did it.
      finish: ([removal]) => ({
        ...(removal?.stdout.length ? { stdout: removal.stdout.toString() } : {}),
        ...(removal?.stderr.length ? { stderr: removal.stderr.toString() } : {}),
      }),
    },
  };
}

function createPlan(args: UserArguments, gid: number | undefined): Plan {
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

function changePlan(args: UserArguments, is: UserState, gid: number | undefined, homeThere: boolean): Plan {
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
