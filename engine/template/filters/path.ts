import { realpathSync } from "node:fs";
import { posix, win32 } from "node:path";
import { fail, type Item, iterate, text, tuple } from "../item.ts";
import { expandHome } from "../lookups/find-file.ts";
import { globFiles } from "../lookups/glob.ts";
import { type Family, plugin } from "../plugin.ts";

/** Python's `os.path.basename`: nothing after a last slash. */
function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Python's `os.path.dirname`. */
function dirName(path: string): string {
  const head = path.slice(0, path.lastIndexOf("/") + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, "");
}

function splitExtension(path: string): [string, string] {
  const base = baseName(path);
  const dot = base.replace(/^\.+/, (dots) => "\0".repeat(dots.length)).lastIndexOf(".");
  return dot < 0 ? [path, ""] : [path.slice(0, path.length - base.length + dot), base.slice(dot)];
}

function normalize(path: string): string {
  if (path === "") return ".";
  const result = posix.normalize(path);
  return result.length > 1 ? result.replace(/\/$/, "") : result;
}

/** Python's `os.path.join`: an absolute part starts anew. */
function joinPaths(parts: readonly string[]): string {
  return parts.reduce(
    (path, part) => (part.startsWith("/") || path === "" ? part : path.endsWith("/") ? path + part : `${path}/${part}`),
    "",
  );
}

function commonPath(paths: readonly string[]): string {
  if (paths.length === 0) return fail("commonpath needs at least one path");
  const split = paths.map((path) => normalize(path).split("/"));
  const [first = []] = split;
  let length = 0;
  while (length < first.length && split.every((each) => each[length] === first[length])) length++;
  const result = first.slice(0, length).join("/");
  return result === "" && paths.every((path) => path.startsWith("/")) ? "/" : result;
}

function realPath(path: string): string {
  const absolute = posix.resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = posix.dirname(absolute);
    return parent === absolute ? absolute : posix.join(realPath(parent), posix.basename(absolute));
  }
}

function expandVariables(value: string): string {
  return value.replace(
    /\$(?:\{([^}]+)\}|(\w+))/g,
    (whole, braced: string | undefined, bare: string | undefined) => process.env[braced ?? bare ?? ""] ?? whole,
  );
}

function onText(run: (path: string) => Item) {
  return plugin("", (input) => run(text(input)));
}

/** Filters on paths; POSIX ones unless the name begins with `win_`. */
export const pathFilters: Family = {
  basename: onText(baseName),
  commonpath: plugin("", (input) => commonPath(iterate(input).map(text))),
  dirname: onText(dirName),
  expanduser: onText((path) => (path.startsWith("~") ? expandHome(path) : path)),
  expandvars: onText(expandVariables),
  fileglob: onText((pattern) => globFiles(pattern)),
  normpath: onText(normalize),
  path_join: plugin("", (input) => joinPaths((Array.isArray(input) ? input : [input]).map(text))),
  realpath: onText(realPath),
  relpath: plugin(
    "start",
    (input, { start }) => posix.relative(start === undefined ? process.cwd() : text(start), text(input)) || ".",
  ),
  splitext: onText((path) => tuple(...splitExtension(path))),
  win_basename: onText((path) => win32.basename(path)),
  win_dirname: onText((path) => {
    const head = path.slice(0, Math.max(path.lastIndexOf("\\"), path.lastIndexOf("/"), path.indexOf(":")) + 1);
    return /^(?:[A-Za-z]:)?[\\/]*$/.test(head) ? head : head.replace(/[\\/]+$/, "");
  }),
  win_splitdrive: onText((path) => {
    const drive = /^(?:[A-Za-z]:|\\\\[^\\]+\\[^\\]+)/.exec(path)?.[0] ?? "";
    return tuple(drive, path.slice(drive.length));
  }),
};
