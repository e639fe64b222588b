import type { Dict, Value } from "../../source/value.ts";
import { filesOf, lines, present, type Sections } from "./sections.ts";

/** Memory, processors, mounts, disks, the machine's own labels. */
export function hardwareFacts(sections: Sections): Dict {
  const files = filesOf(sections, "files");
  const allowed = /^Cpus_allowed_list:\s*(.*)$/m.exec(files.get("/proc/self/status") ?? "")?.[1];
  return present({
    ...memory(files.get("/proc/meminfo") ?? ""),
    ...processors(files.get("/proc/cpuinfo") ?? "", allowed),
    flags: /^flags\s*:\s*(.*)$/m
      .exec(files.get("/proc/cpuinfo") ?? "")?.[1]
      ?.trim()
      .split(/\s+/),
    uptime_seconds: Math.trunc(Number(files.get("/proc/uptime")?.split(" ")[0] ?? 0)),
    ...dmi(files),
    mounts: mounts(files.get("/proc/mounts") ?? "", sections),
    ...disks(sections),
  });
}

export function memory(text: string): Dict {
  const kib = new Map<string, number>();
  for (const match of text.matchAll(/^(\w+)(?:\(\w+\))?:\s+(\d+)/gm)) kib.set(match[1] ?? "", Number(match[2]));
  const mb = (name: string) => Math.floor((kib.get(name) ?? 0) / 1024);
  const of = (name: string) => kib.get(name) ?? 0;
  const cache = of("Cached") + of("Buffers");
  return {
    memtotal_mb: mb("MemTotal"),
    memfree_mb: mb("MemFree"),
    swaptotal_mb: mb("SwapTotal"),
    swapfree_mb: mb("SwapFree"),
    memory_mb: {
      real: { total: mb("MemTotal"), used: Math.floor((of("MemTotal") - of("MemFree")) / 1024), free: mb("MemFree") },
      nocache: {
        free: Math.floor((of("MemFree") + cache) / 1024),
        used: Math.floor((of("MemTotal") - of("MemFree") - cache) / 1024),
      },
      swap: {
        total: mb("SwapTotal"),
        free: mb("SwapFree"),
        used: Math.floor((of("SwapTotal") - of("SwapFree")) / 1024),
        cached: mb("SwapCached"),
      },
    },
  };
}

export function processors(text: string, allowed: string | undefined): Dict {
  const list: string[] = [];
  const sockets = new Map<string, number>();
  let count = 0;
  let socket = "0";
  let siblings = 0;
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const key = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (key === "processor") {
      count++;
      list.push(value);
      socket = "0";
      sockets.set(socket, sockets.get(socket) ?? 1);
    } else if (key === "vendor_id" || key === "model name" || key === "Processor") list.push(value);
    else if (key === "physical id") {
      socket = value;
      if (!sockets.has(socket)) sockets.set(socket, 1);
    } else if (key === "cpu cores") sockets.set(socket, Number(value));
    else if (key === "siblings") siblings = Number(value);
  }
  const packages = Math.max(1, sockets.size);
  const known = siblings > 0;
  const cores = known ? ([...sockets.values()].at(-1) ?? 1) : 1;
  const physical = known ? packages : count;
  const threads = known ? Math.max(1, Math.floor(siblings / cores)) : 1;
  return {
    processor: list,
    processor_count: physical,
    processor_cores: cores,
    processor_threads_per_core: threads,
    processor_vcpus: physical * cores * threads,
    processor_nproc: allowed === undefined ? count : listLength(allowed),
  };
}

/** `0-3,8` → 5 */
function listLength(list: string): number {
  return list.split(",").reduce((sum, range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return sum + to - from + 1;
  }, 0);
}

const formFactors =
  "Unknown Other Unknown Desktop Low_Profile_Desktop Pizza_Box Mini_Tower Tower Portable Laptop Notebook Hand_Held Docking_Station All_In_One Sub_Notebook Space-saving Lunch_Box Main_Server_Chassis Expansion_Chassis Sub_Chassis Bus_Expansion_Chassis Peripheral_Chassis RAID_Chassis Rack_Mount_Chassis Sealed-case_PC Multi-system CompactPCI AdvancedTCA Blade Blade_Enclosure Tablet Convertible Detachable".split(
    " ",
  );

function dmi(files: ReadonlyMap<string, string>): Dict {
  const facts: Dict = {};
  const keys =
    "bios_date bios_vendor bios_version board_asset_tag board_name board_serial board_vendor board_version chassis_asset_tag chassis_serial chassis_vendor chassis_version product_name product_serial product_uuid product_version system_vendor";
  for (const key of keys.split(" ")) {
    const file = key === "system_vendor" ? "sys_vendor" : key;
    facts[key] = files.get(`/sys/class/dmi/id/${file}`)?.trim() || "NA";
  }
  const chassis = files.get("/sys/class/dmi/id/chassis_type");
  facts["form_factor"] = chassis === undefined ? "NA" : (formFactors[Number(chassis)]?.replaceAll("_", " ") ?? "NA");
  return facts;
}

