import { type JsonObject, number, object, text, texts } from "../json.ts";
import { bodyOf, type Call, type Route, sendJson } from "./api.ts";
import type { Cluster } from "./cluster.ts";
import { capacity, counts, type Engine, memorySize } from "./engine.ts";
import { HttpFailure } from "./failure.ts";
import { pass } from "./proxy.ts";

export const systemRoutes: readonly Route[] = [
  ["GET", /^\/_ping$/, async ({ response }) => ping(response)],
  ["HEAD", /^\/_ping$/, async ({ response }) => ping(response)],
  ["GET", /^\/info$/, async ({ cluster, response }) => sendJson(response, clusterInfo(cluster))],
  ["GET", /^\/version$/, async ({ cluster, response }) => sendJson(response, clusterVersion(cluster))],
  ["GET", /^\/events$/, events],
  [
    "POST",
    /^\/auth$/,
    async (call) => void (await pass(anyEngine(call.cluster), "/auth", call.request, call.response)),
  ],
];

export function anyEngine(cluster: Cluster): Engine {
  const [engine] = [...cluster.healthy].sort((a, b) => a.containers.length - b.containers.length);
  if (!engine) throw new HttpFailure(500, "No healthy node available in the cluster");
  return engine;
}

function ping(response: Call["response"]): void {
  response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8", Ostype: "linux", "Content-Length": 2 });
  response.end("OK");
}

/** `/info`: what docker prints of a swarm, in pairs. */
export function clusterInfo(cluster: Cluster): JsonObject {
  const known = cluster.engines;
  const total = known.map(counts);
  const sum = (pick: (each: (typeof total)[number]) => number) => total.reduce((all, each) => all + pick(each), 0);
  const pairs: [string, string][] = [
    ["Role", "primary"],
    ["Strategy", cluster.strategy],
    ["Filters", "health, port, containerslots, dependency, affinity, constraint, whitelist"],
    ["Nodes", String(known.length + cluster.pending.length)],
    ...known.flatMap(nodePairs),
    ...cluster.pending.flatMap((engine): [string, string][] => [
      ["(unknown)", engine.address],
      ["  └ Status", "Pending"],
    ]),
  ];
  const first = known[0];
  return {
    ID: "",
    Containers: sum((each) => each.all),
    ContainersRunning: sum((each) => each.running),
    ContainersPaused: sum((each) => each.paused),
    ContainersStopped: sum((each) => each.stopped),
    Images: known.reduce((all, engine) => all + number(engine.info["Images"]), 0),
    Driver: "",
    DriverStatus: null,
    SystemStatus: pairs,
    Plugins: { Volume: null, Network: null, Authorization: null, Log: null },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    IPv4Forwarding: true,
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: false,
    OomKillDisable: true,
    NFd: 0,
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: "",
    CgroupDriver: "",
    NEventsListener: 0,
    KernelVersion: first ? text(first.info["KernelVersion"]) : "",
    OperatingSystem: "linux",
    OSType: "linux",
    Architecture: "amd64",
    IndexServerAddress: "",
    RegistryConfig: null,
    NCPU: known.reduce((all, engine) => all + capacity(engine).cpus, 0),
    MemTotal: known.reduce((all, engine) => all + capacity(engine).memory, 0),
    DockerRootDir: "",
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
    Name: process.env["HOSTNAME"] ?? "",
    Labels: null,
    ExperimentalBuild: false,
    ServerVersion: "swarm/1.2.9",
    Swarm: {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "inactive",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    },
    LiveRestoreEnabled: false,
    SecurityOptions: null,
  };
}

function nodePairs(engine: Engine): [string, string][] {
  const { all, running, paused, stopped } = counts(engine);
  const { cpus, memory } = capacity(engine);
  const labels = Object.entries(engine.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    [` ${engine.name}`, engine.address],
    ["  └ ID", engine.id],
    ["  └ Status", engine.status],
    ["  └ Containers", `${all} (${running} Running, ${paused} Paused, ${stopped} Stopped)`],
    ["  └ Reserved CPUs", `0 / ${cpus}`],
    ["  └ Reserved Memory", `0 B / ${memorySize(memory)}`],
    ["  └ Labels", labels.map(([key, value]) => `${key}=${value}`).join(", ")],
    ["  └ UpdatedAt", engine.updatedAt.toISOString().replace(/\.\d+Z$/, "Z")],
    ["  └ ServerVersion", text(engine.info["ServerVersion"])],
  ];
}

export function clusterVersion(cluster: Cluster): JsonObject {
  return {
    Platform: { Name: "Docker Swarm - Community" },
    Version: "swarm/1.2.9",
    ApiVersion: "1.40",
    GitCommit: "HEAD",
    GoVersion: "go1.19.8",
    Os: "linux",
    Arch: "amd64",
    KernelVersion: text(cluster.engines[0]?.version["KernelVersion"]),
    BuildTime: "<unknown>",
  };
}

/** `/events`: the engines' streams as one; `until` ends it. */
async function events({ cluster, request, response, query }: Call): Promise<void> {
  await bodyOf(request);
  const wanted = eventFilter(query.get("filters") ?? "");
  response.writeHead(200, { "Content-Type": "application/json" });
  response.flushHeaders();
  const end = cluster.listen((event) => {
    if (wanted(event)) response.write(`${JSON.stringify(event)}\n`);
  });
  const until = Number(query.get("until") ?? 0);
  const timer = until > 0 ? setTimeout(() => response.end(), Math.max(0, until * 1000 - Date.now())) : undefined;
  response.once("close", () => {
    clearTimeout(timer);
    end();
  });
}

/** Docker's event filters: values of one key are alternatives, keys restrict each other. */
export function eventFilter(source: string): (event: JsonObject) => boolean {
  const filters = source === "" ? {} : object(JSON.parse(source));
  return (event) =>
    Object.entries(filters).every(([key, value]) => {
      const values = Array.isArray(value) ? value.map(text) : Object.keys(object(value));
      const actor = object(event["Actor"]);
      const attributes = texts(actor["Attributes"]);
      const labelled = ([name = "", ...rest]: string[]) =>
        name in attributes && (rest.length === 0 || attributes[name] === rest.join("="));
      const is = (...own: string[]) => values.some((each) => own.includes(each));
      if (key === "type") return is(text(event["Type"]));
      if (key === "event") return values.some((each) => text(event["Action"]).split(":")[0] === each);
      if (key === "container") return is(text(actor["ID"]), attributes["name"] ?? "");
      if (key === "image") return is(attributes["image"] ?? "", (attributes["image"] ?? "").replace(/:[^:/]+$/, ""));
      if (key === "label") return values.some((each) => labelled(each.split("=")));
      if (key === "node") return is(attributes["node.name"] ?? "");
      return true;
    });
}
