import { describe, expect, it } from "vitest";
import { array, type JsonObject, object, parse, text } from "../../lab/stand-ins/json.ts";
import { parseTarget } from "../../lab/stand-ins/swarm/api.ts";
import { withNode, withNodeNames } from "../../lab/stand-ins/swarm/api-containers.ts";
import { holders } from "../../lab/stand-ins/swarm/api-images.ts";
import { clusterInfo, clusterVersion, eventFilter } from "../../lab/stand-ins/swarm/api-system.ts";
import { Cluster, withNode as eventWithNode } from "../../lab/stand-ins/swarm/cluster.ts";
import { duration, durationText, parseCommandLine } from "../../lab/stand-ins/swarm/command-line.ts";
import {
  demandsOf,
  requestFrom,
  wantedHostPorts,
  withDemandsAsLabels,
} from "../../lab/stand-ins/swarm/container-config.ts";
import { withTag } from "../../lab/stand-ins/swarm/create.ts";
import { Engine, type KnownContainer } from "../../lab/stand-ins/swarm/engine.ts";
import { fulfils, parseExpression } from "../../lab/stand-ins/swarm/expression.ts";
import { type Candidate, chooseNode, type Placed, type Wish } from "../../lab/stand-ins/swarm/schedule.ts";
import { captured, capturedJson } from "./captures.ts";

const settings = { refreshMin: 30_000, refreshMax: 60_000, failureRetry: 3 };
const ids: Record<string, string> = {
  "swarm-01": "YJDM:H5VV:7TJY:5LZV:3WFP:BDRW:YDQY:HAZT:RMQ2:HFOE:ENLR:F7PN",
  "swarm-02": "2LAG:XYTY:OPI2:3X2U:RHU5:Z3KT:PNO3:Q23C:G7ED:WHXP:MTPC:NRCX",
};

/** An engine as it is after its first look, of the two that the captures show. */
function engine(name: string, address: string, storage: string, states: readonly string[], updated: string): Engine {
  const cluster = new Cluster("spread", settings);
  const made = new Engine(address, settings, cluster);
  made.info = {
    ID: ids[name] ?? "",
    Name: name,
    Labels: [`storage=${storage}`],
    KernelVersion: "6.18.44-fc-v509",
    OperatingSystem: "Debian GNU/Linux 11 (bullseye) (containerized)",
    OSType: "linux",
    Driver: "overlay2",
    ServerVersion: "20.10.5+dfsg1",
    NCPU: 2,
    MemTotal: 25276518400,
  };
  made.version = { KernelVersion: "6.18.44-fc-v509" };
  made.healthy = true;
  made.updatedAt = new Date(updated);
  made.known = states.map((state, index) => container(`${name}-${index}`, state));
  return made;
}

function container(name: string, state: string): KnownContainer {
  return { id: name, name, labels: {}, hostPorts: [], listed: { State: state }, inspected: {} };
}

const times = (count: number, value: string) => Array.from({ length: count }, () => value);

