import type { Dict, Value } from "../../source/value.ts";
import { assignments, filesOf, lines, present, type Sections } from "./sections.ts";

/** Distribution, kernel, names, user, date, managers: what is looked up for every gather_subset. */
export function platformFacts(sections: Sections): Dict {
  const files = filesOf(sections, "files");
  const exists = new Set(lines(sections, "exists"));
  const [machine = "", uid = "", gid = ""] = lines(sections, "machine");
  const nodename = files.get("/proc/sys/kernel/hostname") ?? "";
  const distribution = distributionFacts(files);
  const fqdn = fullName(sections, files, nodename);
  const bits = /64|s390x/.test(machine) ? "64" : "32";
  return present({
    system: files.get("/proc/sys/kernel/ostype") ?? "Linux",
    kernel: files.get("/proc/sys/kernel/osrelease"),
    kernel_version: files.get("/proc/sys/kernel/version"),
    machine,
    architecture: /^i[3-6]86$/.test(machine) ? "i386" : machine,
    userspace_bits: bits,
    userspace_architecture: /^i[3-6]86$/.test(machine) ? "i386" : machine,
    nodename,
    hostname: nodename.split(".")[0],
    fqdn,
    domain: fqdn.split(".").slice(1).join("."),
    machine_id: files.get("/var/lib/dbus/machine-id") ?? files.get("/etc/machine-id"),
    ...distribution,
    pkg_mgr: packageManager(exists, String(distribution.os_family)),
    service_mgr: serviceManager(files.get("/proc/1/comm")?.trim() ?? "", exists),
    selinux: selinux(files),
    selinux_python_present: true,
    apparmor: { status: exists.has("/sys/kernel/security/apparmor") ? "enabled" : "disabled" },
    fips: files.get("/proc/sys/crypto/fips_enabled") === "1",
    is_chroot: exists.has("chroot"),
    lsb: exists.has("/usr/bin/lsb_release") || files.has("/etc/lsb-release") ? lsb(files) : {},
    ...commandLine(files.get("/proc/cmdline") ?? ""),
    dns: dns(files.get("/etc/resolv.conf") ?? ""),
    ...userFacts(lines(sections, "passwd")[0], uid, gid, nodename),
    env: environment(sections.get("environ") ?? ""),
    date_time: dateTime(lines(sections, "date")[0] ?? ""),
    ...hostKeys(files),
    iscsi_iqn: assignments(files.get("/etc/iscsi/initiatorname.iscsi")).get("InitiatorName") ?? "",
    loadavg: loadAverage(files.get("/proc/loadavg")),
  });
}

const families: { readonly [distribution: string]: string } = {
  ...names("RedHat", "RedHat CentOS Fedora Scientific OracleLinux Rocky AlmaLinux Amazon XenServer EulerOS openEuler"),
  ...names("Debian", "Debian Ubuntu Raspbian Neon Kali Devuan Deepin Pop!_OS Parrot LMDE"),
  "Linux Mint": "Debian",
  ...names("Suse", "SLES SLED openSUSE SUSE_LINUX SLES_SAP"),
  "openSUSE Leap": "Suse",
  "openSUSE Tumbleweed": "Suse",
  ...names("Archlinux", "Archlinux Antergos Manjaro"),
  ...names("Alpine", "Alpine"),
  ...names("Gentoo", "Gentoo Funtoo"),
};

function names(family: string, list: string): { [distribution: string]: string } {
  return Object.fromEntries(list.split(" ").map((name) => [name, family]));
}

const byId: { readonly [id: string]: string } = {
  debian: "Debian",
  ubuntu: "Ubuntu",
  raspbian: "Raspbian",
  kali: "Kali",
  linuxmint: "Linux Mint",
  centos: "CentOS",
  rhel: "RedHat",
  fedora: "Fedora",
  rocky: "Rocky",
  almalinux: "AlmaLinux",
  ol: "OracleLinux",
  amzn: "Amazon",
  alpine: "Alpine",
  arch: "Archlinux",
  gentoo: "Gentoo",
  sles: "SLES",
  "opensuse-leap": "openSUSE Leap",
  "opensuse-tumbleweed": "openSUSE Tumbleweed",
  void: "Void",
};

