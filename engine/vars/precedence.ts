import type { Layer } from "./contract.ts";

/**
 * Ansible's published order, lowest first: the one place that knows it. (Its first level, values of the command line
 * such as `-u`, are no variables; run/target.ts puts them below the connection variables.)
 */
export const precedence = [
  "role defaults",
  "inventory file group vars",
  "inventory group_vars/all",
  "playbook group_vars/all",
  "inventory group_vars/*",
  "playbook group_vars/*",
  "inventory file host vars",
  "inventory host_vars/*",
  "playbook host_vars/*",
  "host facts and cached set_fact",
  "play vars",
  "vars_prompt",
  "vars_files",
  "role vars",
  "block vars",
  "task vars",
  "include_vars",
  "set_fact and register",
  "role params",
  "include params",
  "extra vars",
  "magic variables",
] as const;

export type Level = (typeof precedence)[number];

/** Layers by level; within a level the later wins. */
export type Leveled = { readonly [level in Level]?: readonly Layer[] };

/** Brings layers of any number of sources into one list, lowest first. */
export function stack(...sources: readonly Leveled[]): Layer[] {
  return precedence.flatMap((level) => sources.flatMap((source) => source[level] ?? []));
}

/** Values as written, which are rendered when they are read. */
export function written(name: string, values: Layer["values"]): Layer {
  return { name, values, templated: true };
}

/** Values that came from hosts or were rendered already. */
export function ready(name: string, values: Layer["values"]): Layer {
  return { name, values, templated: false };
}
