import { Type } from "@sinclair/typebox";
import type { Script } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { choice, flag, maybeFlag, optional, text } from "./argument-types.ts";
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
import { notFound, systemctl, type UnitState, unitEffect, unitName, unitState } from "./units.ts";

const args = Type.Object({
  name: optional(text("Unit; without a suffix a service.")),
  state: optional(
    choice(
      ["started", "stopped", "restarted", "reloaded"],
      "What the unit should be; restarted and reloaded always act.",
    ),
  ),
  enabled: maybeFlag("Whether it starts at boot."),
  masked: maybeFlag("Whether it can be started at all."),
  daemon_reload: flag("Let systemd read its files again first. No change in itself."),
  daemon_reexec: flag("Let systemd start itself anew first."),
  no_block: flag("Do not wait for the unit's job."),
  force: flag("Overwrite existing links when enabling."),
  scope: choice(["system", "user", "global"], "Which manager: the system's, the task user's own, all users'.", {
    default: "system",
  }),
});

export type SystemdArguments = (typeof args)["static"];

export default stateModule({
  name: "systemd",
  aliases: ["systemd_service"],
  collection: "ansible.builtin.systemd_service",
  summary: "Manages systemd units.",
  args,
  argAliases: { service: "name", unit: "name", "daemon-reload": "daemon_reload", "daemon-reexec": "daemon_reexec" },
  requiredOneOf: [["state", "enabled", "masked", "daemon_reload", "daemon_reexec"]],
  example: "- systemd:\n    name: ssh\n    state: started\n    enabled: true\n",
  returns: {
    name: "The unit, as it was asked for.",
    state: "Its state after the task.",
    enabled: "Whether it starts at boot.",
    status: "The unit's properties, as systemd has them before the task.",
  },
  look: (args, context) => systemdLook(args, context.hostName),
  outcome: (args) => (args.name === undefined ? [] : [unitEffect(unitName(args.name), wanted(args))]),
});

function wanted(args: SystemdArguments): Partial<UnitState> {
  return {
    ...(args.state === undefined ? {} : { running: args.state !== "stopped" }),
    ...(args.enabled === undefined ? {} : { enabled: args.enabled }),
    ...(args.masked === undefined ? {} : { masked: args.masked }),
    ...(args.daemon_reload ? { stale: false } : {}),
  };
}

/** systemd's answer to these arguments; the modules `service` and `sysvinit` come here too. */
export function* systemdLook(args: SystemdArguments, host: string): Look<Plan> {
  const ctl = systemctl(args.scope);
  const first: Step[] = [];
  if (args.daemon_reexec) first.push(step("start systemd anew", sh`${ctl} daemon-reexec`));
  if (args.name === undefined) {
    if (args.state !== undefined || args.enabled !== undefined || args.masked !== undefined) {
      throw new ModuleFailure("missing required arguments: name");
    }
    if (args.daemon_reload) {
      yield* ask(running);
      first.unshift(step("read the units again", sh`${ctl} daemon-reload`));
    }
    const result: Dict = { name: null, status: {} };
    return first.length === 0 ? { result } : { result, change: { diff: [], steps: first, effects: [], silent: true } };
  }

  const name = args.name;
  const asked = yield* askMaybe(unitState(name, args.scope));
  if (asked instanceof Unknown) return yield* unknownUnit(args, name, ctl, first);
  if (asked.failure !== undefined && !asked.found) throw new ModuleFailure(asked.failure, { name });
  // What is not there can be masked all the same.
  if (!asked.found && (args.state !== undefined || args.enabled !== undefined)) throw notFound(name, host);

  const steps = unitSteps(args, asked, ctl, unitName(name));
  // Whether a unit is stale systemd cannot say for sure: a new folder of drop-ins escapes its NeedDaemonReload.
  if (args.daemon_reload) first.unshift(step("read the units again", sh`${ctl} daemon-reload`));
  const result: Dict = {
    name,
    status: asked.properties,
    ...(args.enabled === undefined ? {} : { enabled: args.enabled }),
    ...(args.state === undefined ? {} : { state: args.state === "stopped" ? "stopped" : "started" }),
  };
  if (steps.length === 0) {
    if (first.length === 0) return { result };
    return { result, change: { diff: [], steps: first, effects: effects(asked, args), silent: true } };
  }
  const before: Dict = {};
  const after: Dict = {};
  const show = (key: string, was: boolean | undefined, now: boolean | undefined) => {
    if (now === undefined || was === now) return;
    before[key] = was ?? false;
    after[key] = now;
  };
  show("masked", asked.masked, args.masked);
  show("enabled", asked.enabled, args.enabled);
  show("running", asked.running, args.state === undefined ? undefined : args.state !== "stopped");
  if (args.state === "restarted" || args.state === "reloaded") after["action"] = args.state;
  return {
    result,
    change: { diff: [{ before, after }], steps: [...first, ...steps], effects: effects(asked, args) },
  };
}

