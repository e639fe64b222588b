import { Type } from "@sinclair/typebox";
import { dict, Unknown } from "../source/value.ts";
import { anything, flag, list, optional } from "./argument-types.ts";
import { controllerModule } from "./contract.ts";

export default controllerModule({
  name: "assert",
  summary: "Fail unless conditions hold.",
  collection: "ansible.builtin.assert",
  args: Type.Object({
    that: list(anything("A condition, as in `when`."), "The conditions."),
    fail_msg: optional(anything("What to say where one does not hold.")),
    success_msg: optional(anything("What to say where all hold.")),
    quiet: flag("Say little where all hold."),
  }),
  argAliases: { msg: "fail_msg" },
  example:
    "- ansible.builtin.assert:\n    that:\n      - web_scale | int > 0\n    fail_msg: web_scale must be positive\n",
  returns: { assertion: "the condition that does not hold", msg: "the message" },

  run(args, context) {
    let open: Unknown | undefined;
    const shown = args.quiet ? {} : ({ shown: "all" } as const);
    for (const condition of args.that) {
      const holds = typeof condition === "string" ? context.test(condition) : truth(condition);
      if (holds instanceof Unknown) open ??= holds;
      else if (!holds) {
        return {
          changed: false,
          failed: true,
          ...shown,
          result: dict([
            ["assertion", condition],
            ["evaluated_to", false],
            ["msg", args.fail_msg ?? "Assertion failed"],
          ]),
        };
      }
    }
    // Whether it will hold is known after the run; what is known already did.
    if (open) return { changed: false, result: dict([["msg", open]]) };
    return { changed: false, ...shown, result: dict([["msg", args.success_msg ?? "All assertions passed"]]) };
  },
});

function truth(value: unknown): boolean | Unknown {
  return value instanceof Unknown ? value : Boolean(value);
}
