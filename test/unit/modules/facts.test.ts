import { describe, expect, test } from "vitest";
import { humanSize, memory, processors } from "../../../engine/modules/facts/hardware.ts";
import { localFacts } from "../../../engine/modules/facts/local.ts";
import { networkFacts } from "../../../engine/modules/facts/network.ts";
import { dateTime, distributionFacts, platformFacts } from "../../../engine/modules/facts/platform.ts";
import { sectionMark } from "../../../engine/modules/facts/script.ts";
import { splitSections } from "../../../engine/modules/facts/sections.ts";
import { virtualFacts } from "../../../engine/modules/facts/virtual.ts";
import { decodeFacts, factSections } from "../../../engine/modules/setup.ts";
import { reply } from "./answers.ts";

const sections = (parts: { [name: string]: string }) =>
  splitSections(
    Object.entries(parts)
      .map(([name, text]) => `\n${sectionMark} ${name}\n${text}`)
      .join(""),
  );
const greps = (files: { [path: string]: string }) =>
  Object.entries(files)
    .flatMap(([path, text]) => text.split("\n").map((line) => `${path}:${line}\n`))
    .join("");

describe("the distribution", () => {
  test.each([
    [
      'ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nVERSION_CODENAME=bullseye',
      { "/etc/debian_version": "11.11" },
      ["Debian", "11.11", "bullseye", "11", "Debian"],
    ],
    ['ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy', {}, ["Ubuntu", "22.04", "jammy", "22", "Debian"]],
    ['ID="rocky"\nVERSION_ID="9.3"\nVERSION="9.3 (Blue Onyx)"', {}, ["Rocky", "9.3", "Blue Onyx", "9", "RedHat"]],
    [
      'ID=alpine\nVERSION_ID=3.19.1\nNAME="Alpine Linux"',
      { "/etc/alpine-release": "3.19.1" },
      ["Alpine", "3.19.1", "NA", "3", "Alpine"],
    ],
    [
      'ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"',
      { "/etc/debian_version": "forky/sid" },
      ["Debian", "NA", "forky", "NA", "Debian"],
    ],
  ])("%s", (release, files, expected) => {
    const facts = distributionFacts(new Map(Object.entries({ "/etc/os-release": release, ...files })));
    expect(
      ["distribution", "distribution_version", "distribution_release", "distribution_major_version", "os_family"].map(
        (key) => facts[key],
      ),
    ).toEqual(expected);
  });
});

test("names, users and managers", () => {
  const facts = platformFacts(
    sections({
      machine: "x86_64\n0\n0\n",
      passwd: "root:x:0:0:Root:/root:/bin/sh\n",
      files: greps({
        "/proc/sys/kernel/hostname": "web",
        "/etc/hosts": "127.0.0.1 localhost\n10.0.0.1 web.example.org web",
        "/proc/1/comm": "systemd",
        "/proc/cmdline": "ro quiet console=a console=b",
        "/etc/resolv.conf": "nameserver 1.1.1.1\nsearch a b\noptions ndots:1 rotate",
      }),
      exists: "/usr/bin/apt-get\n/usr/bin/dnf-3\n",
      environ: "A=1\0B=x=y\nz\0",
    }),
  );
  expect(facts).toMatchObject({
    hostname: "web",
    fqdn: "web.example.org",
    domain: "example.org",
    service_mgr: "systemd",
    pkg_mgr: "dnf",
    user_dir: "/root",
    user_shell: "/bin/sh",
    env: { A: "1", B: "x=y\nz" },
    cmdline: { ro: true, console: "b" },
    proc_cmdline: { console: ["a", "b"] },
    dns: { nameservers: ["1.1.1.1"], search: ["a", "b"], options: { ndots: "1", rotate: true } },
    is_chroot: false,
  });
});

test("the date", () => {
  expect(dateTime("1700000000|123456789|2023|11|14|23|13|20|Tuesday|2|46|CET|+0100|November")).toMatchObject({
    date: "2023-11-14",
    time: "23:13:20",
    iso8601: "2023-11-14T22:13:20Z",
    iso8601_micro: "2023-11-14T22:13:20.123456Z",
    iso8601_basic_short: "20231114T231320",
    tz_offset: "+0100",
  });
});

test("interfaces and the default route", () => {
  const facts = networkFacts(
    sections({
      net: "/sys/class/net/br-lan /sys/class/net/eth0 /sys/class/net/lo\n/sys/class/net/br-lan/brif/eth0\n",
      files: greps({
        "/sys/class/net/eth0/address": "02:42:0a:4d:00:0b",
        "/sys/class/net/eth0/mtu": "1450",
        "/sys/class/net/eth0/operstate": "up",
        "/sys/class/net/eth0/type": "1",
        "/sys/class/net/eth0/flags": "0x1103",
        "/sys/class/net/lo/type": "772",
        "/sys/class/net/lo/address": "00:00:00:00:00:00",
        "/sys/class/net/br-lan/bridge/bridge_id": "8000.1",
        "/sys/class/net/br-lan/operstate": "down",
      }),
      addresses:
        "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever\n2: eth0@if5    inet 10.77.0.11/24 brd 10.77.0.255 scope global eth0\\       valid_lft forever\n2: eth0    inet 10.77.0.12/24 scope global secondary eth0:1\\  valid\n2: eth0    inet6 fe80::1/64 scope link \\  valid\n",
      route4: "8.8.8.8 via 10.77.0.1 dev eth0 src 10.77.0.11 uid 0 \n    cache \n",
      route6: "",
    }),
  );
  expect(facts["default_ipv4"]).toEqual({
    gateway: "10.77.0.1",
    interface: "eth0",
    address: "10.77.0.11",
    broadcast: "10.77.0.255",
    netmask: "255.255.255.0",
    network: "10.77.0.0",
    prefix: "24",
    alias: "eth0",
    macaddress: "02:42:0a:4d:00:0b",
    mtu: 1450,
    type: "ether",
  });
  expect(facts["default_ipv6"]).toEqual({});
  expect(facts["interfaces"]).toEqual(["br-lan", "eth0", "lo"]);
  expect(facts["br_lan"]).toMatchObject({ type: "bridge", interfaces: ["eth0"], active: false });
  expect(facts["eth0"]).toMatchObject({
    promisc: true,
    ipv4_secondaries: [{ address: "10.77.0.12" }],
    ipv6: [{ address: "fe80::1", prefix: "64", scope: "link" }],
  });
  expect(facts["all_ipv4_addresses"]).toEqual(["10.77.0.11", "10.77.0.12"]);
  expect(facts["lo"]).not.toHaveProperty("macaddress");
});

