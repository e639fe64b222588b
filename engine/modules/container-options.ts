import type { Dict, Value } from "../source/value.ts";
import { asDict, asList, at, words } from "./docker.ts";

/** How a container's option is compared with what was asked for. */
export type Comparison = "strict" | "ignore" | "allow_more_present";

/** One option of docker_container: how it is put on the command line, and where the engine keeps it. */
export interface ContainerOption {
  readonly name: string;
  readonly sort: "value" | "list" | "set" | "dict";
  /** Words for `docker create`. */
  words(value: Value): string[];
  /** What was asked for, in the form that `is` has. */
  wanted(value: Value): Value;
  /** What a container has, from its inspection. */
  is(container: Dict): Value | undefined;
  /** `docker update` can change it in place. */
  readonly update?: boolean;
}

const string = (value: Value): string => words(value);
const strings = (value: Value): string[] => (Array.isArray(value) ? value.map(words) : [words(value)]);
const pairs = (value: Value): Dict =>
  Object.fromEntries(Object.entries(asDict(value)).map(([key, each]) => [key, words(each)]));

function value(
  name: string,
  flag: string,
  is: (container: Dict) => Value | undefined,
  more: Partial<ContainerOption> = {},
): ContainerOption {
  return {
    name,
    sort: "value",
    words: (given) => [`${flag}=${string(given)}`],
    wanted: string,
    is: (container) => words(is(container) ?? ""),
    ...more,
  };
}

function toggle(name: string, flag: string, is: (container: Dict) => Value | undefined): ContainerOption {
  return {
    name,
    sort: "value",
    words: (given) => [`${flag}=${given === true}`],
    wanted: (given) => given === true,
    is: (container) => is(container) === true,
  };
}

function set(
  name: string,
  flag: string,
  is: (container: Dict) => Value | undefined,
  sort: "set" | "list" = "set",
): ContainerOption {
  return {
    name,
    sort,
    words: (given) => strings(given).map((each) => `${flag}=${each}`),
    wanted: strings,
    is: (container) => strings(is(container) ?? []).filter((each) => each !== ""),
  };
}

function map(name: string, flag: string, is: (container: Dict) => Value | undefined): ContainerOption {
  return {
    name,
    sort: "dict",
    words: (given) => Object.entries(pairs(given)).map(([key, each]) => `${flag}=${key}=${each}`),
    wanted: pairs,
    is: (container) => pairs(is(container) ?? {}),
  };
}

function size(name: string, flag: string, key: string, update = true): ContainerOption {
  return {
    name,
    sort: "value",
    words: (given) => [`${flag}=${bytes(given)}`],
    wanted: bytes,
    is: (container) => at(container, "HostConfig", key) ?? 0,
    update,
  };
}

/** `512m` → bytes; `unlimited` is -1. */
export function bytes(given: Value): number {
  const text = words(given).trim();
  if (/^unlimited$/i.test(text)) return -1;
  const match = /^(-?[\d.]+)\s*([kmgtp]?)i?b?$/i.exec(text);
  if (!match) return Number.NaN;
  const power = "kmgtp".indexOf((match[2] ?? "").toLowerCase() || "?") + 1;
  return Math.round(Number(match[1]) * 1024 ** power);
}

/** `1m30s` → nanoseconds. */
export function nanoseconds(given: Value): number {
  if (typeof given === "number") return given;
  let sum = 0;
  const units: { readonly [unit: string]: number } = { h: 3600e9, m: 60e9, s: 1e9, ms: 1e6, us: 1e3, ns: 1 };
  for (const match of words(given).matchAll(/([\d.]+)\s*(ms|us|ns|h|m|s)?/g))
    sum += Number(match[1]) * (units[match[2] ?? "ns"] ?? 1);
  return Math.round(sum);
}

/** `source:target[:options]` with the options sorted and `rw` where nothing is said. */
export function bind(text: string): string {
  const [source = "", target, options = ""] = text.split(":");
  if (target === undefined) return source;
  const flags = options.split(",").filter((flag) => flag !== "");
  if (!flags.includes("ro") && !flags.includes("rw")) flags.push("rw");
  return `${source}:${target}:${flags.sort().join(",")}`;
}

const bounds = (text: string): [number, number] => {
  const [from = 0, to = from] = text.split("-").map(Number);
  return [from, to];
};

