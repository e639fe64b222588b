import { type Dict, dict } from "../source/value.ts";
import type { HostState } from "./contract.ts";
import { type Leveled, ready } from "./precedence.ts";

const injected = new WeakMap<Dict, Dict>();

/** Facts as variables: `ansible_facts`, and each under `ansible_NAME` too. */
export function factVars(facts: Dict): Dict {
  const known = injected.get(facts);
  if (known) return known;
  const result = dict();
  for (const name of Object.keys(facts)) {
    result[name.startsWith("ansible_") ? name : `ansible_${name}`] = facts[name] ?? null;
  }
  result["ansible_facts"] = facts;
  injected.set(facts, result);
  return result;
}

/** What is remembered of a host, in the levels it belongs to. */
export function hostStateVars(state: HostState): Leveled {
  return {
    "host facts and cached set_fact": [
      ready("facts", factVars(state.facts)),
      ready("cached set_fact", state.cachedFacts),
    ],
    include_vars: [{ name: "include_vars", values: state.includedVars, templated: true }],
    "set_fact and register": [ready("set_fact", state.setFacts)],
  };
}
