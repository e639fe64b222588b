import { existsSync, readFileSync } from "node:fs";
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

/** `~` and `~/x` as the controller's user means them, `~ann/x` as its passwd does. */
export function expandHome(path: string): string {
  const user = /^~([^/]*)/.exec(path)?.[1];
  if (user === undefined) return path;
  const home = user === "" ? homedir() : homeOf(user);
  return home === undefined ? path : home + path.slice(user.length + 1);
}

function homeOf(user: string): string | undefined {
  const entries = existsSync("/etc/passwd") ? readFileSync("/etc/passwd", "utf8").split("\n") : [];
  return entries.map((line) => line.split(":")).find(([name]) => name === user)?.[5];
}
