import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { Diagnostic, Position } from "../source/diagnostic.ts";
import { missingHint } from "../source/missing-file.ts";
import type { Scope } from "./scope.ts";

/** Where a file of tasks may be: beside the including file, in the role's tasks/, in the folders of the search path. */
export function findTaskFile(name: string, scope: Searched): string | undefined {
  return taskFilePlaces(name, scope).find((place) => existsSync(place));
}

type Searched = Pick<Scope, "folder" | "role" | "searchPath" | "isHandler">;

function taskFilePlaces(name: string, scope: Searched): string[] {
  if (isAbsolute(name)) return [name];
  const places = [
    join(scope.folder, name),
    ...(scope.role
      ? [join(scope.role.path, scope.isHandler ? "handlers" : "tasks", name), join(scope.role.path, "tasks", name)]
      : []),
    ...scope.searchPath.flatMap((folder) => [join(folder, "tasks", name), join(folder, name)]),
  ];
  return places.map((place) => resolve(place));
}

/** Says that a file of tasks is at none of its places. */
export function noTaskFile(name: string, scope: Searched, at: Position): Diagnostic {
  return {
    code: "file-missing",
    severity: "error",
    summary: `there is no file of tasks ${name}`,
    at,
    hint: missingHint(name, taskFilePlaces(name, scope)),
  };
}
