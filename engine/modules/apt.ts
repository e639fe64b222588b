import { Type } from "@sinclair/typebox";
import type { Reply } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { withoutGlobs } from "./apt-globs.ts";
import { answers, parseWish, satisfied, type Wish } from "./apt-wish.ts";
import { choice, flag, integer, list, maybeFlag, optional, path, text } from "./argument-types.ts";
import {
  ask,
  askAll,
  askMaybe,
  type Change,
  type Effect,
  type Look,
  ModuleFailure,
  type Plan,
  type Query,
  type Step,
  stateModule,
} from "./contract.ts";
import {
  type AptLists,
  aptLists,
  aptSimulation,
  dpkgProviders,
  dpkgStates,
  freshSimulation,
  listsFetched,
  type PackageState,
  type Packages,
  packageEffect,
  packageOpens,
} from "./packages.ts";

export const aptArguments = Type.Object({
  name: list(
    Type.String(),
    "Packages: `name`, `name=version` (the version may hold `*`), `name>=version`, `name:architecture`.",
    {
      default: [],
    },
  ),
  state: choice(["present", "latest", "absent", "fixed", "build-dep"], "What the packages should be.", {
    default: "present",
  }),
  update_cache: flag("Fetch the package lists first, unless cache_valid_time says that they are fresh."),
  cache_valid_time: integer("Seconds for which fetched lists are good; given, it implies update_cache.", {
    default: 0,
  }),
  update_cache_retries: integer("Attempts at fetching the lists.", { default: 5 }),
  update_cache_retry_max_delay: integer("Longest pause between the attempts, in seconds.", { default: 12 }),
  default_release: optional(text("Release to prefer (`-t`).")),
  install_recommends: maybeFlag("Whether recommended packages come along; default: the host's setting."),
  force: flag("Downgrade, remove essential packages, take unauthenticated ones: all of it."),
  allow_unauthenticated: flag("Take packages whose signature cannot be checked."),
  allow_downgrade: flag("Allow an older version to replace a newer one."),
  allow_change_held_packages: flag("Allow held packages to change."),
  fail_on_autoremove: flag("Fail where apt would remove something to do what is asked."),
  only_upgrade: flag("Only upgrade what is installed."),
  purge: flag("With absent: configuration files too."),
  autoremove: flag("Remove dependencies that nothing needs any more; without names: only that."),
  autoclean: flag("Remove old package files from the cache."),
  clean: flag("Remove all package files from the cache."),
  upgrade: choice(["no", "yes", "safe", "full", "dist"], "Upgrade the whole system.", { default: "no" }),
  deb: optional(path("A package file on the host to install.")),
  dpkg_options: text("Options for dpkg, comma-separated.", { default: "force-confdef,force-confold" }),
  policy_rc_d: optional(
    integer("Exit status of policy-rc.d while packages are installed: 101 keeps services stopped."),
  ),
  lock_timeout: integer("Seconds to wait for apt's lock.", { default: 60 }),
  force_apt_get: flag("Accepted: apt-get is what is always used."),
  auto_install_module_deps: flag("Accepted: no Python is needed on the host.", true),
});

export type AptArguments = (typeof aptArguments)["static"];

export default stateModule({
  name: "apt",
  collection: "ansible.builtin.apt",
  summary: "Manages Debian packages.",
  args: aptArguments,
  argAliases: {
    package: "name",
    pkg: "name",
    "update-cache": "update_cache",
    "default-release": "default_release",
    "install-recommends": "install_recommends",
    "allow-unauthenticated": "allow_unauthenticated",
    "allow-downgrade": "allow_downgrade",
    allow_downgrades: "allow_downgrade",
    "allow-downgrades": "allow_downgrade",
  },
  requiredOneOf: [["name", "upgrade", "update_cache", "cache_valid_time", "deb", "autoremove", "autoclean", "clean"]],
  mutuallyExclusive: [["deb", "name"]],
  example: "- apt:\n    name: [curl, jq]\n    state: present\n    update_cache: true\n    cache_valid_time: 3600\n",
  returns: {
    cache_updated: "Whether the lists were fetched.",
    cache_update_time: "When they were last, in seconds since 1970.",
    stdout: "What apt-get printed.",
  },
  look: (args) => aptLook(args),
});

