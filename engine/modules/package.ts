import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import { aptDefaults, aptLook } from "./apt.ts";
import { choice, list, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Query, stateModule } from "./contract.ts";
import { dnfDefaults, dnfLook } from "./dnf.ts";

export default stateModule({
  name: "package",
  collection: "ansible.builtin.package",
  summary: "Manages packages by whatever package manager the host has.",
  args: Type.Object({
    name: list(Type.String(), "Packages, by the names that the host's manager knows."),
    state: choice(["present", "installed", "latest", "absent", "removed"], "What they should be.", {
      default: "present",
    }),
    use: text("The manager: auto, apt, dnf, yum.", { default: "auto" }),
  }),
  argAliases: { pkg: "name" },
  example: "- package:\n    name: curl\n    state: present\n",
  returns: { results: "What the host's own package manager module returns, as its others." },
  *look(args): Look<Plan> {
    const manager = args.use === "auto" ? yield* ask(packageManager) : args.use;
    const state = args.state === "installed" ? "present" : args.state === "removed" ? "absent" : args.state;
    if (manager === "apt") return yield* aptLook({ ...aptDefaults, name: args.name, state });
    if (manager === "dnf" || manager === "dnf5" || manager === "yum")
      return yield* dnfLook({ ...dnfDefaults, name: args.name, state });
    throw new ModuleFailure(`Could not find a module for ${manager}: only apt, dnf and yum are known.`);
  },
});

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
