import { joinScripts, sh } from "../host/script.ts";
import type { Dict, Value } from "../source/value.ts";
import { commandWords, comparisonOf } from "./container-differences.ts";
import { containerOptions } from "./container-options.ts";
import { ModuleFailure, type Step } from "./contract.ts";
import { asDict, asList, at, dockerStep, type Engine, words } from "./docker.ts";
import type { Arguments } from "./docker_container.ts";

/** Options of `docker create` and `docker update`; `only`: these alone. */
export function optionWords(args: Arguments, only?: readonly string[]): string[] {
  const result: string[] = [];
  for (const option of containerOptions) {
    const given = (args as { readonly [name: string]: Value | undefined })[option.name];
    if (given === undefined || given === null || (only && !only.includes(option.name))) continue;
    if (option.name === "restart_policy" && args.restart_retries !== undefined && given === "on-failure") {
      result.push(`--restart=on-failure:${args.restart_retries}`);
    } else result.push(...option.words(given));
  }
  return result;
}

/**
 * The environment goes in by standard input, and what holds newlines by the client's own: it may hold secrets, and
 * command lines can be seen.
 */
export function create(args: Arguments, engine: Engine, image: string): Step {
  const entries = Object.entries(args.env ?? {}).map(([key, value]) => [key, words(value)] as const);
  const plain = entries.filter(([, value]) => !/[\r\n]/.test(value));
  const odd = entries.filter(([, value]) => /[\r\n]/.test(value));
  const exports = odd.map(([key, value]) => {
    if (/^[A-Za-z_]\w*$/.test(key)) return sh`export ${`${key}=${value}`}`;
    throw new ModuleFailure(`'${key}' cannot be the name of an environment variable of several lines.`);
  });
  const first = args.networks_cli_compatible ? args.networks?.[0] : undefined;
  const network =
    first && args.network_mode === undefined
      ? ["--network", words(first["name"] ?? ""), ...endpointWords(first, true)]
      : [];
  const entry = args.entrypoint?.slice(1) ?? [];
  const command = args.command === undefined || args.command === null ? [] : commandWords(args.command);
  return {
    name: "create it",
    script: sh`${joinScripts(exports)}
${engine.cli} create --name ${args.name} ${plain.length > 0 ? ["--env-file", "/dev/stdin"] : []} ${[
      ...odd.map(([key]) => `--env=${key}`),
      ...(args.platform === undefined ? [] : [`--platform=${args.platform}`]),
      ...network,
      ...optionWords(args),
      image,
      ...entry,
      ...command,
    ]} || exit 1`,
    ...(plain.length > 0 ? { stdin: `${plain.map(([key, value]) => `${key}=${value}`).join("\n")}\n` } : {}),
  };
}

function endpointWords(network: Dict, creating: boolean): string[] {
  const each = (key: string) => asList(network[key]).map(words);
  return [
    ...(network["ipv4_address"] ? ["--ip", words(network["ipv4_address"])] : []),
    ...(network["ipv6_address"] ? ["--ip6", words(network["ipv6_address"])] : []),
    ...each("aliases").flatMap((alias) => [creating ? "--network-alias" : "--alias", alias]),
    ...each("links").flatMap((link) => ["--link", link]),
  ];
}

/** Connects it to its networks, and away from others where only those given count; `fresh`: it was just created. */
export function networkSteps(args: Arguments, engine: Engine, current: Dict, fresh: boolean): Step[] {
  const steps: Step[] = [];
  const wanted = args.networks ?? [];
  wanted.forEach((network, index) => {
    const name = words(network["name"] ?? "");
    if (fresh && index === 0 && args.networks_cli_compatible && args.network_mode === undefined) return;
    const is = current[name];
    const connect = dockerStep(engine, `connect it to ${name}`, [
      "network",
      "connect",
      ...endpointWords(network, false),
      name,
      args.name,
    ]);
    if (is === undefined) steps.push(connect);
    else if (!endpointAgrees(network, asDict(is))) {
      steps.push(
        dockerStep(engine, `disconnect it from ${name}`, ["network", "disconnect", "-f", name, args.name]),
        connect,
      );
    }
  });
  if (args.purge_networks || comparisonOf({ name: "networks", sort: "set" }, args.comparisons) === "strict") {
    const names = wanted.map((network) => words(network["name"] ?? ""));
    for (const name of Object.keys(current)) {
      if (!names.includes(name))
        steps.push(dockerStep(engine, `disconnect it from ${name}`, ["network", "disconnect", "-f", name, args.name]));
    }
  }
  return steps;
}

function endpointAgrees(wanted: Dict, is: Dict): boolean {
  if (wanted["ipv4_address"] && at(is, "IPAMConfig", "IPv4Address") !== wanted["ipv4_address"]) return false;
  if (wanted["ipv6_address"] && at(is, "IPAMConfig", "IPv6Address") !== wanted["ipv6_address"]) return false;
  const aliases = asList(is["Aliases"]);
  return asList(wanted["aliases"]).every((alias) => aliases.includes(alias));
}

/** How long `docker stop` waits, where that was said. */
export function stopTime(args: Arguments): string[] {
  return args.stop_timeout === undefined ? [] : ["-t", String(args.stop_timeout)];
}

/** Stops it, or kills it where that was asked for. */
export function stop(args: Arguments, engine: Engine): Step {
  if (!args.force_kill) return dockerStep(engine, "stop it", ["stop", ...stopTime(args), args.name]);
  return dockerStep(engine, "kill it", [
    "kill",
    ...(args.kill_signal === undefined ? [] : ["-s", args.kill_signal]),
    args.name,
  ]);
}

/** A container that removes itself when it stops may be gone before it is removed. */
export function remove(args: Arguments, engine: Engine, running: boolean): Step[] {
  const volumes = args.keep_volumes ? [] : ["-v"];
  const gone = sh`${engine.cli} rm -f ${volumes} ${args.name} 2>&1 || ! ${engine.cli} container inspect ${args.name} >/dev/null 2>&1 || exit 1`;
  return [...(running ? [stop(args, engine)] : []), { name: "remove it", script: gone }];
}

/** What it is in the end, as the last reply. */
export function inspectStep(engine: Engine, name: string): Step {
  return dockerStep(engine, "look at it", ["container", "inspect", "--format", "{{json .}}", name]);
}

/** Waits until its health check says so. */
export function waitHealthy(args: Arguments, engine: Engine): Step {
  return {
    name: "wait until it is healthy",
    timeout: args.healthy_wait_timeout + 30,
    script: sh`n=0
while [ "$n" -lt ${Math.ceil(args.healthy_wait_timeout)} ]; do
  s=$(${engine.cli} container inspect --format '{{.State.Health.Status}}' ${args.name}) || exit 1
  [ "$s" = healthy ] && exit 0
  [ "$s" = unhealthy ] && { echo 'The container is unhealthy.' >&2; exit 1; }
  n=$((n+1)); sleep 1
done
echo 'Timeout of the wait for healthy.' >&2; exit 1`,
  };
}
