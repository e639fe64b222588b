import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/**
 * The first file or folder of a name along the search path: in each folder first its `files`, `templates` or `vars`,
 * then the folder itself.
 */
export function findFile(name: string, folder: string, searchPath: readonly string[]): string | undefined {
  const wanted = expandHome(name);
  if (isAbsolute(wanted)) return existsSync(wanted) ? wanted : undefined;
  for (const path of searchPath)
    for (const candidate of [join(path, folder, wanted), join(path, wanted)])
      if (existsSync(candidate)) return resolve(candidate);
  return undefined;
}

/** `~` and `~/x` as the controller's user means them. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
}
