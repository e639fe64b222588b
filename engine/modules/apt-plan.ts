import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import type { AptArguments } from "./apt-arguments.ts";
import { aptFailure, aptGet, installOptions, withPolicy } from "./apt-get.ts";
import { withoutGlobs } from "./apt-globs.ts";
import { answers, parseWish, satisfied, type Wish } from "./apt-wish.ts";
import { ask, askAll, askMaybe, type Change, type Look, ModuleFailure, type Step } from "./contract.ts";
import {
  type AptLists,
  aptLists,
  aptSimulation,
  dpkgProviders,
  dpkgStates,
  freshSimulation,
  type PackageState,
  type Packages,
  packageEffect,
  packageOpens,
} from "./packages.ts";

/** What is to be done to packages. */
export interface Part extends Change {
  /** Installing tells of the lists in any case. */
  readonly lists?: AptLists;
  readonly diff: readonly { before: string; after: string }[];
}

const nothing: Part = { steps: [], effects: [], diff: [] };

/**
 * What the arguments ask of packages.
 * @param fetches the lists are fetched before
 */
export function* packagePlan(given: AptArguments, fetches: boolean): Look<Part> {
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
    steps: [{ name: `remove ${names.join(", ")}`, script: aptGet(given, command) }],
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
  const install = { name: `install ${file}`, script: aptGet(given, [...installOptions(given), "install", file]) };
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
  const step: Step = { name, script: withPolicy(given, aptGet(given, command)) };
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
