import { intValue } from "../../source/value.ts";
import { formatAddress, IpNetwork, mergeNetworks } from "../ip-network.ts";
import { fail, type Item, isFloat, isInteger, isItemDict, iterate, text, truthy, typeName } from "../item.ts";
import { requireInteger } from "../operators.ts";
import { type Family, plugin } from "../plugin.ts";

const optional = (item: Item | undefined): string =>
  item === undefined || item === null || item === false ? "" : text(item);

function parse(item: Item, version: 4 | 6 | undefined): IpNetwork | undefined {
  if (isInteger(item)) {
    const value = BigInt(item);
    const guess = version ?? (value < 1n << 32n ? 4 : 6);
    return value < 0n ? undefined : new IpNetwork(guess, value, guess === 4 ? 32 : 128, false);
  }
  if (typeof item !== "string") return undefined;
  if (/^\d+$/.test(item.trim())) return parse(BigInt(item.trim()), version);
  const network = IpNetwork.parse(item);
  return network === undefined || (version !== undefined && network.version !== version) ? undefined : network;
}

const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"];

function isIn(network: IpNetwork, ranges: readonly string[]): boolean {
  return ranges.some((range) =>
    IpNetwork.parse(range)?.contains(new IpNetwork(network.version, network.address, network.bits)),
  );
}

function noNetwork(network: IpNetwork): never {
  return fail(`${network.text()} is no network`);
}

/** What `ipaddr("query")` answers for one valid address; null or false where it does not apply or is not so. */
function answer(n: IpNetwork, query: string, original: Item): Item {
  const withPrefix = (value: bigint): string => `${n.text(value)}/${n.prefix}`;
  const isNetwork = n.address === n.first && n.size > 1n;
  const kept = typeof original === "string" ? original : n.text();
  const when = (condition: boolean): Item => (condition ? kept : null);
  switch (query) {
    case "":
      return n.hasPrefix ? withPrefix(n.address) : n.text();
    case "address":
    case "ip":
      return n.size > 2n && isNetwork && n.hasPrefix ? null : n.text();
    case "address/prefix":
    case "gateway":
    case "gw":
    case "host/prefix":
    case "hostnet":
    case "router":
      return n.size > 2n && isNetwork ? false : withPrefix(n.address);
    case "ip/prefix":
      return n.hasPrefix && !(n.size > 2n && isNetwork) ? withPrefix(n.address) : null;
    case "host":
      return n.size === 1n || !isNetwork ? withPrefix(n.address) : null;
    case "net":
      return n.size > 1n && isNetwork ? withPrefix(n.first) : null;
    case "subnet":
    case "network/prefix":
      return withPrefix(n.first);
    case "network":
    case "network_id":
      return n.text(n.first);
    case "network_netmask":
      return `${n.text(n.first)} ${n.text(n.netmask)}`;
    case "network_wildcard":
      return `${n.text(n.first)} ${n.text(n.hostmask)}`;
    case "address_netmask":
      return `${n.text()} ${n.text(n.netmask)}`;
    case "netmask":
      return n.text(n.netmask);
    case "hostmask":
    case "wildcard":
      return n.text(n.hostmask);
    case "prefix":
      return n.prefix;
    case "size":
      return intValue(n.size);
    case "size_usable":
      return intValue(n.size <= 2n ? n.size : n.lastUsable - n.firstUsable + 1n);
    case "broadcast":
      return n.size > 2n ? n.text(n.last) : null;
    case "first_usable":
      return n.size > 1n ? n.text(n.firstUsable) : noNetwork(n);
    case "last_usable":
      return n.size > 1n ? n.text(n.lastUsable) : noNetwork(n);
    case "range_usable":
      return n.size > 1n ? `${n.text(n.firstUsable)}-${n.text(n.lastUsable)}` : noNetwork(n);
    case "next_usable":
      if (n.size === 1n) return noNetwork(n);
      return n.address + 1n <= n.lastUsable ? n.text(n.address + 1n) : null;
    case "previous_usable":
      if (n.size === 1n) return noNetwork(n);
      return n.address - 1n >= n.firstUsable ? n.text(n.address - 1n) : null;
    case "peer":
      if (n.size === 2n) return n.text(n.address === n.first ? n.last : n.first);
      return n.size === 4n
        ? n.text(n.address === n.first + 1n ? n.first + 2n : n.first + 1n)
        : fail(`${n.text()} is not in a network of two hosts`);
    case "int":
      return n.hasPrefix ? `${n.address}/${n.prefix}` : intValue(n.address);
    case "bool":
      return true;
    case "type":
      return n.size === 1n || !isNetwork ? "address" : "network";
    case "version":
      return n.version;
    case "4":
    case "ipv4":
      return n.version === 4
        ? n.hasPrefix
          ? withPrefix(n.address)
          : n.text()
        : n.address >> 32n === 0xffffn || n.address >> 32n === 0n
          ? formatAddress(4, n.address & 0xffffffffn)
          : false;
    case "6":
    case "ipv6":
      return n.version === 6
        ? n.hasPrefix
          ? withPrefix(n.address)
          : n.text()
        : `::ffff:${n.text()}${n.hasPrefix ? `/${n.prefix + 96}` : "/128"}`;
    case "revdns":
      return n.version === 4
        ? `${n.text().split(".").reverse().join(".")}.in-addr.arpa.`
        : `${[...n.address.toString(16).padStart(32, "0")].reverse().join(".")}.ip6.arpa.`;
    case "private":
      return when(isIn(n, privateRanges));
    case "public":
      return when(n.range() === "unicast");
    case "loopback":
    case "lo":
      return when(isIn(n, ["127.0.0.0/8", "::1/128"]));
    case "link-local":
      return when(isIn(n, ["169.254.0.0/16", "fe80::/10"]));
    case "multicast":
      return when(isIn(n, ["224.0.0.0/4", "ff00::/8"]));
    case "unicast":
      return when(!isIn(n, ["224.0.0.0/4", "ff00::/8"]));
    case "cidr":
      return n.hasPrefix ? kept : withPrefix(n.address);
    case "wrap":
      return n.version === 6 ? `[${n.text()}]${n.hasPrefix ? `/${n.prefix}` : ""}` : kept;
    default:
  }
  if (/^-?\d+$/.test(query)) {
    const index = BigInt(query);
    const value = index < 0n ? n.last + 1n + index : n.first + index;
    return value >= n.first && value <= n.last ? withPrefix(value) : false;
  }
  const range = IpNetwork.parse(query);
  if (range !== undefined) return when(range.contains(new IpNetwork(n.version, n.address, n.bits)));
  return fail(`ipaddr has no query '${query}'`);
}

