import { Type } from "@sinclair/typebox";
import { choice, integer, maybeFlag, optional, text } from "./argument-types.ts";
import { stateModule } from "./contract.ts";
import { initLook } from "./service.ts";

export default stateModule({
  name: "sysvinit",
  collection: "ansible.builtin.sysvinit",
  summary: "Manages services by their init scripts.",
  args: Type.Object({
    name: text("The service."),
    state: optional(choice(["started", "stopped", "restarted", "reloaded"], "What it should be.")),
    enabled: maybeFlag("Whether it starts at boot."),
    sleep: optional(integer("Seconds between stop and start of a restart.")),
    pattern: optional(text("Found in the process list, the service counts as running.")),
    arguments: optional(text("More words for the init script.")),
  }),
  argAliases: { service: "name", args: "arguments" },
  requiredOneOf: [["state", "enabled"]],
  unsupported: { runlevels: "the host's defaults are used", daemonize: "init scripts detach by themselves" },
  example: "- sysvinit:\n    name: ssh\n    state: started\n",
  returns: { name: "The service.", state: "started or stopped." },
  look: (args, context) => initLook(args, context.hostName),
});