/** All defaults, for modules that hand their work to apt. */
export const aptDefaults: AptArguments = {
  name: [],
  state: "present",
  update_cache: false,
  cache_valid_time: 0,
  update_cache_retries: 5,
  update_cache_retry_max_delay: 12,
  force: false,
  allow_unauthenticated: false,
  allow_downgrade: false,
  allow_change_held_packages: false,
  fail_on_autoremove: false,
  only_upgrade: false,
  purge: false,
  autoremove: false,
  autoclean: false,
  clean: false,
  upgrade: "no",
  dpkg_options: "force-confdef,force-confold",
  lock_timeout: 60,
  force_apt_get: false,
  auto_install_module_deps: true,
};

/** What apt does with these arguments: also for the modules `package` and `apt_repository`. */
export function* aptLook(given: AptArguments): Look<Plan> {
  if (given.state === "build-dep")
    throw new ModuleFailure("state=build-dep is not supported: install the packages by name.");
  const asked = given.update_cache || given.cache_valid_time > 0;
  const asking = asked ? yield* ask(aptLists) : undefined;
  const fetches = asking !== undefined && (asking.empty || asking.now > asking.fetched + given.cache_valid_time);
  const steps: Step[] = [];
  const effects: Effect[] = [];
  if (fetches) {
    steps.push(updateStep(given));
    effects.push(...listsFetched(asking.now));
  }
  const packages = yield* packagePlan(given, fetches);
  const own = steps.length;
  steps.push(...packages.steps);
  if (given.clean) steps.push({ name: "empty the package cache", script: apt(given, ["clean"]) });
  if (given.autoclean && (yield* ask(oldFiles))) {
    steps.push({ name: "tidy the package cache", script: apt(given, ["autoclean"]) });
  }

  const onlyCache = given.name.length === 0 && given.upgrade === "no" && given.deb === undefined && !given.autoremove;
  const lists = asking ?? packages.lists;
  const cache: Dict = lists ? { cache_updated: fetches, cache_update_time: fetches ? lists.now : lists.fetched } : {};
  if (steps.length === 0) return { result: cache };
  const changes = packages.steps.length > 0 || onlyCache;
  return {
    change: {
      ...(changes ? {} : { silent: true }),
      diff: packages.diff,
      steps,
      effects: [...effects, ...packages.effects],
      finish(replies: readonly Reply[]): Dict {
        const relevant = replies.slice(own, own + packages.steps.length);
        return {
          ...cache,
          stdout: relevant.map((reply) => reply.stdout.toString()).join(""),
          stderr: relevant.map((reply) => reply.stderr.toString()).join(""),
        };
      },
    },
    // What it will print nobody knows; what only refreshes the lists prints nothing.
    result: changes ? { ...cache, stdout: printed, stderr: printed } : cache,
  };
}

const printed = new Unknown("apt-get says it then");

/** Whether apt has package files that it could no longer fetch. */
const oldFiles: Query<boolean> = {
  kind: "apt-simulation",
  subject: "autoclean",
  script: sh`apt-get -s -o Debug::NoLocking=1 autoclean`,
  decode: (reply) => /^Del /m.test(reply.stdout.toString()),
};

interface Part extends Change {
  /** Installing tells of the lists in any case. */
  readonly lists?: AptLists;
  readonly diff: readonly { before: string; after: string }[];
}

const nothing: Part = { steps: [], effects: [], diff: [] };

