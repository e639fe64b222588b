import { readFileSync } from "node:fs";
import type { Position } from "../source/diagnostic.ts";
import { dict } from "../source/value.ts";
import { hasTemplate } from "../template/templar.ts";
import { written as asWritten, ready, stack } from "../vars/precedence.ts";
import { createTaskVars } from "../vars/task-vars.ts";
import type { LoadContext } from "./context.ts";
import type { Scope } from "./scope.ts";

/** A name in an import: known before the run, from extra variables and those written around it. */
export function staticText(
  written: string,
  scope: Pick<Scope, "vars" | "playVars" | "role" | "searchPath" | "folder">,
  context: LoadContext,
  at: Position,
): string | undefined {
  if (!hasTemplate(written)) return written;
  const { role } = scope;
  const magic = dict([["playbook_dir", scope.searchPath.at(-1) ?? scope.folder]]);
  if (role) Object.assign(magic, { role_path: role.path, role_name: role.name });
  const { templar } = createTaskVars({
    layers: stack({
      "role defaults": role ? [asWritten("defaults", role.defaults)] : [],
      "play vars": [asWritten("play vars", scope.playVars)],
      "role vars": role ? [asWritten("vars", role.vars)] : [],
      "task vars": [asWritten("task vars", scope.vars)],
      "role params": role ? [asWritten("params", role.params)] : [],
      "extra vars": [asWritten("extra vars", context.extraVars)],
      "magic variables": [ready("magic variables", magic)],
    }),
    context: {
      searchPath: scope.searchPath,
      readFile: (path) => readFileSync(path),
      decrypt: (text) => context.decrypt(text),
      warn: () => {},
    },
  });
  try {
    return String(templar.render(written, at));
  } catch (error) {
    context.notes.error(
      "import-template",
      `the name of an import must be known before the run: ${error instanceof Error ? error.message : String(error)}`,
      at,
      "Use include_tasks or include_role, or give the variable with -e or `vars`.",
    );
    return undefined;
  }
}
