import type { Unknown } from "../../source/value.ts";
import { IpNetwork } from "../ip-network.ts";
import { type Item, iterate, text } from "../item.ts";
import { type Family, plugin } from "../plugin.ts";

/** An address or a network; one that has bits set behind its prefix is neither. */
function parse(item: Item | undefined): IpNetwork | undefined {
  const network = typeof item === "string" ? IpNetwork.parse(item) : undefined;
  return network === undefined || network.address !== network.first ? undefined : network;
}

function parseAddress(item: Item): IpNetwork | undefined {
  const network = parse(item);
  return network?.hasPrefix ? undefined : network;
}

const parsed = (ranges: readonly string[]): IpNetwork[] => ranges.flatMap((range) => IpNetwork.parse(range) ?? []);

/** What the IANA registries say is for private, local or special use. */
const privateRanges = parsed([
  ...["0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29"],
  ...["192.0.0.170/31", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
  ...["240.0.0.0/4", "::1/128", "::/128", "::ffff:0:0/96", "100::/64", "2001::/23", "2001:db8::/32"],
  ...["fc00::/7", "fe80::/10"],
]);
const sharedRange = parsed(["100.64.0.0/10"]);
const loopbackRanges = parsed(["127.0.0.0/8", "::1/128"]);
const multicastRanges = parsed(["224.0.0.0/4", "ff00::/8"]);
const reservedRanges = parsed([
  ...["240.0.0.0/4", "::/8", "100::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "4000::/3", "6000::/3"],
  ...["8000::/3", "a000::/3", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9"],
]);

const within = (network: IpNetwork | undefined, ranges: readonly IpNetwork[]): boolean =>
  network !== undefined && ranges.some((range) => range.contains(network));

function test(ask: (input: Item) => boolean) {
  return plugin<boolean | Unknown>("", ask);
}

/** A test against one network or several, `is in_network "10.0.0.0/8"`. */
function against(parameter: string, ask: (own: IpNetwork, others: readonly IpNetwork[]) => boolean) {
  return plugin<boolean | Unknown>(parameter, (input, args) => {
    const given = args[parameter] ?? null;
    const own = parse(input);
    const others = (Array.isArray(given) ? iterate(given) : [given]).flatMap((each) => parse(each) ?? []);
    return own !== undefined && ask(own, others);
  });
}

const count = (own: IpNetwork, others: readonly IpNetwork[]): number =>
  others.filter((each) => each.contains(own)).length;

const mask = (of: (prefix: number) => bigint) =>
  test((input) => {
    const address = parseAddress(input);
    return address?.version === 4 && Array.from({ length: 33 }, (_, prefix) => of(prefix)).includes(address.address);
  });

/** Tests on IP and hardware addresses (`ansible.utils`). */
export const addressTests: Family<boolean | Unknown> = {
  in_any_network: against("networks", (own, others) => count(own, others) > 0),
  in_network: against("network", (own, others) => count(own, others) > 0),
  in_one_network: against("networks", (own, others) => count(own, others) === 1),
  ip: test((input) => parse(input) !== undefined),
  ip_address: test((input) => parseAddress(input) !== undefined),
  ipv4: test((input) => parse(input)?.version === 4),
  ipv4_address: test((input) => parseAddress(input)?.version === 4),
  ipv4_hostmask: mask((prefix) => (1n << BigInt(32 - prefix)) - 1n),
  ipv4_netmask: mask((prefix) => (1n << 32n) - (1n << BigInt(32 - prefix))),
  ipv6: test((input) => parse(input)?.version === 6),
  ipv6_address: test((input) => parseAddress(input)?.version === 6),
  ipv6_ipv4_mapped: test((input) => within(parseAddress(input), parsed(["::ffff:0:0/96"]))),
  loopback: test((input) => within(parseAddress(input), loopbackRanges)),
  mac: test((input) =>
    /^(?:[\da-f]{12}|[\da-f]{2}(?:([:-])[\da-f]{2})(?:\1[\da-f]{2}){4}|[\da-f]{4}(?:\.[\da-f]{4}){2})$/i.test(
      text(input),
    ),
  ),
  multicast: test((input) => within(parseAddress(input), multicastRanges)),
  private: test((input) => within(parseAddress(input), privateRanges)),
  public: test((input) => {
    const address = parseAddress(input);
    return address !== undefined && !within(address, privateRanges) && !within(address, sharedRange);
  }),
  reserved: test((input) => within(parseAddress(input), reservedRanges)),
  subnet_of: against("network", (own, others) => count(own, others) > 0),
  supernet_of: against("network", (own, others) => others.some((each) => own.contains(each))),
  unspecified: test((input) => parseAddress(input)?.address === 0n),
};
