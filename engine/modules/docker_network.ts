import { Type } from "@sinclair/typebox";
import type { Dict, Value } from "../source/value.ts";
import { choice, flag, list, mapping, maybeFlag, optional, text } from "./argument-types.ts";
import { ask, type Look, type Plan, type Step, stateModule } from "./contract.ts";
import {
  asDict,
  asList,
  at,
  contains,
  dockerStep,
  type Engine,
  engineAliases,
  engineArgs,
  engineOf,
  engineUnsupported,
  inspectQuery,
  objectEffect,
  parseJson,
  words,
} from "./docker.ts";

const args = Type.Object({
  ...engineArgs,
  name: text("The network."),
  state: choice(["present", "absent"], "Whether it should be there.", { default: "present" }),
  driver: text("bridge, overlay, macvlan …", { default: "bridge" }),
  driver_options: mapping("Options of the driver.", { default: {} }),
  ipam_driver: optional(text("Who hands out addresses.")),
  ipam_driver_options: optional(mapping("Options of that.")),
  ipam_config: optional(
    list(
      mapping("subnet, iprange, gateway, aux_addresses"),
      "Address ranges: subnet, iprange, gateway, aux_addresses.",
    ),
  ),
  enable_ipv6: maybeFlag("Whether it has IPv6 addresses."),
  internal: maybeFlag("Whether it is cut off from the outside."),
  attachable: maybeFlag("Whether single containers may join a swarm-mode overlay."),
  labels: mapping("Labels.", { default: {} }),
  scope: optional(choice(["local", "global", "swarm"], "How far it reaches.")),
  connected: list(Type.String(), "Containers that are in it; others are taken out, unless appends.", { default: [] }),
  appends: flag("Leave containers in it that are not in connected."),
  force: flag("Take containers out before it goes; with present: make it anew in any case."),
});
type Arguments = (typeof args)["static"];

export default stateModule({
  name: "docker_network",
  collection: "community.docker.docker_network",
  summary: "Manages docker networks; one that differs is made anew, with its containers put back.",
  args,
  argAliases: { ...engineAliases, network_name: "name", containers: "connected", incremental: "appends" },
  unsupported: {
    ...engineUnsupported,
    config_only: "needs a newer engine than these modules know",
    config_from: "needs a newer engine than these modules know",
    enable_ipv4: "needs a newer engine than these modules know",
    ingress: "swarm mode is not managed",
  },
  example:
    "- docker_network:\n    name: backend\n    driver: bridge\n    ipam_config:\n      - subnet: 172.30.0.0/24\n",
  returns: { network: "The network, as the engine describes it." },
  look: (args, context) => look(args, engineOf(args, context)),
  outcome: (args) => [
    { kind: "network", subject: `${args.docker_host ?? ""} ${args.name}`.trim(), unknown: "known after the run" },
  ],
});

function* look(args: Arguments, engine: Engine): Look<Plan> {
  const { found } = yield* ask(inspectQuery(engine, "network", args.name));
  if (args.state === "absent") {
    if (!found) return { result: {} };
    const leave = args.force ? containersOf(found).map((each) => disconnect(engine, args.name, each, true)) : [];
    return {
      change: {
        diff: [{ before: { exists: true }, after: { exists: false } }],
        steps: [...leave, dockerStep(engine, "remove the network", ["network", "rm", args.name])],
        effects: [objectEffect(engine, "network", args.name, undefined)],
      },
    };
  }
  const differences = found ? networkDifferences(args, found) : {};
  const anew = found !== undefined && (args.force || Object.keys(differences).length > 0);
  const members = found ? containersOf(found) : [];
  const steps: Step[] = [];
  if (found && anew) {
    steps.push(...members.map((each) => disconnect(engine, args.name, each, true)));
    steps.push(dockerStep(engine, "remove the network", ["network", "rm", args.name]));
  }
  if (!found || anew) steps.push(dockerStep(engine, "create the network", createWords(args)));
  const stay = anew ? [] : members;
  const wanted = [...new Set([...args.connected, ...(args.appends || anew ? members : [])])];
  const joining = wanted.filter((name) => !stay.includes(name));
  const leaving =
    args.appends || args.connected.length === 0 ? [] : stay.filter((name) => !args.connected.includes(name));
  steps.push(...joining.map((name) => dockerStep(engine, `connect ${name}`, ["network", "connect", args.name, name])));
  steps.push(...leaving.map((name) => disconnect(engine, args.name, name, false)));
  if (steps.length === 0) return { result: { network: found ?? {} } };
  steps.push(dockerStep(engine, "look at it", ["network", "inspect", "--format", "{{json .}}", args.name]));
  const before: Dict = {};
  const after: Dict = {};
  for (const [key, [was, now]] of Object.entries(differences)) {
    before[key] = was;
    after[key] = now;
  }
  if (!found) {
    before["exists"] = false;
    after["exists"] = true;
    after["driver"] = args.driver;
  }
  if (joining.length + leaving.length > 0 && !anew) {
    before["connected"] = stay;
    after["connected"] = [...stay.filter((name) => !leaving.includes(name)), ...joining];
  }
  return {
    change: {
      diff: [{ before, after }],
      steps,
      effects: [objectEffect(engine, "network", args.name, predicted(args, found, wanted))],
      finish: (replies) => ({ network: asDict(parseJson(replies.at(-1)?.stdout.toString() ?? "{}")) }),
    },
  };
}

