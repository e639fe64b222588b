import { Type } from "@sinclair/typebox";
import { controllerModule, ModuleFailure } from "../modules/contract.ts";

/**
 * Stands for a module that play does not have, so that the task has its condition and its loop all the same: roles for
 * many systems name modules that this host never comes to. Where it is reached it fails before its arguments are read.
 */
export const missingModule = controllerModule({
  name: "",
  summary: "A module that play does not have.",
  collection: "",
  args: Type.Object({}, { additionalProperties: true }),
  example: "",
  run() {
    throw new ModuleFailure("there is no such module");
  },
});
