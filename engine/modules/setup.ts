import { Type } from "@sinclair/typebox";
import picomatch from "picomatch";
import type { Reply } from "../host/contract.ts";
import type { Dict } from "../source/value.ts";
import { integer, list, path, text } from "./argument-types.ts";
import { actionModule, ModuleFailure } from "./contract.ts";
import { hardwareFacts } from "./facts/hardware.ts";
import { localFacts } from "./facts/local.ts";
import { networkFacts } from "./facts/network.ts";
import { platformFacts } from "./facts/platform.ts";
import { type FactSections, factsScript } from "./facts/script.ts";
import { splitSections } from "./facts/sections.ts";
import { virtualFacts } from "./facts/virtual.ts";

export default actionModule({
  name: "setup",
  aliases: ["gather_facts"],
  quiet: true,
  collection: "ansible.builtin.setup",
  summary: "Gathers facts about the host, in one round trip and by its shell alone.",
  args: Type.Object({
    gather_subset: list(
      Type.String(),
      "Parts to gather: all, min, hardware, network, virtual, local; `!name` leaves one out.",
      { default: ["all"] },
    ),
    filter: list(Type.String(), "Shell patterns; only facts whose name matches one are returned.", { default: [] }),
    gather_timeout: integer("Accepted for compatibility; the look-up takes milliseconds.", { default: 10 }),
    fact_path: path("Folder of the host's own facts, `*.fact`.", { default: "/etc/ansible/facts.d" }),
    name: Type.Optional(text("Not used.")),
    parallel: Type.Optional(Type.Boolean({ description: "Accepted: one look-up gathers all facts." })),
  }),
  example: "- setup:\n    gather_subset: [network]\n    filter: ansible_default_ipv4\n",
  returns: { ansible_facts: "The facts, each under its name with the prefix `ansible_`." },
  readOnly: () => true,
  async run(args, _context, host) {
    const sections = factSections(args.gather_subset, args.fact_path);
    const reply = await host.request(factsScript(sections));
    if (reply.status !== 0) throw new ModuleFailure(`Facts could not be gathered: ${reply.stderr.toString().trim()}`);
    return { changed: false, result: { ansible_facts: decodeFacts(reply, sections, args.gather_subset, args.filter) } };
  },
});

const known = new Set([
  ..."all min hardware network virtual local facter ohai platform distribution date_time env user".split(" "),
  ..."dns lsb cmdline pkg_mgr service_mgr selinux apparmor fips ssh_pub_keys caps python systemd mounts".split(" "),
  ..."devices interfaces default_ipv4 default_ipv6 all_ipv4_addresses all_ipv6_addresses".split(" "),
  ..."virtualization_type virtualization_role memory processor loadavg chroot fibre_channel_wwn iscsi nvme".split(" "),
]);

const parts: { readonly [subset: string]: "hardware" | "network" | "virtual" } = {
  hardware: "hardware",
  mounts: "hardware",
  devices: "hardware",
  memory: "hardware",
  processor: "hardware",
  network: "network",
  interfaces: "network",
  default_ipv4: "network",
  default_ipv6: "network",
  all_ipv4_addresses: "network",
  all_ipv6_addresses: "network",
  virtual: "virtual",
  virtualization_type: "virtual",
  virtualization_role: "virtual",
};

/** Which of the facts about the platform belong to a subset; all are looked up in any case. */
const namesOf: { readonly [subset: string]: RegExp } = {
  platform:
    /^(system|kernel|kernel_version|machine|architecture|userspace_.*|nodename|hostname|fqdn|domain|machine_id)$/,
  distribution: /^(distribution.*|os_family)$/,
  pkg_mgr: /^pkg_mgr$/,
  service_mgr: /^service_mgr$/,
  selinux: /^selinux/,
  apparmor: /^apparmor$/,
  fips: /^fips$/,
  lsb: /^lsb$/,
  cmdline: /^(proc_)?cmdline$/,
  dns: /^dns$/,
  user: /^(user|real|effective)_/,
  env: /^env$/,
  date_time: /^date_time$/,
  ssh_pub_keys: /^ssh_host_key_/,
  chroot: /^is_chroot$/,
  iscsi: /^iscsi_iqn$/,
  loadavg: /^loadavg$/,
};

