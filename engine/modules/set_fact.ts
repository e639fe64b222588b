import { Type } from "@sinclair/typebox";
import { dict } from "../source/value.ts";
import { flag } from "./argument-types.ts";
import { controllerModule, ModuleFailure } from "./contract.ts";

export default controllerModule({
  name: "set_fact",
  summary: "Set variables of the host.",
  collection: "ansible.builtin.set_fact",
  args: Type.Object({ cacheable: flag("Keep them as facts too.") }, { additionalProperties: true }),
  example: "- ansible.builtin.set_fact:\n    app_port: 8080\n",
  returns: { ansible_facts: "the variables" },

  run({ cacheable, ...given }) {
    const variables = dict(Object.entries(dict(Object.entries(given as object))));
    const names = Object.keys(variables);
    if (names.length === 0)
      throw new ModuleFailure("No key/value pairs provided, at least one is required for this action to succeed");
    for (const name of names) {
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        throw new ModuleFailure(
          `The variable name '${name}' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.`,
        );
      }
    }
    return {
      changed: false,
      result: dict([["ansible_facts", variables]]),
      facts: { variables, cacheable, layer: "set_fact" },
    };
  },
});
