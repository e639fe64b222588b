import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { dict } from "../source/value.ts";
import { text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";

export default stateModule({
  name: "ping",
  summary: "See whether the host answers.",
  collection: "ansible.builtin.ping",
  args: Type.Object({ data: text("What comes back; `crash` fails.", { default: "pong" }) }),
  freeForm: "data",
  example: "- ansible.builtin.ping:\n",
  returns: { ping: "the data" },

  *look(args): Look<Plan> {
    if (args.data === "crash") throw new ModuleFailure("boom");
    yield* ask({ kind: "ping", subject: "", script: sh`:`, decode: () => true });
    return { result: dict([["ping", args.data]]) };
  },
});
