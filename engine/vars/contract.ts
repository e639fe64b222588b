import type { Dict, Value } from "../source/value.ts";
import type { Templar } from "../template/contract.ts";

/**
 * One layer of variables. `templated` layers hold data as written (rendered lazily, once, when read); the others
 * hold data that came from hosts or were rendered already, and are never templated.
 */
export interface Layer {
  readonly name: string;
  readonly values: Dict;
  readonly templated: boolean;
}

/** What is remembered of a host during a run; the run room owns it. */
export interface HostState {
  readonly name: string;
  /** Facts, under ansible_facts' names without the prefix. */
  facts: Dict;
  /** set_fact, register: rendered values. */
  setFacts: Dict;
  /** set_fact with cacheable, and facts that modules name without `ansible_`; below play vars. */
  cachedFacts: Dict;
  /** include_vars: templated. */
  includedVars: Dict;
}

/** All variables a task sees on one host, by Ansible's precedence (vars/precedence.ts holds the one table). */
export interface TaskVars {
  readonly templar: Templar;
  lookup(name: string): Value | undefined;
  names(): Iterable<string>;
  /** A view with further layers on top: loop variables, include params, `vars` of a retry. */
  with(layer: Layer): TaskVars;
}
