import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import { type Effect, ModuleFailure, type Predictions, type Query } from "./contract.ts";

/** What a package manager's own database says of one name. */
export interface PackageState {
  readonly installed: boolean;
  /** As the package manager writes it (`1:2.3-4`); undefined where absent, or predicted without knowing which. */
  readonly version?: string;
  /** Removed, but its configuration is still there (Debian). */
  readonly configuration?: boolean;
}

export type Packages = ReadonlyMap<string, PackageState>;

/** What dpkg wants of a package: hold, install … */
export const selectionKind = "package-selection";

/** The name of package managers' own kind of query. */
export const packageKind = "package";

/**
 * Everything an installed package may bring, and what a removed one may take away. `dependencies`: it is not known
 * which packages come along.
 */
export function packageOpens(names: readonly string[], dependencies = false): Effect {
  return {
    opens: [
      ...(dependencies ? [packageKind] : []),
      "shipped-path",
      "unit",
      "user",
      "group",
      "command",
      "engine",
      "cron",
      "consul",
    ],
    because: names.length === 0 ? "the upgrade" : `the package${names.length === 1 ? "" : "s"} ${names.join(", ")}`,
  };
}

export function packageEffect(name: string, state: PackageState): Effect {
  return { kind: packageKind, subject: name, state };
}

/** The state of all the named Debian packages, by one `dpkg-query`. */
export function dpkgStates(names: readonly string[]): Query<Packages> {
  return {
    kind: packageKind,
    subject: names.join(" "),
    detail: "dpkg",
    script: sh`command -v dpkg-query >/dev/null 2>&1 || { echo 'dpkg-query is not on the host' >&2; exit 3; }
dpkg-query -W -f '\${Package}\t\${Architecture}\t\${db:Status-Status}\t\${db:Status-Want}\t\${Version}\n' ${names} 2>/dev/null
exit 0`,
    decode: (reply) => decodeDpkg(reply, names),
    predict: () => undefined, // predictions are about single packages: amend lays them over the answer
    amend: overlayPackages,
  };
}

export function decodeDpkg(reply: Reply, names: readonly string[]): Packages {
  if (reply.status !== 0) throw new ModuleFailure(`The package manager apt is not on the host.`);
  const found = new Map<string, PackageState>(names.map((name) => [name, { installed: false }]));
  for (const line of reply.stdout.toString().split("\n")) {
    const [name = "", architecture = "", status = "", , version = ""] = line.split("\t");
    if (name === "") continue;
    const installed = status === "installed" || status === "triggers-pending" || status === "triggers-awaited";
    const state: PackageState = installed
      ? { installed: true, version }
      : { installed: false, configuration: status === "config-files" };
    for (const asked of [name, `${name}:${architecture}`]) {
      if (found.has(asked) && !found.get(asked)?.installed) found.set(asked, state);
    }
  }
  return found;
}

/** Predicted states of single packages over what the host answered; an open effect leaves absent ones unknown. */
export function overlayPackages(observed: Packages, predictions: Predictions): Packages | Unknown {
  const result = new Map(observed);
  for (const [name, state] of observed) {
    const effect = predictions.of(packageKind, name);
    if (effect && "unknown" in effect) return new Unknown(effect.unknown);
    if (effect && "state" in effect)
      result.set(name, effect.state as PackageState); // only package modules make these
    else if (!state.installed) {
      const reason = predictions.open(packageKind);
      if (reason !== undefined) return new Unknown(reason);
    }
  }
  return result;
}

