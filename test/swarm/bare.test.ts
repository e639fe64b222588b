import { beforeAll, describe, expect, it } from "vitest";
import { bareHosts, on } from "./cluster.ts";
import { differences, fingerprint } from "./fingerprint.ts";
import { site } from "./standing.ts";

const hosts = ["swarm-01", "swarm-02"];
let before: string[][];
let after: string[][];

describe("site.yml --check on bare hosts", () => {
  beforeAll(async () => {
    await bareHosts();
    before = await Promise.all(hosts.map(fingerprint));
    expect((await site({ check: true })).failures).toEqual([]);
    after = await Promise.all(hosts.map(fingerprint));
  });

  it.each(hosts.map((host, index) => [host, index] as const))("leaves %s as it was", (_host, index) => {
    expect(differences(before[index] ?? [], after[index] ?? [])).toEqual([]);
    expect(before[index]?.length).toBeGreaterThan(10_000);
  });

  it("would have seen a change", async () => {
    const unchanged = await fingerprint("swarm-02");
    await on("swarm-02", "touch -d @0 /etc/hostname && useradd probe && sysctl -qw net.ipv4.ip_default_ttl=63");
    const seen = differences(unchanged, await fingerprint("swarm-02")).join("\n");
    await on("swarm-02", "userdel probe && sysctl -qw net.ipv4.ip_default_ttl=64");
    expect(seen).toMatch(/^\+ path \/etc\/hostname /m);
    expect(seen).toMatch(/^\+ user probe:/m);
    expect(seen).toMatch(/^\+ content [0-9a-f]+ {2}\/etc\/passwd$/m);
    expect(seen).toMatch(/^\+ sysctl net\.ipv4\.ip_default_ttl = 63$/m);
  });
});