describe("the captured answers", () => {
  const first = engine(
    "swarm-01",
    "10.77.0.11:2375",
    "ssd",
    [...times(7, "running"), "created", "created"],
    "2026-11-22T10:02:38Z",
  );
  const second = engine("swarm-02", "10.77.0.12:2375", "hdd", ["running"], "2026-11-22T10:02:33Z");
  const cluster = new Cluster("spread", settings);
  Object.defineProperty(cluster, "engines", { value: [first, second] });
  Object.defineProperty(cluster, "pending", { value: [] });

  it("/info: every pair of SystemStatus, and the counts", () => {
    const genuine = object(capturedJson("info.http"));
    const own = clusterInfo(cluster);
    const memory = text(array(array(genuine["SystemStatus"])[9])[1]); // a machine of another size
    const pairs = array(own["SystemStatus"]).map((pair) =>
      text(array(pair)[0]).endsWith("Reserved Memory") ? [array(pair)[0] ?? "", memory] : pair,
    );
    expect(pairs).toEqual(genuine["SystemStatus"]);
    for (const key of ["Containers", "ContainersRunning", "ContainersStopped", "ID", "Driver"]) {
      expect(own[key], key).toEqual(genuine[key]);
    }
  });

  it("/version, whole", () => {
    expect(clusterVersion(cluster)).toEqual(capturedJson("version.http"));
  });

  it("/containers/json: from what an engine lists", () => {
    for (const genuine of array(capturedJson("containers_json_all_1.http")).map(object)) {
      const [, node = "", name = ""] = text(array(genuine["Names"])[0]).split("/");
      const ip = node === "swarm-01" ? "10.77.0.11" : "10.77.0.12";
      const ports = array(genuine["Ports"]).map((port) =>
        "IP" in object(port) ? { ...object(port), IP: "0.0.0.0" } : port,
      );
      const twins = ports.flatMap((port) => ("IP" in object(port) ? [{ ...object(port), IP: "::" }] : []));
      const listed = { ...genuine, Names: [`/${name}`], Ports: [...ports, ...twins] };
      expect(withNodeNames({ name: node, ip }, listed)).toEqual(genuine);
    }
  });

  it("/containers/NAME/json: from what an engine describes", () => {
    const genuine = object(capturedJson("container_inspect.json"));
    const { Node: _node, ...rest } = genuine;
    const engineSays: JsonObject = JSON.parse(
      JSON.stringify(rest).replace('"HostIp":"10.77.0.12"', '"HostIp":"0.0.0.0"'),
    ) as JsonObject;
    expect(withNode(second, engineSays)).toEqual(genuine);
  });

  it("events carry their node", () => {
    const lines = captured("events.ndjson").split(/(?<=\})(?=\{)/);
    const genuine = lines.slice(0, -1).map((line) => object(parse(line)));
    expect(genuine.length).toBeGreaterThan(3);
    for (const event of genuine.filter((each) => text(object(each["node"])["Name"]) === "swarm-02")) {
      const { node: _node, ...rest } = event;
      const actor = object(event["Actor"]);
      const attributes = Object.entries(object(actor["Attributes"])).filter(([key]) => !key.startsWith("node."));
      const from = text(event["from"]).replace(/ node:.*$/, "");
      const engineSays = {
        ...rest,
        from,
        Actor: { ...actor, Attributes: Object.fromEntries(attributes) },
      };
      expect(eventWithNode(second, engineSays)).toEqual(event);
    }
  });
});

describe("expressions", () => {
  it.each([
    ["storage==ssd", ["ssd"], true],
    ["storage==ssd", ["hdd"], false],
    ["storage==ssd", [], false],
    ["storage!=ssd", ["hdd"], true],
    ["storage!=ssd", [], true],
    ["node==swarm-0*", ["swarm-02"], true],
    ["node==swarm.02", ["swarm-02"], false],
    ["node==/swarm-0[12]/", ["swarm-02"], true],
    ["node==/(?i)SWARM-02/", ["swarm-02"], true],
    ["node!=/swarm-0[12]/", ["swarm-02"], false],
  ])("%s with %j is %s", (source, values, expected) => {
    expect(fulfils(parseExpression(source), values)).toBe(expected);
  });

  it("knows a wish from a demand, and refuses what is neither", () => {
    expect(parseExpression("node==~swarm-02")).toMatchObject({ soft: true, value: "swarm-02" });
    expect(() => parseExpression("storage=ssd")).toThrow("Invalid expression");
  });
});