test("memory and processors", () => {
  const text =
    "MemTotal: 2048000 kB\nMemFree: 1024000 kB\nBuffers: 1024 kB\nCached: 2048 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\nSwapCached: 0 kB\n";
  expect(memory(text)).toMatchObject({
    memtotal_mb: 2000,
    memfree_mb: 1000,
    memory_mb: { nocache: { free: 1003, used: 997 } },
  });
  const cpu = (index: number) =>
    `processor\t: ${index}\nvendor_id\t: I\nmodel name\t: M\nphysical id\t: 0\nsiblings\t: 2\ncpu cores\t: 1\n\n`;
  expect(processors(cpu(0) + cpu(1), "0-1")).toEqual({
    processor: ["0", "I", "M", "1", "I", "M"],
    processor_count: 1,
    processor_cores: 1,
    processor_threads_per_core: 2,
    processor_vcpus: 2,
    processor_nproc: 2,
  });
});

test.each([
  [0, "0.00 Bytes"],
  [1536, "1.50 KB"],
  [20 * 2 ** 30, "20.00 GB"],
])("%d bytes are %s", (bytes, text) => expect(humanSize(bytes)).toBe(text));

test("facts of the host's own", () => {
  const facts = localFacts(
    sections({
      "fact /etc/f/a.fact": '{"x": [1]}\n',
      "fact /etc/f/b.fact": "[s]\nKey = v\n",
      "fact /etc/f/c.fact": "{}\n\n#=status=# 0\n",
      "fact /etc/f/d.fact": "\n#=status=# 3\n",
      "fact /etc/f/e.fact": "nonsense\n",
    }),
  );
  expect(facts).toMatchObject({ a: { x: [1] }, b: { s: { key: "v" } }, c: {} });
  expect([facts["d"], facts["e"]].map(String)).toEqual([
    expect.stringContaining("rc: 3"),
    expect.stringContaining("error loading"),
  ]);
});

test.each([
  [{ exists: "/.dockerenv\n" }, "docker", "guest"],
  [{ exists: "/dev/kvm\n" }, "kvm", "host"],
  [{ files: greps({ "/sys/class/dmi/id/sys_vendor": "QEMU" }) }, "kvm", "guest"],
  [{}, "NA", "NA"],
])("a host with %o is %s %s", (parts: { [name: string]: string }, type, role) => {
  expect(virtualFacts(sections(parts))).toMatchObject({ virtualization_type: type, virtualization_role: role });
});

describe("what is gathered", () => {
  test.each([
    [["all"], [true, true, true, true]],
    [["!all"], [false, false, false, true]],
    [
      ["!all", "!min"],
      [false, false, false, false],
    ],
    [["min"], [false, false, false, true]],
    [["network"], [false, true, false, true]],
    [["!hardware"], [false, true, true, true]],
    [
      ["!all", "network"],
      [false, true, false, true],
    ],
    [
      ["all", "!virtual"],
      [true, true, false, true],
    ],
  ])("%o", (subset, [hardware, network, virtual, local]) => {
    expect(factSections(subset, "/f")).toEqual({ hardware, network, virtual, factPath: local ? "/f" : undefined });
  });
  test("a name that is none", () => expect(() => factSections(["nosuch"], "")).toThrow("Bad subset 'nosuch'"));
  test.each([
    [["!all", "!min", "platform"], ["ansible_machine"], ["ansible_date_time", "ansible_loadavg"]],
    [["!all"], ["ansible_machine", "ansible_date_time"], ["ansible_loadavg", "ansible_is_chroot"]],
    [["all", "!date_time"], ["ansible_machine", "ansible_loadavg"], ["ansible_date_time"]],
    [["!all", "loadavg"], ["ansible_machine", "ansible_loadavg"], ["ansible_is_chroot"]],
    [["!all", "!min", "network"], ["ansible_distribution", "ansible_architecture"], ["ansible_pkg_mgr"]],
  ])("of the platform, %o", (subset, there, absent) => {
    const given = reply(`\n${sectionMark} machine\nx86_64\n0\n0\n\n${sectionMark} files\n/proc/loadavg:1 2 3 4\n`);
    const names = Object.keys(decodeFacts(given, factSections(subset, ""), subset, []));
    expect(names).toEqual(expect.arrayContaining([...there, "gather_subset", "module_setup"]));
    expect(names.filter((name) => absent.includes(name))).toEqual([]);
  });
  test("by filter", () => {
    const facts = decodeFacts(
      reply(`\n${sectionMark} machine\nx86_64\n0\n0\n`),
      factSections(["min"], ""),
      ["min"],
      ["ansible_arch*", "machine"],
    );
    expect(Object.keys(facts)).toEqual(["ansible_machine", "ansible_architecture"]);
  });
});