function ipaddr(input: Item, query: Item | undefined, version: 4 | 6 | undefined): Item {
  if (Array.isArray(input))
    return input.map((each) => ipaddr(each, query, version)).filter((each) => each !== false && each !== null);
  if (isItemDict(input) || input === null || isFloat(input))
    return fail(`ipaddr takes addresses, not a value of type ${typeName(input)}`);
  const network = parse(input, version);
  return network === undefined ? false : answer(network, optional(query), input);
}

function requireNetwork(item: Item): IpNetwork {
  return parse(item, undefined) ?? fail(`'${text(item)}' is no IP address or network`);
}

function subnets(input: Item, query: Item | undefined, index: Item | undefined): Item {
  const network = parse(input, undefined);
  if (network === undefined) return false;
  const wanted = optional(query);
  if (wanted === "") return `${network.text()}/${network.prefix}`;
  if (!/^\d+$/.test(wanted)) {
    const outer = IpNetwork.parse(wanted) ?? fail(`ipsubnet cannot use '${wanted}'`);
    if (!outer.contains(network)) return fail(`${text(input)} is not in ${wanted}`);
    return String((network.first - outer.first) / network.size + 1n);
  }
  const prefix = Number(wanted);
  if (index === undefined || index === null) {
    // An address alone stands for the network around it.
    if (!network.hasPrefix) {
      const around = new IpNetwork(network.version, network.address, prefix);
      return `${around.text(around.first)}/${prefix}`;
    }
    return prefix < network.prefix ? "0" : String(1n << BigInt(prefix - network.prefix));
  }
  const number = BigInt(requireInteger(typeof index === "string" ? Number(index) : index, "the index"));
  if (prefix < network.prefix) {
    // The supernets of an address, the largest first.
    const length = number < 0n ? network.prefix + Number(number) : prefix + Number(number);
    return `${network.text(new IpNetwork(network.version, network.address, length).first)}/${length}`;
  }
  const size = 1n << BigInt(network.bits - prefix);
  const first = number < 0n ? network.last + 1n + number * size : network.first + number * size;
  return first >= network.first && first + size - 1n <= network.last ? `${network.text(first)}/${prefix}` : false;
}

