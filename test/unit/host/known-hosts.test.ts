import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  judgeHostKey,
  knownHostName,
  knownTypes,
  matchesHost,
  parseKnownHosts,
} from "../../../engine/host/known-hosts.ts";

function key(type: string, seed: number): Buffer {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, Buffer.alloc(32, seed)]);
}

const ed = key("ssh-ed25519", 1);
const rsa = key("ssh-rsa", 2);
const line = (hosts: string, type: string, bytes: Buffer) => `${hosts} ${type} ${bytes.toString("base64")}`;

function hashed(name: string): string {
  const salt = Buffer.alloc(20, 7);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

describe("known_hosts", () => {
  it.each([
    ["web1", "web1", true],
    ["web1,10.0.0.1", "10.0.0.1", true],
    ["*.example.org,!bad.example.org", "a.example.org", true],
    ["*.example.org,!bad.example.org", "bad.example.org", false],
    ["web?", "web1", true],
    ["web?", "web10", false],
    ["[web1]:2222", "[web1]:2222", true],
    ["web1", "[web1]:2222", false],
    [hashed("[web1]:2222"), "[web1]:2222", true],
    [hashed("web1"), "web2", false],
    ["WEB1", "web1", true],
  ])("%s matches %s: %s", (patterns, name, matches) => {
    expect(matchesHost(patterns, name)).toBe(matches);
  });

  it("writes another port in brackets", () => {
    expect([knownHostName("Web1", 22), knownHostName("web1", 2222)]).toEqual(["web1", "[web1]:2222"]);
  });

  it("judges a key", () => {
    const known = parseKnownHosts(
      [
        "# a comment",
        "",
        line("web1", "ssh-ed25519", ed),
        line("@revoked *", "ssh-rsa", rsa),
        line("@cert-authority *", "ssh-ed25519", key("ssh-ed25519", 9)),
        "nonsense",
      ].join("\n"),
      "known_hosts",
    );
    expect(judgeHostKey(known, "web1", ed)).toEqual({ kind: "known" });
    expect(judgeHostKey(known, "web2", ed)).toEqual({ kind: "unknown" });
    expect(judgeHostKey(known, "web1", key("ssh-ed25519", 3))).toMatchObject({ kind: "changed", known: { line: 3 } });
    expect(judgeHostKey(known, "web1", key("ssh-rsa", 3))).toMatchObject({ kind: "changed", known: { line: 3 } });
    expect(judgeHostKey(known, "web2", rsa)).toMatchObject({ kind: "revoked", known: { line: 4 } });
    expect(knownTypes(known, "web1")).toEqual(["ssh-ed25519"]);
  });
});
