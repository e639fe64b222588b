import type { Module } from "./contract.ts";

/*
 * Every module by its short name. Each file exports its module as the default; it is imported when a playbook first
 * names it, so that a short run loads little.
 */
type Load = () => Promise<{ readonly default: Module }>;

const files: { readonly [name: string]: Load } = {
  // files
  assemble: () => import("./assemble.ts"),
  blockinfile: () => import("./blockinfile.ts"),
  copy: () => import("./copy.ts"),
  fetch: () => import("./fetch.ts"),
  file: () => import("./file.ts"),
  find: () => import("./find.ts"),
  get_url: () => import("./get_url.ts"),
  ini_file: () => import("./ini_file.ts"),
  lineinfile: () => import("./lineinfile.ts"),
  replace: () => import("./replace.ts"),
  slurp: () => import("./slurp.ts"),
  stat: () => import("./stat.ts"),
  tempfile: () => import("./tempfile.ts"),
  template: () => import("./template.ts"),
  unarchive: () => import("./unarchive.ts"),
  // commands and network
  command: () => import("./command.ts"),
  ping: () => import("./ping.ts"),
  raw: () => import("./raw.ts"),
  reboot: () => import("./reboot.ts"),
  script: () => import("./script.ts"),
  shell: () => import("./shell.ts"),
  uri: () => import("./uri.ts"),
  wait_for: () => import("./wait_for.ts"),
  wait_for_connection: () => import("./wait_for_connection.ts"),
  // accounts and keys
  authorized_key: () => import("./authorized_key.ts"),
  getent: () => import("./getent.ts"),
  known_hosts: () => import("./known_hosts.ts"),
  // the controller alone
  add_host: () => import("./add_host.ts"),
  assert: () => import("./assert.ts"),
  debug: () => import("./debug.ts"),
  fail: () => import("./fail.ts"),
  group_by: () => import("./group_by.ts"),
  include_vars: () => import("./include_vars.ts"),
  pause: () => import("./pause.ts"),
  set_fact: () => import("./set_fact.ts"),
  set_stats: () => import("./set_stats.ts"),
  // the system
  apt: () => import("./apt.ts"),
  apt_key: () => import("./apt_key.ts"),
  apt_repository: () => import("./apt_repository.ts"),
  consul_kv: () => import("./consul_kv.ts"),
  cron: () => import("./cron.ts"),
  deb822_repository: () => import("./deb822_repository.ts"),
  dpkg_selections: () => import("./dpkg_selections.ts"),
  dnf: () => import("./dnf.ts"),
  git: () => import("./git.ts"),
  group: () => import("./group.ts"),
  hostname: () => import("./hostname.ts"),
  iptables: () => import("./iptables.ts"),
  modprobe: () => import("./modprobe.ts"),
  mount: () => import("./mount.ts"),
  package: () => import("./package.ts"),
  package_facts: () => import("./package_facts.ts"),
  pip: () => import("./pip.ts"),
  rpm_key: () => import("./rpm_key.ts"),
  service: () => import("./service.ts"),
  service_facts: () => import("./service_facts.ts"),
  setup: () => import("./setup.ts"),
  sysctl: () => import("./sysctl.ts"),
  systemd: () => import("./systemd.ts"),
  sysvinit: () => import("./sysvinit.ts"),
  timezone: () => import("./timezone.ts"),
  user: () => import("./user.ts"),
  yum_repository: () => import("./yum_repository.ts"),
  // docker
  docker_compose: () => import("./docker_compose.ts"),
  docker_container: () => import("./docker_container.ts"),
  docker_container_exec: () => import("./docker_container_exec.ts"),
  docker_container_info: () => import("./docker_container_info.ts"),
  docker_host_info: () => import("./docker_host_info.ts"),
  docker_image: () => import("./docker_image.ts"),
  docker_image_info: () => import("./docker_image_info.ts"),
  docker_image_load: () => import("./docker_image_load.ts"),
  docker_network: () => import("./docker_network.ts"),
  docker_network_info: () => import("./docker_network_info.ts"),
  docker_volume: () => import("./docker_volume.ts"),
  docker_volume_info: () => import("./docker_volume_info.ts"),
};

/** Other names of the same module. */
const aliases: { readonly [alias: string]: string } = {
  gather_facts: "setup",
  systemd_service: "systemd",
  yum: "dnf",
  dnf5: "dnf",
  docker_compose_v2: "docker_compose",
  docker_info: "docker_host_info",
};

const collections = [
  "ansible.builtin",
  "ansible.legacy",
  "ansible.posix",
  "community.general",
  "community.docker",
  "community.crypto",
  "containers.podman",
];

/**
 * The module of a short or fully qualified name (`copy`, `ansible.builtin.copy`), loaded on first use; undefined
 * where there is none.
 */
export async function findModule(name: string): Promise<Module | undefined> {
  const load = loader(name);
  return load && (await load()).default;
}

/** Whether such a module exists, without loading it. */
export function hasModule(name: string): boolean {
  return loader(name) !== undefined;
}

/** The short names of all modules, aliases included, in alphabetical order. */
export function moduleNames(): string[] {
  return [...Object.keys(files), ...Object.keys(aliases)].sort();
}

/** `ansible.builtin.copy` → `copy`, for the collections whose modules are known; any other name as it is. */
export function shortName(name: string): string {
  for (const collection of collections) {
    if (name.startsWith(`${collection}.`)) return name.slice(collection.length + 1);
  }
  return name;
}

function loader(name: string): Load | undefined {
  const short = shortName(name);
  const target = Object.hasOwn(aliases, short) ? aliases[short] : short;
  return target !== undefined && Object.hasOwn(files, target) ? files[target] : undefined;
}