function unitSteps(args: SystemdArguments, unit: UnitState, ctl: Script, name: string): Step[] {
  const steps: Step[] = [];
  const force = args.force ? ["--force"] : [];
  const block = args.no_block ? ["--no-block"] : [];
  const act = (verb: string) => step(`${verb} ${name}`, sh`${ctl} ${[...block, verb, name]}`);
  if (args.masked !== undefined && args.masked !== unit.masked) {
    steps.push(
      step(
        `${args.masked ? "mask" : "unmask"} ${name}`,
        sh`${ctl} ${[...force, args.masked ? "mask" : "unmask", name]}`,
      ),
    );
  }
  if (args.enabled !== undefined && args.enabled !== unit.enabled) {
    const verb = args.enabled ? "enable" : "disable";
    steps.push(step(`${verb} ${name}`, sh`${ctl} ${[...force, verb, name]}`));
  }
  if (args.state === "started" && !unit.running) steps.push(act("start"));
  else if (args.state === "stopped" && (unit.running || unit.properties["ActiveState"] === "deactivating")) {
    steps.push(act("stop"));
  } else if (args.state === "reloaded") steps.push(act(unit.running ? "reload" : "start"));
  else if (args.state === "restarted") steps.push(act("restart"));
  return steps;
}

function effects(unit: UnitState, args: SystemdArguments): Effect[] {
  const state = {
    ...wanted(args),
    ...(args.state === "restarted" || args.state === "started" ? { stale: false } : {}),
  };
  const own = [unitEffect(unit.id, state)];
  if (args.name !== undefined && unitName(args.name) !== unit.id) own.push(unitEffect(unitName(args.name), state));
  if (args.state === "restarted" || (args.state === "started" && !unit.running)) {
    own.push({ opens: ["engine"], because: `the ${args.state === "started" ? "start" : "restart"} of ${args.name}` });
  }
  return own;
}

/** A unit that a package is to bring: a restart is a change in any case, all else is known after the run. */
function* unknownUnit(args: SystemdArguments, name: string, ctl: Script, first: readonly Step[]): Look<Plan> {
  if (args.state !== "restarted" && args.state !== "reloaded") {
    yield* ask(unitState(name, args.scope));
  }
  const reload = args.daemon_reload ? [step("read the units again", sh`${ctl} daemon-reload`)] : [];
  return {
    result: { name, state: "started", status: {} },
    change: {
      diff: [{ before: {}, after: { action: args.state ?? null } }],
      steps: [...first, ...reload, step(`restart ${unitName(name)}`, sh`${ctl} restart ${unitName(name)}`)],
      effects: [unitEffect(unitName(name), wanted(args))],
    },
  };
}

/** That there is a systemd at all. */
const running: Query<true> = {
  kind: "units",
  subject: "manager",
  script: sh`command -v systemctl >/dev/null 2>&1 || { echo 'systemctl is not on the host: it has no systemd' >&2; exit 1; }`,
  decode(reply) {
    if (reply.status !== 0) throw new ModuleFailure(reply.stderr.toString().trim());
    return true;
  },
};

function step(name: string, script: Script): Step {
  return { name, script: sh`${script} || exit 1` };
}
