import { Type } from "@sinclair/typebox";
import { DiagnosticError } from "../source/diagnostic.ts";
import { dict, type Value } from "../source/value.ts";
import { anything, integer, optional } from "./argument-types.ts";
import { controllerModule, type ModuleContext } from "./contract.ts";

export default controllerModule({
  name: "debug",
  summary: "Show a message or a variable.",
  collection: "ansible.builtin.debug",
  args: Type.Object({
    msg: optional(anything("What to show; `Hello world!` if left away.")),
    var: optional(anything("An expression whose value is shown.")),
    verbosity: integer("Shown only from this many -v on.", { default: 0 }),
  }),
  mutuallyExclusive: [["msg", "var"]],
  example: '- ansible.builtin.debug:\n    msg: "{{ inventory_hostname }} is up"\n',
  returns: { msg: "the message" },

  run(args, context) {
    const verbosity = context.variable("ansible_verbosity");
    if (args.verbosity > (typeof verbosity === "number" ? verbosity : 0)) {
      return { changed: false, skipped: true, result: dict([["skipped_reason", "Verbosity threshold not met."]]) };
    }
    const shown = "message";
    if (args.var === undefined) {
      return { changed: false, shown, result: dict([["msg", args.msg === undefined ? "Hello world!" : args.msg]]) };
    }
    if (typeof args.var !== "string")
      return { changed: false, shown, result: dict([[JSON.stringify(args.var), args.var]]) };
    return { changed: false, shown, result: dict([[args.var, evaluated(args.var, context)]]) };
  },
});

function evaluated(expression: string, context: ModuleContext): Value {
  try {
    return context.evaluate(expression);
  } catch (error) {
    // An attribute that is not there, too: what was skipped has few.
    if (error instanceof DiagnosticError && error.diagnostics.every(({ code }) => code === "undefined-variable"))
      return "VARIABLE IS NOT DEFINED!";
    throw error;
  }
}