/** What is gathered unless `!min` leaves it out. */
const minimal = [
  ..."apparmor caps cmdline date_time distribution dns env fips local lsb pkg_mgr platform python".split(" "),
  ..."selinux service_mgr ssh_pub_keys user".split(" "),
];

/** What Ansible gathers along with a subset, even where `!min` leaves it out. */
const needs: { readonly [subset: string]: readonly string[] } = {
  network: ["distribution", "platform"],
  hardware: ["platform"],
  pkg_mgr: ["distribution"],
  service_mgr: ["distribution", "platform"],
};

/**
 * The subsets that a gather_subset asks for. Negations without anything else mean "all but these".
 * @throws ModuleFailure for a name that Ansible too would refuse
 */
export function wantedSubsets(subset: readonly string[]): ReadonlySet<string> {
  const everything = [...known].filter((name) => name !== "all" && name !== "min");
  const wanted = new Set<string>();
  const unwanted = new Set<string>();
  const named = new Set<string>();
  for (const item of subset) {
    const negated = item.startsWith("!");
    const name = negated ? item.slice(1) : item;
    if (!known.has(name)) {
      throw new ModuleFailure(
        `Bad subset '${item}' given to Ansible. gather_subset options allowed: ${[...known].join(", ")}`,
      );
    }
    const meant = name === "min" ? minimal : name !== "all" ? withAliases(name) : everything;
    // `!all` leaves the minimum, for which there is `!min`.
    for (const each of meant) {
      if (!negated) wanted.add(each);
      else if (name !== "all" || !minimal.includes(each)) unwanted.add(each);
    }
    if (!negated && name !== "min" && name !== "all") named.add(name);
  }
  const asked = wanted.size === 0 ? everything : [...minimal, ...wanted];
  const gathered = new Set(asked.filter((name) => named.has(name) || !unwanted.has(name)));
  for (const name of [...gathered]) for (const other of needs[parts[name] ?? name] ?? []) gathered.add(other);
  return gathered;
}

/** `!hardware` leaves out what is a name for a piece of it too. */
function withAliases(name: string): string[] {
  return [name, ...Object.keys(parts).filter((each) => each !== name && parts[each] === name)];
}

/** Which sections a gather_subset asks for. */
export function factSections(subset: readonly string[], factPath: string): FactSections {
  const wanted = wantedSubsets(subset);
  const has = (part: string) => [...wanted].some((name) => parts[name] === part);
  return {
    hardware: has("hardware"),
    network: has("network"),
    virtual: has("virtual"),
    factPath: wanted.has("local") ? factPath : undefined,
  };
}

/** The reply of the facts' script as facts, `ansible_` before each name. */
export function decodeFacts(
  reply: Reply,
  sections: FactSections,
  subset: readonly string[],
  filter: readonly string[],
): Dict {
  const wanted = wantedSubsets(subset);
  const found = splitSections(reply.stdout.toString("utf8"));
  const facts: Dict = {
    ...Object.fromEntries(Object.entries(platformFacts(found)).filter(([name]) => belongs(name, wanted))),
    ...(sections.network ? networkFacts(found) : {}),
    ...(sections.hardware ? hardwareFacts(found) : {}),
    ...(sections.virtual ? virtualFacts(found) : {}),
    ...(sections.factPath === undefined ? {} : { local: localFacts(found) }),
  };
  const patterns = filter
    .filter((pattern) => pattern !== "")
    .map((pattern) => picomatch(pattern, { dot: true, bash: true }));
  const result: Dict = Object.create(null);
  for (const [name, value] of Object.entries(facts)) {
    const full = `ansible_${name}`;
    if (patterns.length === 0 || patterns.some((matches) => matches(full) || matches(name))) result[full] = value;
  }
  for (const [name, value] of Object.entries({ gather_subset: [...subset], module_setup: true })) {
    if (patterns.length === 0 || patterns.some((matches) => matches(name))) result[name] = value;
  }
  return result;
}

function belongs(name: string, wanted: ReadonlySet<string>): boolean {
  return Object.entries(namesOf).some(([subset, names]) => wanted.has(subset) && names.test(name));
}
