import { Type } from "@sinclair/typebox";
import { controllerModule, type Module } from "../modules/contract.ts";
import { findModule } from "../modules/registry.ts";
import { validateArgumentSpec } from "./argument-spec.ts";
import { asyncStatus } from "./job.ts";

/** Modules that only the engine can be, since they are about the run itself. */
const own: ReadonlyMap<string, Module> = new Map([
  ["async_status", asyncStatus],
  [
    "validate_argument_spec",
    controllerModule({
      name: "validate_argument_spec",
      summary: "Check a role's variables against its argument_specs.",
      collection: "ansible.builtin.validate_argument_spec",
      args: Type.Object({}, { additionalProperties: true }),
      example: "- ansible.builtin.validate_argument_spec:\n    argument_spec:\n      port: {type: int}\n",
      run: (args, context) => validateArgumentSpec(args as Parameters<typeof validateArgumentSpec>[0], context),
    }),
  ],
]);

const loaded = new Map<string, Module | undefined>();

/** The module of a task; undefined where there is none. Imported once. */
export async function engineModule(name: string): Promise<Module | undefined> {
  const mine = own.get(name) ?? loaded.get(name);
  if (mine) return mine;
  const found = await findModule(name);
  loaded.set(name, found);
  return found;
}

/** The same without waiting: undefined too where it was not imported yet. */
export function loadedModule(name: string): Module | undefined {
  return own.get(name) ?? loaded.get(name);
}