describe("the choice of a node", () => {
  const node = (name: string, count: number, extra: Partial<Candidate> = {}): Candidate => ({
    name,
    healthy: true,
    labels: {},
    images: [],
    containers: Array.from({ length: count }, (_, index) => placed(`${name}-${index}`)),
    ...extra,
  });
  const placed = (name: string, extra: Partial<Placed> = {}): Placed => ({
    id: name,
    name,
    labels: {},
    hostPorts: [],
    ...extra,
  });
  const wish = (extra: Partial<Wish> = {}): Wish => ({
    constraints: [],
    affinities: [],
    hostPorts: [],
    dependencies: [],
    ...extra,
  });

  it("spread takes the emptiest, binpack the fullest", () => {
    const nodes = [node("a", 3), node("b", 1), node("c", 1)];
    expect(chooseNode(nodes, wish(), "spread").name).toBe("b");
    expect(chooseNode(nodes, wish(), "binpack").name).toBe("a");
  });

  it("a constraint is kept, a wish only where it can be", () => {
    const nodes = [node("a", 9, { labels: { storage: "ssd" } }), node("b", 0)];
    expect(chooseNode(nodes, wish({ constraints: ["storage==ssd"] }), "spread").name).toBe("a");
    expect(chooseNode(nodes, wish({ constraints: ["node==~a"] }), "spread").name).toBe("a");
    expect(chooseNode(nodes, wish({ constraints: ["node==~gone"] }), "spread").name).toBe("b");
    expect(() => chooseNode(nodes, wish({ constraints: ["storage==nvme"] }), "spread")).toThrow("storage==nvme");
  });

  it("never takes a node that is not healthy, nor one whose port is taken", () => {
    const taken = node("a", 0, { containers: [placed("x", { hostPorts: ["tcp/80"] })] });
    expect(chooseNode([taken, node("b", 5)], wish({ hostPorts: ["tcp/80"] }), "spread").name).toBe("b");
    expect(() => chooseNode([taken], wish({ hostPorts: ["tcp/80"] }), "spread")).toThrow("port 80");
    expect(chooseNode([node("a", 0, { healthy: false }), node("b", 5)], wish(), "spread").name).toBe("b");
    expect(() => chooseNode([], wish(), "spread")).toThrow("No healthy node");
  });

  it("goes where the container is that it depends on or likes", () => {
    const nodes = [node("a", 0), node("b", 3, { images: ["web:latest"] })];
    expect(chooseNode(nodes, wish({ dependencies: ["b-1"] }), "spread").name).toBe("b");
    expect(chooseNode(nodes, wish({ affinities: ["container==b-2"] }), "spread").name).toBe("b");
    expect(chooseNode(nodes, wish({ affinities: ["image==web"] }), "spread").name).toBe("b");
    expect(chooseNode(nodes, wish({ affinities: ["container!=b-2"] }), "spread").name).toBe("a");
  });
});

describe("demands of a container", () => {
  it("leave the environment and become labels", () => {
    const made = withDemandsAsLabels({
      Env: ["A=1", "constraint:storage==ssd", "reschedule:on-node-failure", "affinity:container==db"],
      Labels: { own: "x" },
    });
    expect(made["Env"]).toEqual(["A=1"]);
    const labels = object(made["Labels"]) as Record<string, string>;
    expect(labels).toMatchObject({
      own: "x",
      "com.docker.swarm.constraints": '["storage==ssd"]',
      "com.docker.swarm.reschedule-policies": '["on-node-failure"]',
      "com.docker.swarm.affinities": '["container==db"]',
    });
    expect(labels["com.docker.swarm.id"]).toMatch(/^[0-9a-f]{64}$/);
    expect(demandsOf(labels)).toEqual({
      constraints: ["storage==ssd"],
      affinities: ["container==db"],
      policies: ["on-node-failure"],
    });
  });

  it("a copy keeps its identity and its labels", () => {
    const again = withDemandsAsLabels(requestFrom(object(capturedJson("container_inspect.json"))));
    const labels = object(again["Labels"]);
    expect(labels["com.docker.swarm.id"]).toBe("6b20bc35677de8f959d59953e0bb2239c095d02d53a82a8de1c71f0b0c36f1af");
    expect(labels["com.docker.swarm.reschedule-policies"]).toBe('["on-node-failure"]');
    expect(again).not.toHaveProperty("Hostname");
    expect(object(again["HostConfig"])["NetworkMode"]).toBe("my-multi-host-network");
    expect(object(again["NetworkingConfig"])["EndpointsConfig"]).toEqual({
      "my-multi-host-network": { IPAMConfig: null, Links: null, Aliases: ["apache"] },
    });
  });

  it("ports that are asked for by number count, random ones do not", () => {
    const bindings = { "80/tcp": [{ HostPort: "80" }], "53/udp": [{ HostPort: "53" }], "81/tcp": [{ HostPort: "" }] };
    expect(wantedHostPorts({ PortBindings: bindings })).toEqual(["tcp/80", "udp/53"]);
  });

  it.each([
    ["nginx", "nginx:latest"],
    ["a/b:1", "a/b:1"],
    ["host:5000/a", "host:5000/a:latest"],
    ["a@sha256:0", "a@sha256:0"],
  ])("%s is pulled as %s", (image, expected) => {
    expect(withTag(image)).toBe(expected);
  });
});

