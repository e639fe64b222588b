import { Type } from "@sinclair/typebox";
import { controllerModule, type Module } from "../modules/contract.ts";
import { findModule, moduleNames, shortName } from "../modules/registry.ts";
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
      args: Type.Object(
        {
          argument_spec: Type.Optional(
            Type.Any({ description: "The options, as under `options` of argument_specs.yml." }),
          ),
          provided_arguments: Type.Optional(
            Type.Any({ description: "Values that count before the variables of the same names." }),
          ),
          validate_args_context: Type.Optional(Type.Any({ description: "Said again in the result." })),
        },
        { additionalProperties: true },
      ),
      example: "- ansible.builtin.validate_argument_spec:\n    argument_spec:\n      port: {type: int}\n",
      returns: { argument_errors: "what is wrong, a text each, where something is" },
      run: (args, context) => validateArgumentSpec(args as Parameters<typeof validateArgumentSpec>[0], context),
    }),
  ],
]);

/** The short names of all modules, those of the engine among them, in alphabetical order. */
export function engineModuleNames(): string[] {
  return [...own.keys(), ...moduleNames()].sort();
}

const loaded = new Map<string, Module | undefined>();

/** The module of a task; undefined where there is none. Imported once. */
export async function engineModule(name: string): Promise<Module | undefined> {
  const mine = own.get(shortName(name)) ?? loaded.get(name);
  if (mine) return mine;
  const found = await findModule(name);
  loaded.set(name, found);
  return found;
}

/** The same without waiting: undefined too where it was not imported yet. */
export function loadedModule(name: string): Module | undefined {
  return own.get(name) ?? loaded.get(name);
}
