import { Type } from "@sinclair/typebox";
import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { choice, flag, integer, list, maybeFlag, optional, path, text } from "./argument-types.ts";
import {
  ask,
  askMaybe,
  type Effect,
  type Look,
  ModuleFailure,
  type Plan,
  type Query,
  type Step,
  stateModule,
} from "./contract.ts";
import {
  overlayPackages,
  type PackageState,
  type Packages,
  packageEffect,
  packageKind,
  packageOpens,
} from "./packages.ts";

const texts = (description: string) => list(Type.String(), description, { default: [] });

export const dnfArguments = Type.Object({
  name: texts("Packages: `name`, `name-version`, `name.arch`, a file on the host, an address, `@group`, `*`."),
  state: optional(choice(["present", "installed", "latest", "absent", "removed"], "What they should be.")),
  enablerepo: texts("Repositories to use too."),
  disablerepo: texts("Repositories not to use."),
  conf_file: optional(path("Configuration of dnf.")),
  disable_gpg_check: flag("Take packages without a checked signature."),
  installroot: path("Root of the system that is changed.", { default: "/" }),
  releasever: optional(text("Release to install from.")),
  autoremove: flag("Remove dependencies that nothing needs any more."),
  exclude: texts("Packages to leave alone."),
  skip_broken: flag("Leave out what cannot be installed."),
  update_cache: flag("Fetch the lists anew."),
  update_only: flag("With latest: only upgrade what is installed."),
  security: flag("Only security updates."),
  bugfix: flag("Only bug fixes."),
  enable_plugin: texts("Plugins to use."),
  disable_plugin: texts("Plugins not to use."),
  disable_excludes: optional(text("Whose excludes are ignored.")),
  allow_downgrade: flag("Accepted: a version that is named is installed."),
  allowerasing: flag("Remove packages that are in the way."),
  nobest: maybeFlag("Take another than the best candidate, where that cannot be had."),
  best: maybeFlag("The best candidate or none; the opposite of nobest."),
  install_weak_deps: flag("Weak dependencies come along.", true),
  download_only: flag("Only fetch the packages."),
  download_dir: optional(path("Where to.")),
  lock_timeout: integer("Seconds to wait for the lock.", { default: 30 }),
  sslverify: flag("Check servers.", true),
  validate_certs: flag("Check servers.", true),
  install_repoquery: flag("Accepted for compatibility.", true),
  use_backend: text("Accepted: what is on the host is used.", { default: "auto" }),
});
export type DnfArguments = (typeof dnfArguments)["static"];

export const dnfDefaults: DnfArguments = {
  name: [],
  enablerepo: [],
  disablerepo: [],
  disable_gpg_check: false,
  installroot: "/",
  autoremove: false,
  exclude: [],
  skip_broken: false,
  update_cache: false,
  update_only: false,
  security: false,
  bugfix: false,
  enable_plugin: [],
  disable_plugin: [],
  allow_downgrade: false,
  allowerasing: false,
  install_weak_deps: true,
  download_only: false,
  lock_timeout: 30,
  sslverify: true,
  validate_certs: true,
  install_repoquery: true,
  use_backend: "auto",
};

export default stateModule({
  name: "dnf",
  aliases: ["yum", "dnf5"],
  collection: "ansible.builtin.dnf",
  summary: "Manages packages by dnf or yum.",
  args: dnfArguments,
  argAliases: { pkg: "name", "expire-cache": "update_cache", "update-cache": "update_cache" },
  mutuallyExclusive: [["best", "nobest"]],
  unsupported: {
    auto_install_module_deps: "no module of play's needs Python on the host",
    list: "use package_facts, or a command task with dnf list",
    cacheonly: "packages are always fetched",
  },
  example: "- dnf:\n    name: [curl, jq]\n    state: present\n",
  returns: { results: "What was done.", rc: "0." },
  look: (args) => dnfLook(args),
});

