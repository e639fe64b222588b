import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { globSync } from "tinyglobby";
import { expandHome } from "./find-file.ts";

/** The files (not folders) that a shell pattern matches, sorted. */
export function globFiles(pattern: string, folder = process.cwd()): string[] {
  const wanted = expandHome(pattern);
  const absolute = isAbsolute(wanted) ? wanted : resolve(folder, wanted);
  const found = globSync(absolute, {
    absolute: true,
    dot: false,
    onlyFiles: false,
    expandDirectories: false,
    followSymbolicLinks: true,
  });
  return found.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile()).sort();
}