function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function mounts(text: string, sections: Sections): Value[] {
  const sizes = new Map<string, readonly number[]>();
  for (const line of lines(sections, "statfs")) {
    const fields = line.split("|");
    sizes.set(fields.slice(5).join("|"), fields.slice(0, 5).map(Number));
  }
  const statfs = lines(sections, "statfs").map((line) => line.split("|").slice(0, 5).map(Number));
  const uuids = linkTargets(sections, "by-uuid");
  const found: Dict[] = [];
  for (const line of text.split("\n")) {
    const [device = "", mount = "", fstype = "", options = "", dump = "0", pass = "0"] = line.split(" ").map(unescaped);
    if (!(device.startsWith("/") || device.includes(":/")) || fstype === "none") continue;
    // busybox's stat has no %n: the lines then come in the order of /proc/mounts
    const size = sizes.get(mount) ?? statfs[found.length];
    found.push(
      present({
        mount,
        device,
        fstype,
        options,
        dump: Number(dump),
        passno: Number(pass),
        uuid: uuids.get(device.split("/").at(-1) ?? "")?.[0] ?? "N/A",
        ...(size && space(size)),
      }),
    );
  }
  return found;
}

function space([block = 0, total = 0, available = 0, inodes = 0, free = 0]: readonly number[]): Dict {
  return {
    size_total: block * total,
    size_available: block * available,
    block_size: block,
    block_total: total,
    block_available: available,
    block_used: total - available,
    inode_total: inodes,
    inode_available: free,
    inode_used: inodes - free,
  };
}

/** Device name → the names under /dev/disk/KIND that point at it. */
function linkTargets(sections: Sections, kind: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let batch: [string, string][] = [];
  for (const line of lines(sections, "links")) {
    if (line.startsWith("/dev/disk/")) {
      if (line === `/dev/disk/${kind}`) {
        for (const [name, device] of batch) found.set(device, [...(found.get(device) ?? []), name]);
      }
      batch = [];
      continue;
    }
    const match = /(\S+) -> (?:.*\/)?([^/]+)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) batch.push([match[1], match[2]]);
  }
  return found;
}

function disks(sections: Sections): Dict {
  const files = filesOf(sections, "files");
  const ids = linkTargets(sections, "by-id");
  const uuids = linkTargets(sections, "by-uuid");
  const labels = linkTargets(sections, "by-label");
  const links = (name: string): Dict => ({
    ids: ids.get(name) ?? [],
    labels: labels.get(name) ?? [],
    masters: [],
    uuids: uuids.get(name) ?? [],
  });
  const devices: Dict = {};
  for (const path of files.keys()) {
    const whole = /^\/sys\/block\/([^/]+)\/size$/.exec(path)?.[1];
    if (whole === undefined) continue;
    const file = (leaf: string) => files.get(`/sys/block/${whole}/${leaf}`)?.trim();
    const sectors = Number(file("size"));
    const sectorSize = Number(file("queue/hw_sector_size") ?? 512);
    const partitions: Dict = {};
    for (const other of files.keys()) {
      const part = new RegExp(`^/sys/block/${whole.replace(/[^\w-]/g, "\\$&")}/([^/]+)/start$`).exec(other)?.[1];
      if (part === undefined) continue;
      const size = Number(files.get(`/sys/block/${whole}/${part}/size`) ?? 0);
      partitions[part] = {
        start: files.get(other) ?? "",
        sectors: size,
        sectorsize: sectorSize,
        size: humanSize(size * 512),
        uuid: uuids.get(part)?.[0] ?? null,
        links: links(part),
        holders: [],
      };
    }
    devices[whole] = {
      virtual: file("device/model") === undefined ? 1 : 0,
      links: links(whole),
      vendor: file("device/vendor") ?? null,
      model: file("device/model") ?? null,
      sas_address: null,
      sas_device_handle: null,
      removable: file("removable") ?? "0",
      support_discard: file("queue/discard_granularity") ?? "0",
      rotational: file("queue/rotational") ?? "0",
      scheduler_mode: /\[(.+?)\]/.exec(file("queue/scheduler") ?? "")?.[1] ?? "",
      sectors,
      sectorsize: String(sectorSize),
      size: humanSize(sectors * 512),
      host: "",
      holders: [],
      partitions,
    };
  }
  return {
    devices,
    device_links: {
      ids: Object.fromEntries(ids),
      labels: Object.fromEntries(labels),
      masters: {},
      uuids: Object.fromEntries(uuids),
    },
  };
}

export function humanSize(bytes: number): string {
  const units = ["Bytes", "KB", "MB", "GB", "TB", "PB"];
  const power = bytes <= 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(2)} ${units[power]}`;
}