/** `distribution*` and `os_family`, from os-release and the older file that names the point release. */
export function distributionFacts(files: ReadonlyMap<string, string>): Dict {
  const release = assignments(files.get("/etc/os-release"));
  const id = release.get("ID") ?? "";
  const distribution = byId[id] ?? release.get("NAME")?.split(" ")[0] ?? "Linux";
  let version = release.get("VERSION_ID") ?? "";
  const debian = files.get("/etc/debian_version")?.trim();
  if (id === "debian" && debian !== undefined && /^\d/.test(debian)) version = debian;
  if (id === "alpine") version = files.get("/etc/alpine-release")?.trim() ?? version;
  if (id === "centos") {
    const full = /release (\d+(?:\.\d+)?)/.exec(files.get("/etc/redhat-release") ?? "")?.[1];
    if (full !== undefined && full.length > version.length) version = full;
  }
  const codename =
    release.get("VERSION_CODENAME") ??
    /\(([^)]+)\)/.exec(release.get("VERSION") ?? release.get("PRETTY_NAME") ?? "")?.[1] ??
    (id === "debian" ? debian?.split("/")[0] : undefined) ??
    "NA";
  const [major = "", minor] = version.split(".");
  return present({
    distribution,
    distribution_version: version === "" ? "NA" : version,
    distribution_release: codename === "" ? "NA" : codename,
    distribution_major_version: major === "" ? "NA" : major,
    distribution_minor_version: id === "debian" || id === "centos" ? minor : undefined,
    distribution_file_path: files.has("/etc/os-release") ? "/etc/os-release" : undefined,
    distribution_file_variety: families[distribution] === "Debian" ? "Debian" : distribution,
    distribution_file_parsed: files.has("/etc/os-release") ? true : undefined,
    os_family: families[distribution] ?? distribution,
  });
}

function packageManager(exists: ReadonlySet<string>, family: string): string {
  const has = (path: string) => exists.has(path);
  if (family === "Debian" && has("/usr/bin/apt-get")) return "apt";
  if (has("/usr/bin/dnf5") && !has("/usr/bin/dnf-3")) return "dnf5";
  if (has("/usr/bin/dnf-3") || has("/usr/bin/dnf") || has("/usr/bin/microdnf")) return "dnf";
  if (has("/usr/bin/yum")) return "yum";
  if (has("/usr/bin/zypper")) return "zypper";
  if (has("/usr/bin/pacman")) return "pacman";
  if (has("/sbin/apk")) return "apk";
  if (has("/usr/bin/emerge")) return "portage";
  if (has("/usr/bin/xbps-install")) return "xbps";
  if (has("/usr/bin/apt-get")) return "apt";
  return "unknown";
}

function serviceManager(process: string, exists: ReadonlySet<string>): string {
  if (process === "systemd" || process === "runit-init" || process === "openrc-init") {
    return process.replace(/-init$/, "").replace("runit", "runit");
  }
  if (exists.has("/run/systemd/system") && (exists.has("/usr/bin/systemctl") || exists.has("/bin/systemctl"))) {
    return "systemd";
  }
  if (exists.has("/sbin/initctl")) return "upstart";
  if (exists.has("/sbin/openrc")) return "openrc";
  if (exists.has("/etc/init.d")) return "sysvinit";
  return "service";
}

function selinux(files: ReadonlyMap<string, string>): Value {
  const enforce = files.get("/sys/fs/selinux/enforce");
  if (enforce === undefined) return { status: "disabled" };
  const config = assignments(files.get("/etc/selinux/config"));
  return present({
    status: "enabled",
    mode: enforce === "1" ? "enforcing" : "permissive",
    config_mode: config.get("SELINUX"),
    type: config.get("SELINUXTYPE"),
    policyvers: Number(files.get("/sys/fs/selinux/policyvers") ?? 0),
  });
}

function lsb(files: ReadonlyMap<string, string>): Dict {
  const own = assignments(files.get("/etc/lsb-release"));
  const release = assignments(files.get("/etc/os-release"));
  const version = own.get("DISTRIB_RELEASE") ?? release.get("VERSION_ID");
  return present({
    id: own.get("DISTRIB_ID") ?? byId[release.get("ID") ?? ""],
    description: own.get("DISTRIB_DESCRIPTION") ?? release.get("PRETTY_NAME"),
    release: version,
    codename: own.get("DISTRIB_CODENAME") ?? release.get("VERSION_CODENAME"),
    major_release: version?.split(".")[0],
  });
}

