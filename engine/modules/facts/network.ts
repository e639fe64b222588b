import type { Dict, Value } from "../../source/value.ts";
import { filesOf, lines, present, type Sections } from "./sections.ts";

interface Address {
  readonly address: string;
  readonly prefix: number;
  readonly broadcast: string;
  readonly scope: string;
  readonly label: string;
}

/** Interfaces, their addresses, and the ones that lead to the world. */
export function networkFacts(sections: Sections): Dict {
  const files = filesOf(sections, "files");
  const [interfaceLine = "", portLine = ""] = lines(sections, "net");
  const names = paths(interfaceLine).map((path) => path.slice("/sys/class/net/".length));
  const ports = paths(portLine).map((path) => path.split("/"));
  const v4 = new Map<string, Address[]>();
  const v6 = new Map<string, Address[]>();
  for (const line of lines(sections, "addresses")) {
    const words = line.trim().split(/\s+/);
    const family = words[2];
    const [address, prefix] = (words[3] ?? "").split("/");
    const name = (words[1] ?? "").split("@")[0];
    if (name === undefined || address === undefined || (family !== "inet" && family !== "inet6")) continue;
    const after = (word: string) => words[words.indexOf(word) + 1] ?? "";
    const table = family === "inet" ? v4 : v6;
    table.set(name, [
      ...(table.get(name) ?? []),
      {
        address,
        prefix: Number(prefix ?? (family === "inet" ? 32 : 128)),
        broadcast: words.includes("brd") ? after("brd") : "",
        scope: after("scope"),
        label: (words.find((word) => word.endsWith("\\")) ?? name).replaceAll("\\", ""),
      },
    ]);
    if (!names.includes(name)) names.push(name);
  }

  const facts: Dict = {};
  const modules = drivers(sections);
  for (const name of names) {
    const file = (leaf: string) => files.get(`/sys/class/net/${name}/${leaf}`);
    const bridged = ports.filter((part) => part[4] === name).map((part) => part[6] ?? "");
    const [first, ...others] = v4.get(name) ?? [];
    const mac = file("address");
    facts[name.replaceAll(":", "_")] = present({
      device: name,
      macaddress: mac === undefined || mac === "" || mac === "00:00:00:00:00:00" ? undefined : mac,
      mtu: file("mtu") === undefined ? undefined : Number(file("mtu")),
      active: file("operstate") !== "down",
      module: modules.get(name)?.module,
      pciid: modules.get(name)?.pci,
      type: interfaceType(file("type"), file("bridge/bridge_id") !== undefined, file("bonding/mode") !== undefined),
      interfaces: file("bridge/bridge_id") === undefined ? undefined : bridged,
      id: file("bridge/bridge_id"),
      stp: file("bridge/stp_state") === undefined ? undefined : file("bridge/stp_state") === "1",
      mode: file("bonding/mode")?.split(" ")[0],
      slaves: file("bonding/slaves")?.split(" "),
      speed: file("speed") === undefined ? undefined : Number(file("speed")),
      promisc: (Number(file("flags") ?? 0) & 0x100) !== 0,
      ipv4: first && ipv4(first),
      ipv4_secondaries: others.length > 0 ? others.map(ipv4) : undefined,
      ipv6: v6.get(name)?.map(ipv6),
    });
  }

  const all = (table: Map<string, Address[]>) => [...table.values()].flat().map(({ address }) => address);
  const result: Dict = {
    interfaces: names.map((name) => name.replaceAll(":", "_")),
    all_ipv4_addresses: all(v4).filter((address) => !address.startsWith("127.")),
    all_ipv6_addresses: all(v6).filter((address) => address !== "::1"),
    default_ipv4: byRoute(lines(sections, "route4")[0], v4, facts, ipv4),
    default_ipv6: byRoute(lines(sections, "route6")[0], v6, facts, ipv6),
  };
  for (const [name, fact] of Object.entries(facts)) result[name.replaceAll("-", "_")] = fact;
  return result;
}

function paths(line: string): string[] {
  return line.split(" ").filter((path) => path !== "" && !path.includes("*"));
}

function interfaceType(type: string | undefined, bridge: boolean, bond: boolean): string {
  if (bridge) return "bridge";
  if (bond) return "bonding";
  return (
    { "1": "ether", "32": "infiniband", "512": "ppp", "772": "loopback", "65534": "tunnel" }[type ?? ""] ?? "unknown"
  );
}

function drivers(sections: Sections): Map<string, { module?: string; pci?: string }> {
  const found = new Map<string, { module?: string; pci?: string }>();
  for (const line of lines(sections, "netmodules")) {
    const match = /\/sys\/class\/net\/([^/]+)\/device(\/driver\/module)? -> (?:.*\/)?([^/]+)$/.exec(line);
    if (match?.[1] === undefined || match[3] === undefined) continue;
    const before = found.get(match[1]) ?? {};
    found.set(match[1], match[2] === undefined ? { ...before, pci: match[3] } : { ...before, module: match[3] });
  }
  return found;
}

function ipv4(address: Address): Dict {
  const mask = address.prefix === 0 ? 0 : (0xffffffff << (32 - address.prefix)) >>> 0;
  return {
    address: address.address,
    broadcast: address.broadcast,
    netmask: dotted(mask),
    network: dotted((number(address.address) & mask) >>> 0),
    prefix: String(address.prefix),
  };
}

function ipv6(address: Address): Dict {
  return { address: address.address, prefix: String(address.prefix), scope: address.scope };
}

function number(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

/** `8.8.8.8 via GATEWAY dev NAME src ADDRESS`: the interface and address that a packet to the world would take. */
function byRoute(
  line: string | undefined,
  table: ReadonlyMap<string, readonly Address[]>,
  interfaces: Dict,
  describe: (address: Address) => Dict,
): Value {
  const words = (line ?? "").split(/\s+/);
  const after = (word: string) => (words.includes(word) ? words[words.indexOf(word) + 1] : undefined);
  const name = after("dev");
  const source = after("src");
  if (name === undefined || source === undefined || words[0] === "unreachable") return {};
  const address = table.get(name)?.find((candidate) => candidate.address === source);
  const about = interfaces[name.replaceAll(":", "_")];
  const fact = (key: string): Value | undefined =>
    about !== null && typeof about === "object" && !Array.isArray(about) ? (about as Dict)[key] : undefined;
  return present({
    gateway: after("via"),
    interface: name,
    address: source,
    ...(address && describe(address)),
    alias: address && describe === ipv4 ? address.label : undefined,
    macaddress: fact("macaddress"),
    mtu: fact("mtu"),
    type: fact("type"),
  });
}
