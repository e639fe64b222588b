import { type JsonObject, number, object, text, texts } from "../json.ts";

/** A name under which the proxy answers, and the containers behind it. */
export interface Backend {
  readonly domain: string;
  /** Further names of the same. */
  readonly aliases: readonly string[];
  readonly upstreams: readonly string[];
}

/**
 * Groups the running containers that carry `interlock.hostname` or `interlock.domain` by the name these make.
 * A container is reached at its published port (`interlock.port` chooses one), or inside a network that
 * `interlock.network` names.
 */
export function backendsOf(listed: readonly JsonObject[]): Backend[] {
  const found = new Map<string, { aliases: Set<string>; upstreams: string[] }>();
  for (const container of listed) {
    const labels = texts(container["Labels"]);
    const domain = [labels["interlock.hostname"], labels["interlock.domain"]].filter(Boolean).join(".");
    if (domain === "" || text(container["State"]) !== "running") continue;
    const upstream = upstreamOf(container, labels);
    if (upstream === undefined) continue;
    const backend = found.get(domain) ?? { aliases: new Set<string>(), upstreams: [] };
    backend.upstreams.push(upstream);
    for (const [label, value] of Object.entries(labels)) {
      if (label.startsWith("interlock.alias_domain")) backend.aliases.add(value);
    }
    found.set(domain, backend);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([domain, { aliases, upstreams }]) => ({ domain, aliases: [...aliases].sort(), upstreams }));
}

function upstreamOf(container: JsonObject, labels: Readonly<Record<string, string>>): string | undefined {
  const wanted = Number(labels["interlock.port"] ?? 0);
  const ports = (Array.isArray(container["Ports"]) ? container["Ports"] : [])
    .map(object)
    .filter((port) => text(port["Type"]) !== "udp" && (wanted === 0 || number(port["PrivatePort"]) === wanted));
  const network = labels["interlock.network"];
  if (network !== undefined) {
    const address = text(object(object(object(container["NetworkSettings"])["Networks"])[network])["IPAddress"]);
    const port = wanted || number(ports[0]?.["PrivatePort"]);
    return address === "" || port === 0 ? undefined : `${address}:${port}`;
  }
  const published = ports.find((port) => number(port["PublicPort"]) > 0);
  return published ? `${text(published["IP"])}:${number(published["PublicPort"])}` : undefined;
}