describe("the command line", () => {
  it("manage", () => {
    const args = ["manage", "--strategy", "spread", "--engine-refresh-min-interval=3s", "--engine-failure-retry", "2"];
    const more = ["--engine-refresh-max-interval", "6s", "--replication", "-H", ":4000", "consul://10.77.0.11:8500"];
    expect(parseCommandLine([...args, ...more], {})).toEqual({
      name: "manage",
      discovery: "consul://10.77.0.11:8500",
      hosts: [":4000"],
      strategy: "spread",
      engine: { refreshMin: 3000, refreshMax: 6000, failureRetry: 2 },
    });
    const plain = parseCommandLine(["manage", "consul://x:1"], { SWARM_HOST: ":2375" });
    expect(plain).toMatchObject({ hosts: [":2375"], engine: { refreshMin: 30_000, refreshMax: 60_000 } });
  });

  it("join", () => {
    expect(parseCommandLine(["join", "--addr=10.77.0.12:2375", "consul://10.77.0.11:8500"], {})).toEqual({
      name: "join",
      discovery: "consul://10.77.0.11:8500",
      address: "10.77.0.12:2375",
      heartbeat: 60_000,
      ttl: 180_000,
    });
    expect(() => parseCommandLine(["join", "consul://x"], {})).toThrow("--advertise");
    expect(() => parseCommandLine(["join", "--addr=a:1", "--ttl=5s", "consul://x"], {})).toThrow("--ttl");
  });

  it("refuses what it does not know", () => {
    expect(() => parseCommandLine(["dance", "consul://x"], {})).toThrow("dance");
    expect(() => parseCommandLine(["manage", "--strategy=best", "consul://x"], {})).toThrow("strategy");
    expect(() => parseCommandLine(["manage"], {})).toThrow("discovery required");
  });

  it("durations are Go's", () => {
    expect(duration("1m30s")).toBe(90_000);
    expect(duration("500ms")).toBe(500);
    expect(durationText(60_000)).toBe("1m0s");
    expect(() => duration("5")).toThrow("invalid duration");
  });
});

describe("an image", () => {
  it("is not called missing where nobody could be asked", async () => {
    await expect(holders(new Cluster("spread", settings), "web:1")).rejects.toThrow("No healthy node available");
  });
});

describe("requests", () => {
  it("are split into version, path and query", () => {
    const { version, path, query } = parseTarget("/v1.40/containers/swarm-01%2Fweb/json?size=1");
    expect([version, path, query.get("size")]).toEqual(["/v1.40", "/containers/swarm-01/web/json", "1"]);
    expect(parseTarget("/info")).toMatchObject({ version: "", path: "/info" });
  });

  it("for events filter as docker does", () => {
    const event = { Type: "container", Action: "start", Actor: { ID: "abc", Attributes: { name: "web", tier: "1" } } };
    const passes = (filters: JsonObject) => eventFilter(JSON.stringify(filters))(event);
    expect(passes({ type: ["container"], event: ["die", "start"] })).toBe(true);
    expect(passes({ type: { network: true } })).toBe(false);
    expect(passes({ container: { web: true } })).toBe(true);
    expect(passes({ label: ["tier=2"] })).toBe(false);
    expect(passes({ label: ["tier"] })).toBe(true);
  });
});
