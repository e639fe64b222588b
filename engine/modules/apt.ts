import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { type AptArguments, aptArguments } from "./apt-arguments.ts";
import { aptGet, updateStep } from "./apt-get.ts";
import { packagePlan } from "./apt-plan.ts";
import {
  ask,
  type Effect,
  type Look,
  ModuleFailure,
  type Plan,
  type Query,
  type Step,
  stateModule,
} from "./contract.ts";
import { aptLists, listsFetched } from "./packages.ts";

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
  if (given.clean) steps.push({ name: "empty the package cache", script: aptGet(given, ["clean"]) });
  if (given.autoclean && (yield* ask(oldFiles))) {
    steps.push({ name: "tidy the package cache", script: aptGet(given, ["autoclean"]) });
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