/** `[address:][host:]container[/protocol]`, ranges too → `address:host->container/protocol` each. */
export function ports(given: Value): string[] {
  return strings(given).flatMap((text) => {
    const [body = "", protocol = "tcp"] = text.split("/");
    const match = /^(?:(\[[^\]]+\]|[\d.]*[.\d]*[^:]*):)?(?:([\d-]*):)?([\d-]+)$/.exec(body);
    let address = match?.[1] ?? "";
    let host = match?.[2];
    if (host === undefined && /^[\d-]+$/.test(address)) {
      host = address;
      address = "";
    }
    const [from, to] = bounds(match?.[3] ?? body);
    const first = host === undefined || host === "" ? undefined : bounds(host)[0];
    return Array.from({ length: to - from + 1 }, (_, index) =>
      portText(address, first === undefined ? "" : String(first + index), `${from + index}/${protocol}`),
    );
  });
}

function portText(address: string, host: string, container: string): string {
  const ip = address.replace(/^\[|\]$/g, "");
  return `${ip === "0.0.0.0" || ip === "::" ? "" : ip}:${host === "0" ? "" : host}->${container}`;
}

function publishedPorts(container: Dict): string[] {
  return Object.entries(asDict(at(container, "HostConfig", "PortBindings"))).flatMap(([port, bindings]) =>
    asList(bindings).map((each) => portText(words(at(each, "HostIp") ?? ""), words(at(each, "HostPort") ?? ""), port)),
  );
}