function commandLine(text: string): Dict {
  const cmdline: Dict = {};
  const all: Dict = {};
  for (const word of text.trim().split(/\s+/)) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const key = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? true : word.slice(equals + 1);
    cmdline[key] = value;
    const before = all[key];
    all[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return { cmdline, proc_cmdline: all };
}

function dns(text: string): Dict {
  const found: Dict = {};
  for (const line of text.split("\n")) {
    const [word = "", ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver") {
      const before = Array.isArray(found["nameservers"]) ? found["nameservers"] : [];
      found["nameservers"] = [...before, ...rest.filter((name) => !/^[#;]/.test(name))];
    } else if (word === "domain" && rest[0] !== undefined) found["domain"] = rest[0];
    else if (word === "search" || word === "sortlist") found[word] = rest;
    else if (word === "options") {
      found["options"] = Object.fromEntries(
        rest.map((option) => {
          const [key = "", value] = option.split(":");
          return [key, value ?? true];
        }),
      );
    }
  }
  return found;
}

function userFacts(passwd: string | undefined, uid: string, gid: string, fallback: string): Dict {
  const fields = passwd?.split(":") ?? [];
  return present({
    user_id: fields[0] ?? (uid === "0" ? "root" : uid || fallback),
    user_uid: Number(uid),
    user_gid: Number(fields[3] ?? gid),
    user_gecos: fields[4] ?? "",
    user_dir: fields[5],
    user_shell: fields[6],
    real_user_id: Number(uid),
    effective_user_id: Number(uid),
    real_group_id: Number(gid),
    effective_group_id: Number(gid),
  });
}

function environment(text: string): Dict {
  const env: Dict = Object.create(null);
  for (const entry of text.split("\0")) {
    const equals = entry.indexOf("=");
    if (equals > 0) env[entry.slice(0, equals).trimStart()] = entry.slice(equals + 1);
  }
  return env;
}

/** Local time as `date` gave it; the ISO forms are UTC. */
export function dateTime(line: string): Dict {
  const [epoch = "0", nano = "0", year, month, day, hour, minute, second, weekday, number, week, zone, offset] =
    line.split("|");
  const seconds = Number(epoch);
  const micro = /^\d+$/.test(nano) ? nano.padStart(9, "0").slice(0, 6) : "000000";
  const utc = new Date(seconds * 1000).toISOString().slice(0, 19);
  const local = `${year}${month}${day}T${hour}${minute}${second}`;
  return present({
    year,
    month,
    weekday,
    weekday_number: number,
    weeknumber: week,
    day,
    hour,
    minute,
    second,
    epoch,
    epoch_int: epoch,
    date: `${year}-${month}-${day}`,
    time: `${hour}:${minute}:${second}`,
    iso8601_micro: `${utc}.${micro}Z`,
    iso8601: `${utc}Z`,
    iso8601_basic: `${local}${micro}`,
    iso8601_basic_short: local,
    tz: zone,
    tz_dst: zone,
    tz_offset: offset,
  });
}

function fullName(sections: Sections, files: ReadonlyMap<string, string>, nodename: string): string {
  const asked = lines(sections, "fqdn")[0];
  if (asked !== undefined) return asked.trim();
  for (const line of (files.get("/etc/hosts") ?? "").split("\n")) {
    const [, ...hostnames] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (hostnames.includes(nodename)) return hostnames.find((name) => name.includes(".")) ?? nodename;
  }
  return nodename;
}

function hostKeys(files: ReadonlyMap<string, string>): Dict {
  const keys: Dict = {};
  for (const type of ["rsa", "ecdsa", "ed25519"]) {
    const [algorithm, key] = (files.get(`/etc/ssh/ssh_host_${type}_key.pub`) ?? "").split(/\s+/);
    if (algorithm === undefined || key === undefined) continue;
    keys[`ssh_host_key_${type}_public`] = key;
    keys[`ssh_host_key_${type}_public_keytype`] = algorithm;
  }
  return keys;
}

function loadAverage(text: string | undefined): Value | undefined {
  if (text === undefined) return undefined;
  const [one, five, fifteen] = text.split(" ").map(Number);
  return { "1m": one ?? 0, "5m": five ?? 0, "15m": fifteen ?? 0 };
}
