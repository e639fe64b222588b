import { type TObject, type TSchema, Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import { aptLook } from "./apt.ts";
import { type AptArguments, aptArguments, aptDefaults } from "./apt-arguments.ts";
import { choice, list, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Query, stateModule } from "./contract.ts";
import { type DnfArguments, dnfArguments, dnfDefaults, dnfLook } from "./dnf.ts";

const own = {
  name: list(Type.String(), "Packages, by the names that the host's manager knows."),
  state: choice(["present", "installed", "latest", "absent", "removed"], "What they should be.", {
    default: "present",
  }),
  use: text("The manager: auto, apt, dnf, yum.", { default: "auto" }),
};

/** The other options of a manager's module: without defaults, since what is not given is the manager's to decide. */
function handedOn(manager: string, { properties }: TObject): { [name: string]: TSchema } {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => !Object.hasOwn(own, name))
      .map(([name, { default: _, ...schema }]) => [
        name,
        Type.Optional(Type.Unsafe({ ...schema, description: `With ${manager}: ${schema.description}` })),
      ]),
  );
}

export default stateModule({
  name: "package",
  collection: "ansible.builtin.package",
  summary: "Manages packages by whatever package manager the host has; other options are handed on to its module.",
  args: Type.Object({ ...handedOn("dnf", dnfArguments), ...handedOn("apt", aptArguments), ...own }),
  argAliases: { pkg: "name" },
  example: "- package:\n    name: curl\n    state: present\n",
  returns: { results: "What the host's own package manager module returns, as its others." },
  *look(args): Look<Plan> {
    const manager = args.use === "auto" ? yield* ask(packageManager) : args.use;
    const state = args.state === "installed" ? "present" : args.state === "removed" ? "absent" : args.state;
    if (manager === "apt") {
      // These have been checked against the schema that they come from.
      const options = optionsFor("apt", aptArguments, args) as Partial<AptArguments>;
      return yield* aptLook({ ...aptDefaults, ...options, name: args.name, state });
    }
    if (manager === "dnf" || manager === "dnf5" || manager === "yum") {
      const options = optionsFor("dnf", dnfArguments, args) as Partial<DnfArguments>; // as above
      return yield* dnfLook({ ...dnfDefaults, ...options, name: args.name, state });
    }
    throw new ModuleFailure(`Could not find a module for ${manager}: only apt, dnf and yum are known.`);
  },
});

/** What was given for the manager's module. */
function optionsFor(manager: string, { properties }: TObject, args: object): { [name: string]: unknown } {
  const given = Object.entries(args).filter(([name, value]) => !Object.hasOwn(own, name) && value !== undefined);
  const foreign = given.map(([name]) => name).filter((name) => !Object.hasOwn(properties, name));
  if (foreign.length > 0) {
    throw new ModuleFailure(`Unsupported parameters for (${manager}) module: ${foreign.sort().join(", ")}`);
  }
  return Object.fromEntries(given);
}

const packageManager: Query<string> = {
  kind: "package-manager",
  subject: "host",
  script: sh`. /etc/os-release 2>/dev/null
case " $ID $ID_LIKE " in
  *' debian '*|*' ubuntu '*) first=apt-get ;;
  *) first=dnf ;;
esac
for m in "$first" apt-get dnf dnf5 yum apk zypper pacman; do
  if command -v "$m" >/dev/null 2>&1; then echo "$m"; exit 0; fi
done
echo unknown`,
  decode: (reply) => reply.stdout.toString().trim().replace("apt-get", "apt"),
  amend(observed, predictions) {
    const reason = observed === "unknown" ? predictions.open("command") : undefined;
    return reason === undefined ? observed : new Unknown(reason);
  },
};