function* packagePlan(given: AptArguments, fetches: boolean): Look<Part> {
  if (given.deb !== undefined) return yield* debPlan(given, given.deb);
  if (given.upgrade !== "no") return yield* upgradePlan(given, fetches);
  if (given.name.includes("")) throw new ModuleFailure("No package matching '' is available");
  const wishes = (yield* withoutGlobs(given.name, given.state === "absent")).map(parseWish);
  if (given.state === "fixed") {
    return yield* simulated(
      given,
      ["-f", "install", ...wishes.map(({ spec }) => spec)],
      fetches,
      "repair dependencies",
    );
  }
  if (wishes.length === 0) {
    return given.autoremove ? yield* simulated(given, ["autoremove"], fetches, "remove what nothing needs") : nothing;
  }
  const wanted = dpkgStates([...new Set(wishes.map(({ name }) => name))]);
  if (given.state === "absent") return removePlan(given, wishes, new Map(yield* ask(wanted)));
  const [states, lists] = yield* askAll<Packages | AptLists>([wanted, aptLists]);
  const part = yield* installPlan(given, wishes, new Map(states as Packages), fetches); // as asked for
  return { ...part, lists: lists as AptLists }; // likewise
}

function removePlan(given: AptArguments, wishes: readonly Wish[], states: ReadonlyMap<string, PackageState>): Part {
  const going = wishes.filter(({ name }) => {
    const state = states.get(name);
    return state?.installed || (given.purge && state?.configuration);
  });
  if (going.length === 0) return nothing;
  const names = going.map(({ name }) => name);
  const command = [
    ...(given.purge ? ["--purge"] : []),
    ...(given.autoremove ? ["--auto-remove"] : []),
    ...(given.allow_change_held_packages ? ["--allow-change-held-packages"] : []),
    ...(given.force ? ["--allow-remove-essential"] : []),
    "remove",
    ...names,
  ];
  return {
    steps: [{ name: `remove ${names.join(", ")}`, script: apt(given, command) }],
    effects: [
      ...names.map((name) => packageEffect(name, { installed: false, configuration: !given.purge })),
      { opens: ["unit", "command", "engine"], because: `the removal of ${names.join(", ")}` },
    ],
    diff: names.map((name) => ({ before: `${name} ${states.get(name)?.version ?? ""}\n`, after: "" })),
  };
}

function* installPlan(
  given: AptArguments,
  wishes: readonly Wish[],
  states: Map<string, PackageState>,
  fetches: boolean,
): Look<Part> {
  let missing = wishes.filter((wish) => !satisfied(wish, states.get(wish.name)));
  if (given.only_upgrade) missing = missing.filter(({ name }) => states.get(name)?.installed);
  const virtual = missing.filter(({ name, version }) => version === undefined && !states.get(name)?.installed);
  if (virtual.length > 0) {
    const providers = yield* ask(dpkgProviders(virtual.map(({ name }) => name)));
    missing = missing.filter((wish) => !(virtual.includes(wish) && providers.has(wish.name)));
  }
  const asked =
    given.state === "latest"
      ? wishes.filter((wish) => missing.includes(wish) || states.get(wish.name)?.installed)
      : missing;
  if (asked.length === 0) return nothing;
  const specs = asked.map(({ spec, operator, name }) => (operator === ">=" ? name : spec));
  const command = [...installOptions(given), "install", ...specs];
  const name = `install ${specs.join(", ")}`;
  const newer = missing.filter(({ operator }) => operator === ">=");
  const part = yield* simulated(given, command, fetches, name, { certain: missing.length > 0, newer });
  if (part.steps.length === 0) return part;
  return {
    ...part,
    effects: [
      ...asked.map(({ name, version, operator }) => {
        const exact = operator === "=" && version !== undefined && !/[*?[]/.test(version);
        return packageEffect(name, { installed: true, ...(exact ? { version } : {}) });
      }),
      ...part.effects,
    ],
  };
}

function* upgradePlan(given: AptArguments, fetches: boolean): Look<Part> {
  const full = given.upgrade === "dist" || given.upgrade === "full";
  const command = [...installOptions(given), full ? "dist-upgrade" : "upgrade", ...(full ? [] : ["--with-new-pkgs"])];
  return yield* simulated(
    given,
    given.autoremove ? [...command, "--auto-remove"] : command,
    fetches,
    "upgrade the system",
  );
}

interface DebFile {
  readonly failure?: string;
  readonly name?: string;
  readonly version?: string;
}

function* debPlan(given: AptArguments, file: string): Look<Part> {
  if (/^(https?|ftp):/.test(file)) {
    throw new ModuleFailure("deb does not take a URL: fetch it with get_url and name the file.", { deb: file });
  }
  const about = yield* ask<DebFile>({
    kind: "deb-file",
    subject: file,
    script: sh`dpkg-deb -f ${file} Package Version`,
    decode(reply) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(reply.stdout.toString())?.[1];
      const [name, version] = [field("Package"), field("Version")];
      if (reply.status !== 0 || name === undefined || version === undefined) {
        return { failure: reply.stderr.toString().trim() || `${file} is no Debian package` };
      }
      return { name, version };
    },
    amend: (observed, predictions) => {
      const effect = predictions.of("path", file);
      return effect || (observed.failure !== undefined && predictions.open("path") !== undefined)
        ? new Unknown(`${file} comes before`)
        : observed;
    },
  });
  const install = { name: `install ${file}`, script: apt(given, [...installOptions(given), "install", file]) };
  if (about.failure !== undefined || about.name === undefined) {
    throw new ModuleFailure(`Unable to install package: ${about.failure}`, { deb: file });
  }
  const state = (yield* ask(dpkgStates([about.name]))).get(about.name);
  if (state?.installed && state.version === about.version) return nothing;
  return {
    steps: [install],
    effects: [
      packageEffect(about.name, {
        installed: true,
        ...(about.version === undefined ? {} : { version: about.version }),
      }),
      packageOpens([about.name]),
    ],
    diff: [
      { before: state?.installed ? `${about.name} ${state.version}\n` : "", after: `${about.name} ${about.version}\n` },
    ],
  };
}