function hardwareAddress(input: Item, query: string): Item {
  const digits = text(input)
    .replace(/[-:.\s]/g, "")
    .toLowerCase();
  if (!/^[\da-f]{12}$/.test(digits)) {
    if (query === "bool" || query === "") return null;
    return fail(`'${text(input)}' is no hardware address`);
  }
  const pairs = digits.match(/../g) ?? [];
  switch (query) {
    case "":
    case "linux":
    case "unix":
      return pairs.join(":");
    case "bool":
      return true;
    case "bare":
      return digits.toUpperCase();
    case "cisco":
      return (digits.match(/..../g) ?? []).join(".");
    case "eui48":
    case "win":
    case "windows":
      return pairs.join("-").toUpperCase();
    case "int":
      return Number.parseInt(digits, 16);
    case "pgsql":
    case "postgresql":
    case "psql":
      return `${digits.slice(0, 6)}:${digits.slice(6)}`;
    default:
      return fail(`hwaddr has no query '${query}'`);
  }
}

function usable(input: Item, offset: bigint): Item {
  const network = requireNetwork(input);
  const value = network.address + offset;
  return value >= network.firstUsable && value <= network.lastUsable ? network.text(value) : false;
}

/** Filters on IP and hardware addresses (`ansible.utils`). */
export const ipFilters: Family = {
  cidr_merge: plugin("action", (input, { action }) => {
    const merged = mergeNetworks(iterate(input).map(requireNetwork), optional(action) === "span");
    const texts = merged.map((each) => `${each.text()}/${each.prefix}`);
    return optional(action) === "span" ? (texts[0] ?? null) : texts;
  }),
  hwaddr: plugin("query", (input, { query }) => hardwareAddress(input, optional(query))),
  ip4_hex: plugin("delimiter", (input, { delimiter }) => {
    const hex = requireNetwork(input).address.toString(16).padStart(8, "0");
    return (hex.match(/../g) ?? []).join(optional(delimiter));
  }),
  ipaddr: plugin("query", (input, { query }) => ipaddr(input, query, undefined)),
  ipmath: plugin("amount", (input, { amount }) => {
    const network = requireNetwork(input);
    return network.text(network.address + BigInt(requireInteger(amount ?? null, "the amount")));
  }),
  ipsubnet: plugin("query index", (input, { query, index }) => subnets(input, query, index)),
  ipv4: plugin("query", (input, { query }) => ipaddr(input, query, 4)),
  ipv6: plugin("query", (input, { query }) => ipaddr(input, query, 6)),
  ipwrap: plugin("query", (input, { query }) => {
    const wrap = (item: Item): Item => {
      const network = parse(item, undefined);
      return network?.version === 6 ? answer(network, "wrap", item) : item;
    };
    if (Array.isArray(input)) return input.map(wrap);
    return truthy(query ?? false) && !truthy(ipaddr(input, query, undefined)) ? false : wrap(input);
  }),
  macaddr: plugin("query", (input, { query }) => hardwareAddress(input, optional(query))),
  network_in_network: plugin("test", (input, { test }) => requireNetwork(input).contains(requireNetwork(test ?? null))),
  network_in_usable: plugin("test", (input, { test }) => {
    const network = requireNetwork(input);
    const other = requireNetwork(test ?? null);
    return other.version === network.version && other.first >= network.firstUsable && other.last <= network.lastUsable;
  }),
  next_nth_usable: plugin("offset", (input, { offset }) =>
    usable(input, BigInt(requireInteger(offset ?? null, "the offset"))),
  ),
  nthhost: plugin("query", (input, { query }) => {
    const network = requireNetwork(input);
    const index = BigInt(requireInteger(typeof query === "string" ? Number(query) : (query ?? null), "the number"));
    const value = index < 0n ? network.last + 1n + index : network.first + index;
    return value >= network.first && value <= network.last ? network.text(value) : false;
  }),
  previous_nth_usable: plugin("offset", (input, { offset }) =>
    usable(input, -BigInt(requireInteger(offset ?? null, "the offset"))),
  ),
  reduce_on_network: plugin("network", (input, { network }) => {
    const outer = requireNetwork(network ?? null);
    return iterate(input).filter((each) => {
      const inner = parse(each, undefined);
      return inner !== undefined && outer.contains(inner);
    });
  }),
};
