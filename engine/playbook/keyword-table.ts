/** What a keyword's value may be, when it is not a template. */
export type Kind =
  | "any"
  | "boolean"
  | "number"
  | "text"
  | "list"
  | "mapping"
  | "mapping-or-list"
  | "conditions"
  | "tags"
  | "items";

/** Keywords that plays, roles, blocks and tasks share. */
export const base: { readonly [keyword: string]: Kind } = {
  name: "any",
  connection: "text",
  port: "number",
  remote_user: "text",
  vars: "mapping",
  module_defaults: "mapping-or-list",
  environment: "any",
  no_log: "boolean",
  run_once: "boolean",
  ignore_errors: "boolean",
  ignore_unreachable: "boolean",
  check_mode: "boolean",
  diff: "boolean",
  any_errors_fatal: "boolean",
  throttle: "number",
  timeout: "number",
  debugger: "text",
  become: "boolean",
  become_method: "text",
  become_user: "text",
  become_flags: "text",
  become_exe: "text",
  collections: "list",
  tags: "tags",
};

export const play: { readonly [keyword: string]: Kind } = {
  ...base,
  hosts: "any",
  gather_facts: "boolean",
  gather_subset: "list",
  gather_timeout: "number",
  fact_path: "text",
  vars_files: "any",
  vars_prompt: "any",
  roles: "list",
  handlers: "items",
  pre_tasks: "items",
  tasks: "items",
  post_tasks: "items",
  force_handlers: "boolean",
  max_fail_percentage: "number",
  serial: "any",
  strategy: "text",
  order: "text",
  user: "text",
};

export const block: { readonly [keyword: string]: Kind } = {
  ...base,
  block: "items",
  rescue: "items",
  always: "items",
  when: "conditions",
  notify: "any",
  delegate_to: "text",
  delegate_facts: "boolean",
};

export const task: { readonly [keyword: string]: Kind } = {
  ...base,
  action: "any",
  local_action: "any",
  args: "any",
  async: "number",
  poll: "number",
  changed_when: "conditions",
  failed_when: "conditions",
  delay: "number",
  retries: "number",
  until: "conditions",
  loop: "any",
  loop_control: "mapping",
  register: "text",
  notify: "any",
  when: "conditions",
  delegate_to: "text",
  delegate_facts: "boolean",
};

export const handler: { readonly [keyword: string]: Kind } = { ...task, listen: "any" };

export const role: { readonly [keyword: string]: Kind } = {
  ...base,
  role: "text",
  when: "conditions",
  delegate_to: "text",
  delegate_facts: "boolean",
};

export const loopControl: readonly string[] = [
  "loop_var",
  "index_var",
  "label",
  "pause",
  "extended",
  "extended_allitems",
  "break_when",
];

/** What `with_X` may name; each is a lookup. */
export const withLookups: readonly string[] = [
  "items",
  "list",
  "dict",
  "first_found",
  "together",
  "nested",
  "cartesian",
  "subelements",
  "fileglob",
  "filetree",
  "sequence",
  "inventory_hostnames",
  "indexed_items",
  "flattened",
  "random_choice",
  "lines",
  "file",
  "ini",
  "env",
  "vars",
  "varnames",
  "password",
  "pipe",
  "template",
  "url",
  "csvfile",
];

/** Keywords that include_tasks and include_role do not take, because the tasks they bring have their own. */
export const refusedOnIncludes: readonly string[] = [
  "async",
  "poll",
  "changed_when",
  "failed_when",
  "until",
  "retries",
  "delay",
  "become",
  "become_user",
  "become_method",
  "notify",
  "delegate_to",
  "environment",
];

/** Modules of ansible-core that play does not have: a task of one is refused when it is reached, or with --strict. */
export const lacking: ReadonlySet<string> = new Set([
  "debconf",
  "expect",
  "mount_facts",
  "subversion",
  "synchronize",
  "selinux",
  "seboolean",
  "firewalld",
  "ufw",
  "mysql_user",
  "mysql_db",
  "openssl_privatekey",
  "x509_certificate",
  "alternatives",
  "archive",
  "lvol",
  "lvg",
  "pacman",
  "zypper",
  "composer",
  "npm",
  "openssh_keypair",
  "apache2_module",
]);

/** What does the work of a module that play does not have: the hint of its refusal. */
export const instead: { readonly [module: string]: string } = {
  alternatives: "Use a command task with update-alternatives.",
  archive: "Use a command task with tar, and creates.",
  debconf: "Use a command task with debconf-set-selections.",
  expect: "Use a command task that gives the answers by its stdin.",
  firewalld: "Use a command task with firewall-cmd.",
  mount_facts: "Use setup: the facts have ansible_mounts.",
  seboolean: "Use a command task with setsebool.",
  selinux: "Use a command task with setenforce, and lineinfile for /etc/selinux/config.",
  subversion: "Use a command task with svn.",
  synchronize: "Use copy with a folder, or a command task with rsync and delegate_to: localhost.",
  ufw: "Use a command task with ufw.",
};