interface Expected {
  /** Something will be done in any case, so that it need not be simulated where the lists are not there yet. */
  readonly certain?: boolean;
  /** Packages of which apt has to have so new a version; it cannot be told that itself. */
  readonly newer?: readonly Wish[];
}

/** A step that apt has simulated first, so that the plan says what it does, and nothing where it would do nothing. */
function* simulated(
  given: AptArguments,
  command: readonly string[],
  fetches: boolean,
  name: string,
  { certain = false, newer = [] }: Expected = {},
): Look<Part> {
  const step: Step = { name, script: withPolicy(given, apt(given, command)) };
  const packages = command.includes("install") ? command.slice(command.indexOf("install") + 1) : [];
  const blind: Part = { steps: [step], effects: [packageOpens(packages, true)], diff: [] };
  if (certain && fetches) return blind;
  const query = fetches ? freshSimulation(command) : aptSimulation(command);
  const simulation = yield* certain ? askMaybe(query) : ask(query);
  if (simulation instanceof Unknown) return blind;
  if (simulation.status !== 0) throw aptFailure(simulation.stderr, simulation.stdout);
  if (given.fail_on_autoremove && simulation.removes.length > 0) {
    throw new ModuleFailure(`apt would remove ${simulation.removes.join(", ")}.`, { stdout: simulation.stdout });
  }
  const old = newer.find((wish) => {
    const found = simulation.installs.find((each) => each.name === wish.name);
    return found === undefined || !answers(wish, found.version);
  });
  if (old) throw new ModuleFailure(`no available installation candidate for ${old.spec}`);
  if (simulation.installs.length + simulation.removes.length === 0) return nothing;
  return {
    steps: [step],
    effects: [
      ...simulation.installs.map(({ name: each, version }) => packageEffect(each, { installed: true, version })),
      ...simulation.removes.map((each) => packageEffect(each, { installed: false })),
      packageOpens(packages.length > 0 ? packages : ["upgrades"]),
    ],
    diff: [
      {
        before: [
          ...simulation.installs.filter(({ from }) => from !== undefined).map((each) => `${each.name} ${each.from}\n`),
          ...simulation.removes.map((each) => `${each}\n`),
        ].join(""),
        after: simulation.installs.map((each) => `${each.name} ${each.version}\n`).join(""),
      },
    ],
  };
}