/** The installed packages that provide the named virtual ones: virtual name → real names. */
export function dpkgProviders(names: readonly string[]): Query<ReadonlyMap<string, readonly string[]>> {
  return {
    kind: "package-providers",
    subject: names.join(" "),
    script: sh`dpkg-query -W -f '\${db:Status-Status}\t\${Package}\t\${Provides}\n' | grep '^installed'; exit 0`,
    decode(reply) {
      const found = new Map<string, string[]>();
      for (const line of reply.stdout.toString().split("\n")) {
        const [, real = "", provides = ""] = line.split("\t");
        for (const entry of provides.split(",")) {
          const name = entry.trim().split(/[ (]/)[0] ?? "";
          if (names.includes(name)) found.set(name, [...(found.get(name) ?? []), real]);
        }
      }
      return found;
    },
  };
}

/** What apt would do, without doing it: the packages it would install or remove with their versions, or why not. */
export interface Simulation {
  readonly status: number;
  readonly installs: readonly { readonly name: string; readonly version: string; readonly from?: string }[];
  readonly removes: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
}

export function aptSimulation(command: readonly string[]): Query<Simulation> {
  return {
    kind: "apt-simulation",
    subject: command.join(" "),
    script: sh`DEBIAN_FRONTEND=noninteractive apt-get -s -o Debug::NoLocking=1 ${command}`,
    decode: decodeSimulation,
    predict: (predictions) => {
      const lists = predictions.of("apt-lists", "content");
      return lists && "unknown" in lists ? new Unknown(lists.unknown) : undefined;
    },
    amend: (observed, predictions) => heldOrFreed(observed, command, predictions) ?? observed,
  };
}

/** Packages that are held or freed before, where that may change what apt does. */
function heldOrFreed(
  simulation: Simulation,
  command: readonly string[],
  predictions: Predictions,
): Unknown | undefined {
  for (const effect of predictions.all(selectionKind)) {
    if (!("subject" in effect)) continue;
    const { subject: name } = effect;
    const moved = simulation.installs.some((each) => each.name === name) || simulation.removes.includes(name);
    const freed = !("state" in effect && effect.state === "hold");
    const named = command.some((word) => word === name || word.startsWith(`${name}=`) || word.endsWith("upgrade"));
    if (moved || (freed && (named || simulation.status !== 0))) return new Unknown(`${name} is held or freed before`);
  }
  return undefined;
}

/** The same with freshly fetched lists, in a folder of their own: the host's stay as they are. */
export function freshSimulation(command: readonly string[]): Query<Simulation> {
  return {
    ...aptSimulation(command),
    detail: "fresh",
    expensive: true,
    script: sh`export DEBIAN_FRONTEND=noninteractive
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
cp -a /var/lib/apt/lists "$t/lists" 2>/dev/null
mkdir -p "$t/lists/partial" "$t/cache/archives/partial"
chmod 755 "$t"; chown _apt "$t/lists/partial" "$t/cache/archives/partial" 2>/dev/null
o="-o Dir::State::Lists=$t/lists -o Dir::Cache=$t/cache -o Debug::NoLocking=1"
apt-get update $o -o APT::Update::Error-Mode=any >/dev/null || exit 1
apt-get -s $o ${command}`,
  };
}

export function decodeSimulation(reply: Reply): Simulation {
  const stdout = reply.stdout.toString();
  const installs: { name: string; version: string; from?: string }[] = [];
  const removes: string[] = [];
  for (const line of stdout.split("\n")) {
    const install = /^Inst (\S+) (?:\[([^\]]+)\] )?\((\S+)/.exec(line);
    if (install?.[1] !== undefined && install[3] !== undefined) {
      installs.push({
        name: install[1],
        version: install[3],
        ...(install[2] === undefined ? {} : { from: install[2] }),
      });
    }
    const remove = /^(?:Remv|Purg) (\S+)/.exec(line);
    if (remove?.[1] !== undefined) removes.push(remove[1]);
  }
  return { status: reply.status, installs, removes, stdout, stderr: reply.stderr.toString() };
}

/** When apt's lists were last fetched, and whether there are any. */
export interface AptLists {
  /** Seconds since 1970. */
  readonly fetched: number;
  readonly now: number;
  readonly empty: boolean;
}

export const aptLists: Query<AptLists> = {
  kind: "apt-lists",
  subject: "apt",
  script: sh`set -- /var/lib/apt/lists/*Release
[ -e "$1" ] && echo some || echo empty
date +%s
stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null || stat -c %Y /var/lib/apt/lists 2>/dev/null || echo 0`,
  decode(reply) {
    const [some, now, fetched] = reply.stdout.toString().trim().split("\n");
    return { empty: some !== "some", now: Number(now), fetched: Number(fetched) };
  },
};

/** The lists are there and fresh; nobody knows yet what they hold. */
export function listsFetched(now: number): readonly Effect[] {
  const state: AptLists = { fetched: now, now, empty: false };
  return [
    { kind: "apt-lists", subject: "apt", state },
    { kind: "apt-lists", subject: "content", unknown: "the package lists are fetched before" },
  ];
}
