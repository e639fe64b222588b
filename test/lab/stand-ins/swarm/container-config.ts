import { randomBytes } from "node:crypto";
import { array, type Json, type JsonObject, object, parse, text, texts } from "../json.ts";

export const labelPrefix = "com.docker.swarm.";

/** What a container demands of the cluster; travels as environment entries, stays as labels. */
export interface Demands {
  readonly constraints: readonly string[];
  readonly affinities: readonly string[];
  readonly policies: readonly string[];
}

/** Reads the demands out of the environment of a request to create, and puts them into its labels. */
export function withDemandsAsLabels(request: JsonObject): JsonObject {
  const labels = texts(request["Labels"]);
  const demands = { constraints: [] as string[], affinities: [] as string[], "reschedule-policies": [] as string[] };
  for (const name of Object.keys(demands) as (keyof typeof demands)[]) demands[name].push(...listed(labels, name));
  const rest: Json[] = [];
  for (const entry of array(request["Env"])) {
    const [, kind, value] = /^(constraint|affinity|reschedule):(.*)$/s.exec(text(entry)) ?? [];
    if (kind === "constraint") demands.constraints.push(value ?? "");
    else if (kind === "affinity") demands.affinities.push(value ?? "");
    else if (kind === "reschedule") demands["reschedule-policies"].push((value ?? "").replace(/=$/, ""));
    else rest.push(entry);
  }
  for (const [name, values] of Object.entries(demands)) {
    if (values.length > 0) labels[labelPrefix + name] = JSON.stringify([...new Set(values)]);
  }
  labels[`${labelPrefix}id`] ??= randomBytes(32).toString("hex");
  return { ...request, Env: rest.length > 0 ? rest : null, Labels: labels };
}

export function demandsOf(labels: Readonly<Record<string, string>>): Demands {
  return {
    constraints: listed(labels, "constraints"),
    affinities: listed(labels, "affinities"),
    policies: listed(labels, "reschedule-policies"),
  };
}

function listed(labels: Readonly<Record<string, string>>, name: string): string[] {
  const source = labels[labelPrefix + name];
  if (source === undefined || source === "") return [];
  try {
    return array(parse(source)).map(text);
  } catch {
    return [source];
  }
}

/** The ports of its host that a container asks for by number: `tcp/0.0.0.0/80`. */
export function wantedHostPorts(hostConfig: JsonObject): string[] {
  return Object.entries(object(hostConfig["PortBindings"])).flatMap(([port, bindings]) =>
    array(bindings)
      .map((binding) => text(object(binding)["HostPort"]))
      .filter((wanted) => wanted !== "" && wanted !== "0")
      .map((wanted) => `${port.split("/")[1] ?? "tcp"}/${wanted}`),
  );
}

/** The request that makes a container like this one (its inspection) again, on another node. */
export function requestFrom(inspected: JsonObject): JsonObject {
  const config = { ...object(inspected["Config"]) };
  const id = text(inspected["Id"]);
  // These two follow from the old container's own number.
  if (id.startsWith(text(config["Hostname"]))) delete config["Hostname"];
  // docker-compose ties a recreated container to the one before it, which is gone by now.
  const labels = texts(config["Labels"]);
  const affinities = demandsOf(labels).affinities.filter((each) => !/^container==[0-9a-f]{64}$/.test(each));
  delete labels[`${labelPrefix}affinities`];
  if (affinities.length > 0) labels[`${labelPrefix}affinities`] = JSON.stringify(affinities);
  config["Labels"] = labels;
  const endpoints: JsonObject = {};
  for (const [network, value] of Object.entries(object(object(inspected["NetworkSettings"])["Networks"]))) {
    const endpoint = object(value);
    const aliases = array(endpoint["Aliases"]).filter((alias) => !id.startsWith(text(alias)));
    endpoints[network] = {
      IPAMConfig: endpoint["IPAMConfig"] ?? null,
      Links: endpoint["Links"] ?? null,
      Aliases: aliases.length > 0 ? aliases : null,
    };
  }
  return { ...config, HostConfig: object(inspected["HostConfig"]), NetworkingConfig: { EndpointsConfig: endpoints } };
}
