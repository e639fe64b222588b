import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** One line of a known_hosts file. */
export interface KnownHost {
  readonly marker: "revoked" | "cert-authority" | undefined;
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
  readonly file: string;
  readonly line: number;
}

/** What the known_hosts files say about a key. */
export type HostKeyVerdict =
  | { readonly kind: "known" }
  | { readonly kind: "unknown" }
  /** The host has another key of the same type, or only keys of other types. */
  | { readonly kind: "changed"; readonly known: KnownHost }
  | { readonly kind: "revoked"; readonly known: KnownHost };

/** Reads a known_hosts file; lines that make no sense are passed over, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split("\n").flatMap((raw, index): KnownHost[] => {
    const fields = raw.trim().split(/\s+/);
    if (fields[0] === "" || fields[0]?.startsWith("#")) return [];
    const marker = fields[0]?.startsWith("@") ? fields.shift()?.slice(1) : undefined;
    if (marker !== undefined && marker !== "revoked" && marker !== "cert-authority") return [];
    const [hosts, type, key] = fields;
    if (!hosts || !type || !key || /^\d+$/.test(type)) return [];
    return [{ marker, hosts, type, key: Buffer.from(key, "base64"), file, line: index + 1 }];
  });
}

/** How a host is written there: `[name]:port` unless the port is 22. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

export function matchesHost(patterns: string, name: string): boolean {
  if (patterns.startsWith("|1|")) {
    const [, , salt = "", hash = ""] = patterns.split("|");
    const expected = Buffer.from(hash, "base64");
    const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
    return expected.length === actual.length && timingSafeEqual(expected, actual);
  }
  let matched = false;
  for (const pattern of patterns.toLowerCase().split(",")) {
    const negated = pattern.startsWith("!");
    if (!wildcard(negated ? pattern.slice(1) : pattern).test(name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`);
}

/** Judges the key that a host showed. A revoked key counts wherever it stands. */
export function judgeHostKey(known: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const ours = known.filter((entry) => matchesHost(entry.hosts, name));
  const revoked = ours.find((entry) => entry.marker === "revoked" && entry.key.equals(key));
  if (revoked) return { kind: "revoked", known: revoked };
  const plain = ours.filter((entry) => entry.marker === undefined);
  if (plain.some((entry) => entry.key.equals(key))) return { kind: "known" };
  const type = keyType(key);
  const other = plain.find((entry) => entry.type === type) ?? plain[0];
  return other ? { kind: "changed", known: other } : { kind: "unknown" };
}

/** The key types known for a host, so that it is asked for one of these, as ssh does. */
export function knownTypes(known: readonly KnownHost[], name: string): string[] {
  const ours = known.filter((entry) => entry.marker === undefined && matchesHost(entry.hosts, name));
  return [...new Set(ours.map((entry) => entry.type))];
}

/** `ssh-ed25519` …: a public key begins with its type, length first. */
export function keyType(key: Buffer): string {
  return key.length < 4 ? "" : key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}

export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
