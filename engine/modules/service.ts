import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { choice, integer, maybeFlag, optional, text } from "./argument-types.ts";
import { ask, type Look, type Plan, type Step, stateModule } from "./contract.ts";
import { systemdLook } from "./systemd.ts";
import { initState, notFound, serviceManager, type UnitState, unitEffect, unitName } from "./units.ts";

const args = Type.Object({
  name: text("The service."),
  state: optional(choice(["started", "stopped", "restarted", "reloaded"], "What it should be.")),
  enabled: maybeFlag("Whether it starts at boot."),
  sleep: optional(integer("Seconds between stop and start of a restart (init scripts only).")),
  pattern: optional(text("Found in the process list, the service counts as running (init scripts only).")),
  arguments: optional(text("More words for the init script.")),
  runlevel: text("Accepted for compatibility.", { default: "default" }),
  use: text("Service manager: auto, systemd, sysvinit or service.", { default: "auto" }),
});

type ServiceArguments = (typeof args)["static"];

export default stateModule({
  name: "service",
  collection: "ansible.builtin.service",
  summary: "Manages services, by systemd where it runs, else by init scripts.",
  args,
  argAliases: { args: "arguments" },
  requiredOneOf: [["state", "enabled"]],
  example: "- service:\n    name: ssh\n    state: started\n    enabled: true\n",
  returns: { name: "The service.", state: "Its state after the task.", enabled: "Whether it starts at boot." },
  *look(args, context) {
    const manager = args.use === "auto" ? yield* ask(serviceManager) : args.use === "systemd" ? "systemd" : "init";
    if (manager === "init") return yield* initLook(args, context.hostName);
    const { name, state, enabled } = args;
    return yield* systemdLook(
      {
        name,
        ...(state === undefined ? {} : { state }),
        ...(enabled === undefined ? {} : { enabled }),
        daemon_reload: false,
        daemon_reexec: false,
        no_block: false,
        force: false,
        scope: "system",
      },
      context.hostName,
    );
  },
  outcome: ({ name, state, enabled }) => [
    unitEffect(unitName(name), {
      ...(state === undefined ? {} : { running: state !== "stopped" }),
      ...(enabled === undefined ? {} : { enabled }),
    }),
  ],
});

/** The same declared of an init script. */
export function* initLook(
  args: Pick<ServiceArguments, "name" | "state" | "enabled" | "sleep" | "pattern" | "arguments">,
  host: string,
): Look<Plan> {
  const { name, state, enabled } = args;
  const unit = yield* ask(initState(name, args.pattern));
  if (!unit.found) throw notFound(name, host);
  const steps = initSteps(args, unit);
  const result: Dict = {
    name,
    ...(state === undefined ? {} : { state: state === "stopped" ? "stopped" : "started" }),
    ...(enabled === undefined ? {} : { enabled }),
  };
  if (steps.length === 0) return { result };
  const running = state === undefined ? {} : { running: state !== "stopped" };
  const boot = enabled === undefined ? {} : { enabled };
  return {
    result,
    change: {
      diff: [
        {
          before: {
            ...(state && { running: unit.running }),
            ...(enabled !== undefined && { enabled: unit.enabled ?? false }),
          },
          after: { ...running, ...boot },
        },
      ],
      steps,
      effects: [unitEffect(unitName(name), { ...running, ...boot })],
    },
  };
}

function initSteps(
  args: Pick<ServiceArguments, "name" | "state" | "enabled" | "sleep" | "arguments">,
  unit: UnitState,
): Step[] {
  const { name, state, enabled } = args;
  const steps: Step[] = [];
  const words = args.arguments === undefined ? [] : args.arguments.split(/\s+/).filter((word) => word !== "");
  // A daemon must not keep the session's own streams.
  const act = (verb: string): Step => ({
    name: `${verb} ${name}`,
    script: sh`/etc/init.d/${name} ${[verb, ...words]} </dev/null >/dev/null || exit 1`,
  });
  if (enabled !== undefined && enabled !== unit.enabled) {
    steps.push({
      name: `${enabled ? "enable" : "disable"} ${name}`,
      script: sh`n=${name}
if command -v update-rc.d >/dev/null 2>&1; then update-rc.d "$n" defaults && update-rc.d "$n" ${enabled ? "enable" : "disable"} || exit 1
else chkconfig "$n" ${enabled ? "on" : "off"} || exit 1; fi`,
    });
  }
  if (state === "started" && !unit.running) steps.push(act("start"));
  if (state === "stopped" && unit.running) steps.push(act("stop"));
  if (state === "reloaded") steps.push(act(unit.running ? "reload" : "start"));
  if (state === "restarted") {
    if (args.sleep === undefined) steps.push(act("restart"));
    else {
      if (unit.running) steps.push(act("stop"));
      steps.push({ name: "pause", script: sh`sleep ${args.sleep}` }, act("start"));
    }
  }
  return steps;
}