function containersOf(network: Dict): string[] {
  return Object.values(asDict(at(network, "Containers"))).map((each) => String(at(each, "Name") ?? ""));
}

function disconnect(engine: Engine, network: string, container: string, force: boolean): Step {
  return dockerStep(engine, `disconnect ${container}`, [
    "network",
    "disconnect",
    ...(force ? ["-f"] : []),
    network,
    container,
  ]);
}

/** Option → what it is, and what it should be. Only what was given counts. */
export function networkDifferences(args: Arguments, network: Dict): { [option: string]: readonly [Value, Value] } {
  const found: { [option: string]: readonly [Value, Value] } = {};
  const compare = (option: string, is: Value | undefined, wanted: Value | undefined) => {
    if (wanted !== undefined && (is ?? null) !== wanted) found[option] = [is ?? null, wanted];
  };
  compare("driver", at(network, "Driver"), args.driver);
  if (!contains(at(network, "Options"), args.driver_options)) {
    found["driver_options"] = [asDict(at(network, "Options")), args.driver_options];
  }
  if (!contains(at(network, "Labels"), args.labels)) found["labels"] = [asDict(at(network, "Labels")), args.labels];
  compare("ipam_driver", at(network, "IPAM", "Driver"), args.ipam_driver);
  if (args.ipam_driver_options && !contains(at(network, "IPAM", "Options"), args.ipam_driver_options)) {
    found["ipam_driver_options"] = [asDict(at(network, "IPAM", "Options")), args.ipam_driver_options];
  }
  compare("enable_ipv6", at(network, "EnableIPv6"), args.enable_ipv6);
  compare("internal", at(network, "Internal"), args.internal);
  compare("attachable", at(network, "Attachable"), args.attachable);
  compare("scope", at(network, "Scope"), args.scope);
  const ranges = asList(at(network, "IPAM", "Config"));
  const names: { readonly [option: string]: string } = { subnet: "Subnet", gateway: "Gateway", iprange: "IPRange" };
  args.ipam_config?.forEach((wanted) => {
    const same = ranges.some((range) =>
      Object.entries(names).every(([option, key]) => {
        const value = wanted[option];
        return (
          value === undefined ||
          value === null ||
          String(at(range, key) ?? "").toLowerCase() === String(value).toLowerCase()
        );
      }),
    );
    if (!same) found["ipam_config"] = [ranges, args.ipam_config ?? []];
  });
  return found;
}

function createWords(args: Arguments): string[] {
  const options = (flagName: string, given: Dict | undefined) =>
    Object.entries(given ?? {}).flatMap(([key, value]) => [flagName, `${key}=${words(value)}`]);
  return [
    "network",
    "create",
    "--driver",
    args.driver,
    ...options("--opt", args.driver_options),
    ...options("--label", args.labels),
    ...(args.ipam_driver === undefined ? [] : ["--ipam-driver", args.ipam_driver]),
    ...options("--ipam-opt", args.ipam_driver_options),
    ...(args.ipam_config ?? []).flatMap((range) => [
      ...(range["subnet"] ? ["--subnet", words(range["subnet"])] : []),
      ...(range["iprange"] ? ["--ip-range", words(range["iprange"])] : []),
      ...(range["gateway"] ? ["--gateway", words(range["gateway"])] : []),
      ...options("--aux-address", asDict(range["aux_addresses"])),
    ]),
    ...(args.enable_ipv6 ? ["--ipv6"] : []),
    ...(args.internal ? ["--internal"] : []),
    ...(args.attachable ? ["--attachable"] : []),
    ...(args.scope === undefined ? [] : ["--scope", args.scope]),
    args.name,
  ];
}

function predicted(args: Arguments, before: Dict | undefined, members: readonly string[]): Dict {
  return {
    ...before,
    Name: args.name,
    Driver: args.driver,
    Options: args.driver_options,
    Labels: args.labels,
    EnableIPv6: args.enable_ipv6 ?? at(before, "EnableIPv6") ?? false,
    Internal: args.internal ?? at(before, "Internal") ?? false,
    Attachable: args.attachable ?? at(before, "Attachable") ?? false,
    IPAM: args.ipam_config
      ? {
          Driver: args.ipam_driver ?? "default",
          Config: args.ipam_config.map((range) => ({
            Subnet: range["subnet"] ?? "",
            Gateway: range["gateway"] ?? "",
            IPRange: range["iprange"] ?? "",
          })),
        }
      : (at(before, "IPAM") ?? {}),
    Containers: Object.fromEntries(members.map((name) => [name, { Name: name }])),
  };
}
