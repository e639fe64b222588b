import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { backendsOf } from "../../lab/stand-ins/interlock/backends.ts";
import { proxyConfiguration } from "../../lab/stand-ins/interlock/nginx-configuration.ts";
import { readSettings } from "../../lab/stand-ins/interlock/settings.ts";
import { parseToml } from "../../lab/stand-ins/interlock/toml.ts";
import { array, object } from "../../lab/stand-ins/json.ts";
import { capturedJson } from "./captures.ts";

const settings = readSettings(`
ListenAddr = ":8080"
DockerURL = "tcp://10.77.0.11:8333"

[[Extensions]]
  Name = "nginx"
  ConfigPath = "/etc/nginx/nginx.conf"
  PidPath = "/var/run/nginx.pid"
  MaxConn = 1024
  Port = 80
`);

describe("settings", () => {
  it("takes keys in any case and fills in what is left out", () => {
    expect(settings.proxies).toEqual([
      {
        configPath: "/etc/nginx/nginx.conf",
        pidPath: "/var/run/nginx.pid",
        maxConnections: 1024,
        port: 80,
        user: "www-data",
        workerProcesses: 2,
      },
    ]);
    expect(settings.dockerUrl).toBe("tcp://10.77.0.11:8333");
  });

  it("refuses an extension that is not nginx, and settings without a DockerURL", () => {
    expect(() => readSettings('DockerURL = "tcp://x:1"\n[[extensions]]\nname = "haproxy"')).toThrow("haproxy");
    expect(() => readSettings('ListenAddr = ":8080"')).toThrow("DockerURL");
  });
});

describe("toml", () => {
  it.each([
    ['a = "x # y" # z', { a: "x # y" }],
    ["a = 'x\\n'", { a: "x\\n" }],
    ["a = 1_000\nb = true", { a: 1000, b: true }],
    ['a = ["x", "y"]', { a: ["x", "y"] }],
    ["[t]\na = 1\n[[l]]\nb = 2\n[[l]]\nb = 3", { t: { a: 1 }, l: [{ b: 2 }, { b: 3 }] }],
  ])("%j", (source, value) => {
    expect(parseToml(source)).toEqual(value);
  });

  it("names the line that it cannot read", () => {
    expect(() => parseToml("a = 1\nnonsense")).toThrow("line 2");
  });
});

describe("the proxy's file", () => {
  it("is to the byte what Interlock wrote", () => {
    const listed = array(capturedJson("containers_json_all_1.http")).map(object);
    const [backend] = backendsOf(listed);
    expect(backend).toEqual({
      domain: "test.local",
      aliases: [],
      upstreams: ["10.77.0.11:49154", "10.77.0.11:49153"],
    });
    const captured = readFileSync(new URL("captures/nginx.conf", import.meta.url), "utf8");
    expect(proxyConfiguration(settings.proxies[0] ?? expect.fail(), backendsOf(listed))).toBe(captured);
  });

  it("has one server for each name, and no block where nothing runs", () => {
    expect(backendsOf([])).toEqual([]);
    const container = (name: string, ip: string, extra = {}) => ({
      Labels: { "interlock.hostname": name, "interlock.domain": "local", ...extra },
      State: "running",
      Ports: [{ IP: ip, PrivatePort: 80, PublicPort: 8000, Type: "tcp" }],
    });
    const found = backendsOf([
      container("b", "1.1.1.1"),
      container("a", "2.2.2.2", { "interlock.alias_domain.0": "www.local" }),
      container("b", "3.3.3.3", { "interlock.port": "81" }),
    ]);
    expect(found).toEqual([
      { domain: "a.local", aliases: ["www.local"], upstreams: ["2.2.2.2:8000"] },
      { domain: "b.local", aliases: [], upstreams: ["1.1.1.1:8000"] },
    ]);
  });
});
