import ipaddr from "ipaddr.js";

/** An address with the length of its network's prefix, as netaddr's `IPNetwork`. */
export class IpNetwork {
  readonly version: 4 | 6;
  readonly address: bigint;
  readonly prefix: number;
  /** Whether the text named a prefix; a bare address is a network of one. */
  readonly hasPrefix: boolean;

  constructor(version: 4 | 6, address: bigint, prefix: number, hasPrefix = true) {
    this.version = version;
    this.address = address;
    this.prefix = prefix;
    this.hasPrefix = hasPrefix;
  }

  /** `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fe80::1/64`; undefined for anything else. */
  static parse(text: string): IpNetwork | undefined {
    const [addressText = "", prefixText] = text.trim().split("/");
    const address = parseAddress(addressText);
    if (address === undefined) return undefined;
    const bits = address.version === 4 ? 32 : 128;
    if (prefixText === undefined) return new IpNetwork(address.version, address.value, bits, false);
    if (/^\d{1,3}$/.test(prefixText)) {
      const prefix = Number(prefixText);
      return prefix <= bits ? new IpNetwork(address.version, address.value, prefix) : undefined;
    }
    const mask = parseAddress(prefixText);
    if (mask === undefined || mask.version !== address.version) return undefined;
    const binary = mask.value.toString(2).padStart(bits, "0");
    if (/^1*0*$/.test(binary)) return new IpNetwork(address.version, address.value, binary.replace(/0+$/, "").length);
    // A wildcard mask such as 0.0.0.255.
    return /^0*1*$/.test(binary)
      ? new IpNetwork(address.version, address.value, binary.replace(/1+$/, "").length)
      : undefined;
  }

  get bits(): number {
    return this.version === 4 ? 32 : 128;
  }
  get size(): bigint {
    return 1n << BigInt(this.bits - this.prefix);
  }
  get first(): bigint {
    return (this.address / this.size) * this.size;
  }
  get last(): bigint {
    return this.first + this.size - 1n;
  }
  /** The first address that a host can have. */
  get firstUsable(): bigint {
    return this.size <= 2n ? this.first : this.first + 1n;
  }
  get lastUsable(): bigint {
    if (this.size <= 2n) return this.last;
    return this.version === 4 ? this.last - 1n : this.last;
  }
  get netmask(): bigint {
    return (1n << BigInt(this.bits)) - this.size;
  }
  get hostmask(): bigint {
    return this.size - 1n;
  }
  text(value: bigint = this.address): string {
    return formatAddress(this.version, value);
  }
  contains(other: IpNetwork): boolean {
    return this.version === other.version && other.first >= this.first && other.last <= this.last;
  }
  range(): string {
    const parsed = ipaddr.parse(this.text());
    return parsed.range();
  }
}

function parseAddress(text: string): { version: 4 | 6; value: bigint } | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split(".").map(Number);
    if (parts.some((part) => part > 255)) return undefined;
    return { version: 4, value: parts.reduce((value, part) => value * 256n + BigInt(part), 0n) };
  }
  if (!text.includes(":") || !ipaddr.IPv6.isValid(text) || text.includes("%")) return undefined;
  const bytes = ipaddr.IPv6.parse(text).toByteArray();
  return { version: 6, value: bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n) };
}

/** The usual spelling of an address. */
export function formatAddress(version: 4 | 6, value: bigint): string {
  const length = version === 4 ? 4 : 16;
  const bytes = Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 255n));
  return version === 4 ? bytes.join(".") : new ipaddr.IPv6(bytes).toRFC5952String();
}

/** The fewest networks that hold exactly the addresses of the given ones, or the one that spans them all. */
export function mergeNetworks(networks: readonly IpNetwork[], span: boolean): IpNetwork[] {
  const result: IpNetwork[] = [];
  for (const version of [4, 6] as const) {
    const same = networks.filter((each) => each.version === version);
    if (same.length === 0) continue;
    if (span) {
      let { first, last } = same[0] ?? { first: 0n, last: 0n };
      for (const each of same) {
        if (each.first < first) first = each.first;
        if (each.last > last) last = each.last;
      }
      let prefix = version === 4 ? 32 : 128;
      while (prefix > 0 && new IpNetwork(version, first, prefix).last < last) prefix--;
      result.push(new IpNetwork(version, new IpNetwork(version, first, prefix).first, prefix));
      continue;
    }
    let merged = same.map((each) => new IpNetwork(version, each.first, each.prefix));
    for (let changed = true; changed; ) {
      changed = false;
      merged.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.prefix - b.prefix));
      const next: IpNetwork[] = [];
      for (const each of merged) {
        const last = next.at(-1);
        if (last?.contains(each)) changed = true;
        else if (
          last !== undefined &&
          last.prefix === each.prefix &&
          last.last + 1n === each.first &&
          new IpNetwork(version, last.first, last.prefix - 1).first === last.first
        ) {
          next[next.length - 1] = new IpNetwork(version, last.first, last.prefix - 1);
          changed = true;
        } else next.push(each);
      }
      merged = next;
    }
    result.push(...merged);
  }
  return result;
}