function aptFailure(stderr: string, stdout: string): ModuleFailure {
  const missing = /Unable to locate package (\S+)/.exec(stderr)?.[1];
  const candidate = /Package '?([^' ]+)'? has no installation candidate/.exec(stderr)?.[1];
  const version = /Version '([^']+)' for '([^']+)' was not found/.exec(stderr);
  const message =
    missing !== undefined || candidate !== undefined
      ? `No package matching '${missing ?? candidate}' is available`
      : version
        ? `no available installation candidate for ${version[2]}=${version[1]}`
        : `apt-get failed: ${stderr.trim().split("\n").at(-1) ?? ""}`;
  return new ModuleFailure(message, { stderr, stdout });
}

function installOptions(given: AptArguments): string[] {
  return [
    ...(given.default_release === undefined ? [] : ["-t", given.default_release]),
    ...(given.install_recommends === undefined
      ? []
      : ["-o", `APT::Install-Recommends=${given.install_recommends ? "yes" : "no"}`]),
    ...(given.allow_unauthenticated || given.force ? ["--allow-unauthenticated"] : []),
    ...(given.allow_downgrade || given.force ? ["--allow-downgrades"] : []),
    ...(given.allow_change_held_packages || given.force ? ["--allow-change-held-packages"] : []),
    ...(given.force ? ["--allow-remove-essential"] : []),
    ...(given.only_upgrade ? ["--only-upgrade"] : []),
    ...(given.autoremove ? ["--auto-remove"] : []),
  ];
}

/**
 * apt-get that asks nothing and waits for its lock. After a dpkg that was killed (its journal is there) it refuses to
 * work, and dpkg is first let finish; not before apt-get has refused, since a dpkg that runs has a journal too.
 */
function apt(given: AptArguments, command: readonly string[]) {
  const options = given.dpkg_options
    .split(",")
    .map((option) => option.trim())
    .filter((option) => option !== "");
  const dpkg = options.flatMap((option) => ["-o", `Dpkg::Options::=--${option}`]);
  return sh`export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1
run() { apt-get -y ${dpkg} -o ${`DPkg::Lock::Timeout=${given.lock_timeout}`} ${command} </dev/null; }
killed() { set -- /var/lib/dpkg/updates/[0-9]*; [ -e "$1" ]; }
run || { killed && dpkg ${options.map((option) => `--${option}`)} --configure -a </dev/null && run; } || exit 1`;
}

/** While packages are installed, policy-rc.d answers that services be left alone; an own one comes back afterwards. */
function withPolicy(given: AptArguments, script: ReturnType<typeof apt>) {
  if (given.policy_rc_d === undefined) return script;
  return sh`p=/usr/sbin/policy-rc.d
if [ -e "$p" ]; then mv "$p" "$p.play" || exit 1; fi
restore() { rm -f "$p"; if [ -e "$p.play" ]; then mv "$p.play" "$p"; fi; }
trap restore EXIT
printf '#!/bin/sh\nexit %s\n' ${given.policy_rc_d} > "$p" && chmod 755 "$p" || exit 1
${script}`;
}

export function updateStep(given: AptArguments): Step {
  return {
    name: "fetch the package lists",
    script: joinScripts([
      sh`export DEBIAN_FRONTEND=noninteractive`,
      sh`n=0; d=1
until out=$(apt-get update -o ${`DPkg::Lock::Timeout=${given.lock_timeout}`} -o APT::Update::Error-Mode=any 2>&1 </dev/null); do
  n=$((n+1))
  if [ "$n" -ge ${given.update_cache_retries} ]; then printf '%s\n' "Failed to update apt cache: $out" >&2; exit 1; fi
  sleep "$d"; d=$((d*2)); [ "$d" -le ${given.update_cache_retry_max_delay} ] || d=${given.update_cache_retry_max_delay}
done
touch /var/lib/apt/lists`,
    ]),
  };
}
