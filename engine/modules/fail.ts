import { Type } from "@sinclair/typebox";
import { dict } from "../source/value.ts";
import { anything } from "./argument-types.ts";
import { controllerModule } from "./contract.ts";

export default controllerModule({
  name: "fail",
  summary: "Fail with a message.",
  collection: "ansible.builtin.fail",
  args: Type.Object({ msg: anything("Why.", { default: "Failed as requested from task" }) }),
  example: "- ansible.builtin.fail:\n    msg: The host has no label.\n  when: label is not defined\n",
  returns: { msg: "the message" },

  run: (args) => ({ changed: false, failed: true, result: dict([["msg", args.msg]]) }),
});
