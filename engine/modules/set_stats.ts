import { Type } from "@sinclair/typebox";
import { dict } from "../source/value.ts";
import { flag, mapping } from "./argument-types.ts";
import { controllerModule } from "./contract.ts";

export default controllerModule({
  name: "set_stats",
  summary: "Set values that the recap shows.",
  collection: "ansible.builtin.set_stats",
  args: Type.Object({
    data: mapping("The values by name."),
    per_host: flag("Keep them apart for each host."),
    aggregate: flag("Add to what is there: sums, joined lists and dicts.", true),
  }),
  example: "- ansible.builtin.set_stats:\n    data:\n      upgraded: 1\n",
  returns: { ansible_stats: "what was set" },

  run: (args) => ({
    changed: false,
    result: dict([
      [
        "ansible_stats",
        dict([
          ["data", args.data],
          ["per_host", args.per_host],
          ["aggregate", args.aggregate],
        ]),
      ],
    ]),
    stats: { data: args.data, perHost: args.per_host, aggregate: args.aggregate },
  }),
});