/** What dnf does with these arguments; the module `package` comes here too. */
export function* dnfLook(args: DnfArguments): Look<Plan> {
  const names = args.name.filter((name) => name !== "");
  const state = args.state ?? (args.autoremove ? "absent" : "present");
  const fetch: Step[] = args.update_cache
    ? [{ name: "fetch the lists", script: dnf(args, ["makecache", "--refresh"]) }]
    : [];
  const done = (results: readonly string[] = []): Dict => ({ results: [...results], rc: 0, msg: "" });
  if (names.length === 0) {
    if (args.autoremove) return yield* anyway(args, ["autoremove"], "remove what nothing needs");
    if (fetch.length === 0) return { result: { ...done(), msg: "Nothing to do" } };
    return { result: done(["Cache updated"]), change: { diff: [], steps: fetch, effects: [], silent: true } };
  }
  if (names.includes("*")) return yield* anyway(args, [upgradeVerb(args), ...kinds(args)], "upgrade the system");
  const installed = yield* ask(rpmStates(names, args.installroot));
  if (state === "absent" || state === "removed") {
    const going = names.filter((name) => installed.get(name)?.installed || name.startsWith("@"));
    if (going.length === 0) return { result: { ...done(), msg: "Nothing to do" } };
    return {
      result: done(going.map((name) => `Removed: ${name}`)),
      change: {
        diff: going.map((name) => ({ before: `${name} ${installed.get(name)?.version ?? ""}\n`, after: "" })),
        steps: [
          {
            name: `remove ${going.join(", ")}`,
            script: dnf(args, [
              "remove",
              ...(args.autoremove ? [] : ["--setopt=clean_requirements_on_remove=False"]),
              ...going,
            ]),
          },
        ],
        effects: [
          ...going.map((name) => packageEffect(name, { installed: false })),
          { opens: ["unit", "command", "engine"], because: `the removal of ${going.join(", ")}` },
        ],
      },
    };
  }
  const missing = names.filter((name) => !installed.get(name)?.installed && !(state === "latest" && args.update_only));
  const here = names.filter((name) => installed.get(name)?.installed && !name.startsWith("/"));
  const older = state === "latest" && here.length > 0 ? yield* askMaybe(updates(args, here)) : [];
  if (older instanceof Unknown && missing.length === 0) yield* ask(updates(args, here));
  const upgrading = older instanceof Unknown ? here : older;
  if (missing.length === 0 && upgrading.length === 0) {
    if (fetch.length === 0) return { result: { ...done(), msg: "Nothing to do" } };
    return { result: done(), change: { diff: [], steps: fetch, effects: [], silent: true } };
  }
  const sought = missing.filter((name) => !/^[/@]|:\/\//.test(name));
  const offered = sought.length > 0 && !args.update_cache ? yield* askMaybe(available(args, sought)) : undefined;
  if (offered !== undefined && !(offered instanceof Unknown) && !args.skip_broken) {
    const none = sought.filter((name) => !offered.has(name));
    if (none.length > 0) {
      throw new ModuleFailure("Failed to install some of the specified packages", {
        failures: none.map((name) => `No package ${name} available.`),
        rc: 1,
        results: [],
      });
    }
  }
  const steps = [...fetch];
  const verb = args.download_only
    ? ["install", "--downloadonly", ...(args.download_dir === undefined ? [] : [`--downloaddir=${args.download_dir}`])]
    : ["install"];
  if (missing.length > 0)
    steps.push({ name: `install ${missing.join(", ")}`, script: dnf(args, [...verb, ...missing]), timeout: 3600 });
  if (upgrading.length > 0)
    steps.push({
      name: `upgrade ${upgrading.join(", ")}`,
      script: dnf(args, [upgradeVerb(args), ...kinds(args), ...upgrading]),
      timeout: 3600,
    });
  const effects: Effect[] = args.download_only
    ? []
    : [
        ...[...missing, ...upgrading].map((name) => packageEffect(name, { installed: true })),
        packageOpens([...missing, ...upgrading], true),
      ];
  return {
    result: done([...missing.map((name) => `Installed: ${name}`), ...upgrading.map((name) => `Upgraded: ${name}`)]),
    change: {
      diff: [
        {
          before: upgrading.map((name) => `${name} ${installed.get(name)?.version ?? ""}\n`).join(""),
          after: [...missing, ...upgrading].map((name) => `${name}\n`).join(""),
        },
      ],
      steps,
      effects,
    },
  };
}

/** What can only be known by doing it: the transaction itself says whether there was something to do. */
function* anyway(args: DnfArguments, command: readonly string[], name: string): Look<Plan> {
  const pending = yield* ask({
    kind: "dnf-transaction",
    subject: command.join(" "),
    expensive: true,
    script: sh`${prelude}
"$d" -q ${options(args)} --assumeno ${command} </dev/null 2>&1`,
    decode: (reply: Reply) => !/Nothing to do/.test(reply.stdout.toString()) && reply.status !== 0,
    predict: (predictions) => {
      const effect = predictions.of("dnf-lists", "dnf");
      return effect && "unknown" in effect ? new Unknown(effect.unknown) : undefined;
    },
  });
  if (!pending) return { result: { msg: "Nothing to do", rc: 0, results: [] } };
  return {
    result: { msg: "", rc: 0 },
    change: {
      diff: [{ before: "", after: `${name}\n` }],
      steps: [{ name, script: dnf(args, command), timeout: 3600 }],
      effects: [packageOpens([], true)],
      finish: (replies) => ({
        results:
          replies[0]?.stdout
            .toString()
            .split("\n")
            .filter((line) => line !== "") ?? [],
      }),
    },
  };
}

const upgradeVerb = (args: DnfArguments) => (args.security || args.bugfix ? "upgrade-minimal" : "upgrade");
const kinds = (args: DnfArguments) => [...(args.security ? ["--security"] : []), ...(args.bugfix ? ["--bugfix"] : [])];

const prelude = sh`d=$(command -v dnf || command -v dnf5 || command -v yum) || { echo 'neither dnf nor yum is on the host' >&2; exit 1; }`;

function options(args: DnfArguments): string[] {
  return [
    ...args.enablerepo.map((repo) => `--enablerepo=${repo}`),
    ...args.disablerepo.map((repo) => `--disablerepo=${repo}`),
    ...args.exclude.map((name) => `--exclude=${name}`),
    ...args.enable_plugin.map((name) => `--enableplugin=${name}`),
    ...args.disable_plugin.map((name) => `--disableplugin=${name}`),
    ...(args.conf_file === undefined ? [] : ["-c", args.conf_file]),
    ...(args.disable_gpg_check ? ["--nogpgcheck"] : []),
    ...(args.installroot === "/" ? [] : [`--installroot=${args.installroot}`]),
    ...(args.releasever === undefined ? [] : [`--releasever=${args.releasever}`]),
    ...(args.skip_broken ? ["--skip-broken"] : []),
    ...(args.allowerasing ? ["--allowerasing"] : []),
    ...(args.nobest === true || args.best === false ? ["--nobest"] : []),
    ...(args.best === true || args.nobest === false ? ["--best"] : []),
    ...(args.disable_excludes === undefined ? [] : [`--disableexcludes=${args.disable_excludes}`]),
    ...(args.install_weak_deps ? [] : ["--setopt=install_weak_deps=False"]),
    ...(args.sslverify && args.validate_certs ? [] : ["--setopt=sslverify=False"]),
  ];
}

function dnf(args: DnfArguments, command: readonly string[]) {
  return sh`${prelude}
n=0
while [ -e /run/dnf.lock ] && kill -0 "$(cat /run/dnf.lock 2>/dev/null)" 2>/dev/null && [ "$n" -lt ${args.lock_timeout} ]; do n=$((n+1)); sleep 1; done
"$d" -y ${options(args)} ${command} </dev/null || exit 1`;
}

/** The state of all the named packages in rpm's database; a name may also be something that a package provides. */
export function rpmStates(names: readonly string[], root = "/"): Query<Packages> {
  const format = "%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} %{ARCH}\\n";
  return {
    kind: packageKind,
    subject: names.join(" "),
    detail: "rpm",
    script: sh`command -v rpm >/dev/null 2>&1 || { echo 'rpm is not on the host' >&2; exit 3; }
for n in ${names}; do
  q=$n
  case $n in /*.rpm) q=$(rpm -qp --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}' "$n" 2>/dev/null) || q=$n ;; esac
  echo "=$n"
  rpm ${root === "/" ? [] : [`--root=${root}`]} -q --qf ${format} "$q" 2>/dev/null || rpm ${root === "/" ? [] : [`--root=${root}`]} -q --whatprovides --qf ${format} "$q" 2>/dev/null
done
exit 0`,
    decode: (reply) => decodeRpm(reply, names),
    predict: () => undefined, // predictions are about single packages: amend lays them over the answer
    amend: overlayPackages,
  };
}

export function decodeRpm(reply: Reply, names: readonly string[]): Packages {
  if (reply.status !== 0) throw new ModuleFailure("The package manager rpm is not on the host.");
  const found = new Map<string, PackageState>(names.map((name) => [name, { installed: false }]));
  let current: string | undefined;
  for (const line of reply.stdout.toString().split("\n")) {
    if (line.startsWith("=")) current = line.slice(1);
    else {
      const version = /^\S+ (\S+) \S+$/.exec(line)?.[1];
      if (current !== undefined && version !== undefined)
        found.set(current, { installed: true, version: version.replace(/^0:/, "") });
    }
  }
  return found;
}

/** Which of the installed packages have updates. */
function updates(args: DnfArguments, names: readonly string[]): Query<readonly string[]> {
  return {
    kind: "dnf-updates",
    subject: names.join(" "),
    expensive: true,
    script: sh`${prelude}
"$d" -q ${options(args)} check-update ${args.update_cache ? ["--refresh"] : []} ${kinds(args)} ${names} </dev/null`,
    decode(reply) {
      if (reply.status === 0) return [];
      if (reply.status !== 100) throw new ModuleFailure(`dnf check-update failed: ${reply.stderr.toString().trim()}`);
      const listed = reply.stdout
        .toString()
        .split("\n")
        .map((line) => /^(\S+?)\.(?:noarch|\w+)\s+\S+\s+\S+/.exec(line)?.[1]);
      return names.filter(
        (name) => listed.includes(name) || listed.some((each) => each !== undefined && name.startsWith(`${each}-`)),
      );
    },
    predict: (predictions) => {
      const effect = predictions.of("dnf-lists", "dnf");
      return effect && "unknown" in effect ? new Unknown(effect.unknown) : undefined;
    },
  };
}

/** Which names the repositories offer. */
function available(args: DnfArguments, names: readonly string[]): Query<ReadonlySet<string>> {
  return {
    kind: "dnf-available",
    subject: names.join(" "),
    expensive: true,
    script: sh`${prelude}
for n in ${names}; do
  [ -z "$("$d" -q ${options(args)} repoquery --whatprovides "$n" </dev/null 2>/dev/null; "$d" -q ${options(args)} repoquery "$n" </dev/null 2>/dev/null)" ] || echo "$n"
done
exit 0`,
    decode: (reply) =>
      new Set(
        reply.stdout
          .toString()
          .split("\n")
          .filter((line) => line !== ""),
      ),
    predict: (predictions) => {
      const effect = predictions.of("dnf-lists", "dnf");
      return effect && "unknown" in effect ? new Unknown(effect.unknown) : undefined;
    },
  };
}
