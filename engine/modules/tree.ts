import type { Reply, Script } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import { ModuleFailure, type Predictions, type Query } from "./contract.ts";
import { assign, decodeName, isBelow, normalise } from "./path-names.ts";
import { overlay } from "./path-overlay.ts";
import type { FileType, PathState, PresentPath } from "./paths.ts";

export interface TreeOptions {
  /** How deep below the folder; 1: its own entries. Default: all. */
  readonly depth?: number;
  /** Look through links. */
  readonly follow?: boolean;
}

/**
 * Everything below a folder, in the order of find(1), without the folder itself; nothing where there is no such
 * folder. Predicted changes below it are laid over the list.
 */
export function tree(folder: string, options: TreeOptions = {}): Query<PresentPath[]> {
  const path = normalise(folder);
  return {
    kind: "tree",
    subject: path,
    detail: `${options.depth ?? "all"} ${options.follow ? "follow" : ""}`,
    script: listing(path, options),
    decode,
    predict(predictions) {
      const own = overlay(path, predictions);
      if (own instanceof Unknown) return own;
      if (own === undefined) return undefined;
      if (!own.exists || own.type !== "directory") return [];
      return own.fresh ? laidOver([], path, predictions, options) : undefined;
    },
    amend: (observed, predictions) => laidOver(observed, path, predictions, options),
  };
}

function listing(path: string, { depth, follow }: TreeOptions): Script {
  const flag = follow ? sh`-L` : sh`-P`;
  const limit = depth === undefined ? sh`` : sh` -maxdepth ${depth}`;
  // GNU find tells all in one process; busybox needs a stat for each entry.
  return sh`${assign("p", path)}
[ -d "$p" ] || exit 0
if find / -maxdepth 0 -printf '' 2>/dev/null; then
  find ${flag} "$p/" -mindepth 1${limit} -printf '%y %m %U %G %u %g %s %n %D %i %A@ %T@ %C@\0%p\0%l\0' || [ -e "$p" ]
else
  find ${flag} "$p/" -mindepth 1${limit} -exec sh -c 'flag=$1; shift; for f; do
    if [ "$flag" = -L ]; then s=-Lc; else s=-c; fi
    stat $s "%f %a %u %g %U %G %s %h %d %i %X %Y %Z" -- "$f" || continue
    printf "\0%s\0" "$f"; [ -L "$f" ] && readlink -- "$f"; printf "\0"
  done' sh ${flag} {} +
fi`;
}

const letters: { readonly [letter: string]: FileType } = {
  f: "file",
  d: "directory",
  l: "link",
  b: "block",
  c: "char",
  p: "fifo",
  s: "socket",
  // busybox: the first hexadecimal digit of the mode's bits
  "8": "file",
  "4": "directory",
  a: "link",
  "6": "block",
  "2": "char",
  "1": "fifo",
};

function decode(reply: Reply): PresentPath[] {
  if (reply.status !== 0) throw new ModuleFailure(`Cannot list the folder: ${reply.stderr.toString().trim()}`);
  const entries: PresentPath[] = [];
  let from = 0;
  const field = (): Buffer => {
    const end = reply.stdout.indexOf(0, from);
    const piece = reply.stdout.subarray(from, end < 0 ? reply.stdout.length : end);
    from = end < 0 ? reply.stdout.length : end + 1;
    return piece;
  };
  while (from < reply.stdout.length) {
    const facts = field().toString().trim().split(" ");
    const path = normalise(decodeName(field()));
    const target = decodeName(field()).replace(/\n$/, "");
    const at = (index: number) => Number(facts[index] ?? 0);
    const kind = facts[0] ?? "";
    // A socket's first digit is c, as find's letter for a character device is.
    const type = kind.length > 1 && kind.startsWith("c") ? "socket" : (letters[kind[0] ?? ""] ?? "file");
    entries.push({
      exists: true,
      path,
      real: path,
      type,
      mode: Number.parseInt(facts[1] ?? "0", 8),
      uid: at(2),
      gid: at(3),
      owner: facts[4] === "UNKNOWN" ? String(at(2)) : (facts[4] ?? ""),
      group: facts[5] === "UNKNOWN" ? String(at(3)) : (facts[5] ?? ""),
      size: at(6),
      links: at(7),
      device: at(8),
      inode: at(9),
      atime: at(10),
      mtime: at(11),
      ctime: at(12),
      ...(type === "link" ? { target } : {}),
    });
  }
  return entries;
}

function laidOver(
  observed: readonly PresentPath[],
  folder: string,
  predictions: Predictions,
  options: TreeOptions,
): PresentPath[] | Unknown {
  const inside = predictions
    .all("path")
    .filter((effect) => "subject" in effect && (isBelow(folder, effect.subject) || isBelow(folder, realOf(effect))));
  const reason = predictions.open("path");
  if (reason !== undefined && observed.length === 0) return new Unknown(reason);
  if (inside.length === 0) return [...observed];
  const result = new Map(observed.map((entry) => [entry.path, entry]));
  const paths = new Set([
    ...result.keys(),
    ...inside.flatMap((effect) => ("subject" in effect ? [effect.subject] : [])),
  ]);
  for (const path of paths) {
    if (!isBelow(folder, path)) continue;
    const state = overlay(path, predictions);
    if (state instanceof Unknown) return state;
    if (state === undefined) continue;
    const depth = path.slice(folder.length).split("/").length - 1;
    if (!state.exists) result.delete(path);
    else if (options.depth === undefined || depth <= options.depth) result.set(path, state);
  }
  return [...result.values()];
}

function realOf(effect: object): string {
  return "state" in effect ? (effect.state as PathState).real : ""; // only paths.ts makes effects of this kind
}