function environment(container: Dict): Dict {
  return Object.fromEntries(
    asList(at(container, "Config", "Env")).map((entry) => {
      const text = words(entry);
      const equals = text.indexOf("=");
      return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

function mountText(key: (name: string) => Value | undefined): string {
  return [key("type") ?? "volume", key("source") ?? "", key("target") ?? "", key("read_only") === true ? "ro" : "rw"]
    .map(words)
    .join(":");
}

function healthcheck(given: Value): Value {
  const check = asDict(given);
  const test = check["test"];
  const command =
    test === undefined || test === null
      ? undefined
      : Array.isArray(test)
        ? test.map(words)
        : test === "NONE"
          ? ["NONE"]
          : ["CMD-SHELL", words(test)];
  const result: Dict = {};
  if (command) result["test"] = command.join(" ");
  for (const key of ["interval", "timeout", "start_period"]) {
    const each = check[key];
    if (each !== undefined && each !== null) result[key] = String(nanoseconds(each));
  }
  if (check["retries"] !== undefined && check["retries"] !== null) result["retries"] = words(check["retries"]);
  return result;
}

function healthWords(given: Value): string[] {
  const check = asDict(given);
  const test = check["test"];
  const list = Array.isArray(test) ? test.map(words) : undefined;
  if (test === "NONE" || list?.[0] === "NONE") return ["--no-healthcheck"];
  const command = list
    ? (list[0] === "CMD" || list[0] === "CMD-SHELL" ? list.slice(1) : list).join(" ")
    : test === undefined || test === null
      ? undefined
      : words(test);
  return [
    ...(command === undefined ? [] : [`--health-cmd=${command}`]),
    ...["interval", "timeout", "start_period", "retries"].flatMap((key) => {
      const each = check[key];
      return each === undefined || each === null ? [] : [`--health-${key.replace("_", "-")}=${words(each)}`];
    }),
  ];
}

const host = (key: string) => (container: Dict) => at(container, "HostConfig", key);
const config = (key: string) => (container: Dict) => at(container, "Config", key);

/** What makes a container another one: all that is compared, and where it stands. `command` and `env` have their own place. */
export const containerOptions: readonly ContainerOption[] = [
  { name: "env", sort: "dict", words: () => [], wanted: pairs, is: environment },
  map("labels", "--label", config("Labels")),
  {
    name: "published_ports",
    sort: "set",
    words: (given) =>
      strings(given).includes("all") ? ["--publish-all"] : strings(given).map((port) => `--publish=${port}`),
    wanted: (given) => (strings(given).includes("all") ? [] : ports(given)),
    is: publishedPorts,
  },
  {
    name: "exposed_ports",
    sort: "set",
    words: (given) => strings(given).map((port) => `--expose=${port}`),
    wanted: (given) => strings(given).map((port) => (port.includes("/") ? port : `${port}/tcp`)),
    is: (container) => Object.keys(asDict(at(container, "Config", "ExposedPorts"))),
  },
  {
    name: "volumes",
    sort: "set",
    words: (given) => strings(given).map((volume) => `--volume=${volume}`),
    wanted: (given) => strings(given).map(bind),
    is: (container) => [
      ...asList(at(container, "HostConfig", "Binds")).map((each) => bind(words(each))),
      ...Object.keys(asDict(at(container, "Config", "Volumes"))),
    ],
  },
  {
    name: "mounts",
    sort: "set",
    words: (given) =>
      asList(given).map((each) => {
        const mount = asDict(each);
        const parts = [`type=${words(mount["type"] ?? "volume")}`, `target=${words(mount["target"] ?? "")}`];
        if (mount["source"]) parts.push(`source=${words(mount["source"])}`);
        if (mount["read_only"] === true) parts.push("readonly");
        return `--mount=${parts.join(",")}`;
      }),
    wanted: (given) => asList(given).map((each) => mountText((key) => asDict(each)[key])),
    is: (container) =>
      asList(at(container, "HostConfig", "Mounts")).map((each) =>
        mountText((key) =>
          at(each, { type: "Type", source: "Source", target: "Target", read_only: "ReadOnly" }[key] ?? key),
        ),
      ),
  },
  set("volumes_from", "--volumes-from", host("VolumesFrom")),
  set("tmpfs", "--tmpfs", (container) =>
    Object.entries(asDict(at(container, "HostConfig", "Tmpfs"))).map(([path, options]) =>
      options === "" ? path : `${path}:${words(options)}`,
    ),
  ),
  {
    name: "entrypoint",
    sort: "list",
    words: (given) => [`--entrypoint=${strings(given)[0] ?? ""}`],
    wanted: strings,
    is: (container) => strings(at(container, "Config", "Entrypoint") ?? []),
  },
  value("hostname", "--hostname", config("Hostname")),
  value("domainname", "--domainname", config("Domainname")),
  value("user", "--user", config("User")),
  value("working_dir", "--workdir", config("WorkingDir")),
  value("network_mode", "--network", host("NetworkMode")),
  value("ipc_mode", "--ipc", host("IpcMode")),
  value("pid_mode", "--pid", host("PidMode")),
  value("userns_mode", "--userns", host("UsernsMode")),
  value("uts", "--uts", host("UTSMode")),
  value("cgroupns_mode", "--cgroupns", host("CgroupnsMode")),
  value("cgroup_parent", "--cgroup-parent", host("CgroupParent")),
  value("runtime", "--runtime", host("Runtime")),
  value("stop_signal", "--stop-signal", config("StopSignal")),
  value("stop_timeout", "--stop-timeout", config("StopTimeout")),
  value("log_driver", "--log-driver", (container) => at(container, "HostConfig", "LogConfig", "Type")),
  map("log_options", "--log-opt", (container) => at(container, "HostConfig", "LogConfig", "Config")),
  toggle("privileged", "--privileged", host("Privileged")),
  toggle("read_only", "--read-only", host("ReadonlyRootfs")),
  toggle("auto_remove", "--rm", host("AutoRemove")),
  toggle("init", "--init", host("Init")),
  toggle("tty", "--tty", config("Tty")),
  toggle("interactive", "--interactive", config("OpenStdin")),
  {
    ...toggle("oom_killer", "--oom-kill-disable", (container) => at(container, "HostConfig", "OomKillDisable")),
    words: (given) => (given === true ? ["--oom-kill-disable=true"] : []),
  },
  value("oom_score_adj", "--oom-score-adj", host("OomScoreAdj")),
  set("capabilities", "--cap-add", (container) =>
    asList(at(container, "HostConfig", "CapAdd")).map((each) => words(each).replace(/^CAP_/, "")),
  ),
  set("cap_drop", "--cap-drop", (container) =>
    asList(at(container, "HostConfig", "CapDrop")).map((each) => words(each).replace(/^CAP_/, "")),
  ),
  set("security_opts", "--security-opt", host("SecurityOpt")),
  set("dns_servers", "--dns", host("Dns"), "list"),
  set("dns_search_domains", "--dns-search", host("DnsSearch"), "list"),
  set("dns_opts", "--dns-option", host("DnsOptions")),
  set("groups", "--group-add", host("GroupAdd")),
  set("links", "--link", (container) =>
    asList(at(container, "HostConfig", "Links")).map((link) =>
      words(link)
        .split(":")
        .map((part) => part.split("/").at(-1) ?? "")
        .join(":"),
    ),
  ),
  {
    name: "devices",
    sort: "set",
    words: (given) => strings(given).map((device) => `--device=${device}`),
    wanted: (given) =>
      strings(given).map((device) => {
        const [from = "", to = from, rights = "rwm"] = device.split(":");
        return `${from}:${to}:${rights}`;
      }),
    is: (container) =>
      asList(at(container, "HostConfig", "Devices")).map((each) =>
        ["PathOnHost", "PathInContainer", "CgroupPermissions"].map((key) => words(at(each, key) ?? "")).join(":"),
      ),
  },
  {
    name: "etc_hosts",
    sort: "set",
    words: (given) => Object.entries(pairs(given)).map(([name, address]) => `--add-host=${name}:${address}`),
    wanted: (given) => Object.entries(pairs(given)).map(([name, address]) => `${name}:${address}`),
    is: (container) => strings(at(container, "HostConfig", "ExtraHosts") ?? []),
  },
  map("sysctls", "--sysctl", host("Sysctls")),
  map("storage_opts", "--storage-opt", host("StorageOpt")),
  {
    name: "ulimits",
    sort: "set",
    words: (given) =>
      strings(given).map((limit) => {
        const [name = "", soft = "", hard = soft] = limit.split(":");
        return `--ulimit=${name}=${soft}:${hard}`;
      }),
    wanted: (given) =>
      strings(given).map((limit) => {
        const [name = "", soft = "", hard = soft] = limit.split(":");
        return `${name}:${soft}:${hard}`;
      }),
    is: (container) =>
      asList(at(container, "HostConfig", "Ulimits")).map(
        (each) => `${words(at(each, "Name") ?? "")}:${words(at(each, "Soft") ?? "")}:${words(at(each, "Hard") ?? "")}`,
      ),
  },
  size("memory", "--memory", "Memory"),
  size("memory_reservation", "--memory-reservation", "MemoryReservation"),
  size("memory_swap", "--memory-swap", "MemorySwap"),
  size("kernel_memory", "--kernel-memory", "KernelMemory"),
  size("shm_size", "--shm-size", "ShmSize", false),
  value("memory_swappiness", "--memory-swappiness", host("MemorySwappiness")),
  {
    ...value("cpus", "--cpus", host("NanoCpus")),
    wanted: (given) => String(Math.round(Number(words(given)) * 1e9)),
    update: true,
  },
  { ...value("cpu_shares", "--cpu-shares", host("CpuShares")), update: true },
  { ...value("cpu_period", "--cpu-period", host("CpuPeriod")), update: true },
  { ...value("cpu_quota", "--cpu-quota", host("CpuQuota")), update: true },
  { ...value("cpuset_cpus", "--cpuset-cpus", host("CpusetCpus")), update: true },
  { ...value("cpuset_mems", "--cpuset-mems", host("CpusetMems")), update: true },
  { ...value("blkio_weight", "--blkio-weight", host("BlkioWeight")), update: true },
  value("pids_limit", "--pids-limit", host("PidsLimit")),
  {
    name: "restart_policy",
    sort: "value",
    words: (given) => [`--restart=${string(given)}`],
    wanted: (given) => string(given).split(":")[0] ?? "",
    is: (container) => words(at(container, "HostConfig", "RestartPolicy", "Name") ?? "") || "no",
    update: true,
  },
  {
    name: "healthcheck",
    sort: "dict",
    words: healthWords,
    wanted: healthcheck,
    is: (container) => {
      const check = asDict(at(container, "Config", "Healthcheck"));
      return {
        test: asList(check["Test"]).map(words).join(" "),
        interval: words(check["Interval"] ?? 0),
        timeout: words(check["Timeout"] ?? 0),
        start_period: words(check["StartPeriod"] ?? 0),
        retries: words(check["Retries"] ?? 0),
      };
    },
  },
];

/** Whether a container's value satisfies what was asked for. */
export function agrees(sort: ContainerOption["sort"], how: Comparison, wanted: Value, is: Value | undefined): boolean {
  if (how === "ignore") return true;
  if (sort === "value") return wanted === is || (is !== undefined && words(wanted) === words(is));
  if (sort === "dict") {
    const have = asDict(is);
    const want = asDict(wanted);
    const all = Object.entries(want).every(
      ([key, each]) => have[key] !== undefined && words(have[key] ?? "") === words(each),
    );
    return all && (how === "allow_more_present" || Object.keys(have).length === Object.keys(want).length);
  }
  const have = asList(is).map(words);
  const want = asList(wanted).map(words);
  if (sort === "list" && how === "strict")
    return have.length === want.length && want.every((each, index) => have[index] === each);
  const all = want.every((each) => have.includes(each));
  return all && (how === "allow_more_present" || new Set(have).size === new Set(want).size);
}
