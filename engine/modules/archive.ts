import type { Script } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import type { Value } from "../source/value.ts";
import { assign } from "./path-names.ts";

/** What says how an archive is read, of the arguments of unarchive. */
export interface ArchiveArguments {
  readonly remote_src: boolean;
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  readonly keep_newer: boolean;
  readonly extra_opts: readonly string[];
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
}

export interface Compared {
  readonly handler: string;
  readonly names: readonly string[] & Value[];
  readonly differs: boolean;
}

/** `$a` the archive, `$d` the folder, `$k` the kind of archive; an archive of the controller comes by stdin. */
export function opened(source: string, dest: string, args: ArchiveArguments): Script {
  return sh`${assign("q", dest)}; d=$q
${
  args.remote_src
    ? sh`${assign("p", source)}; a=$p`
    : sh`a=$(mktemp) || exit 1; trap 'rm -f "$a"' EXIT; cat > "$a" || exit 1`
}
m=$(dd if="$a" bs=1 count=6 2>/dev/null | od -An -tx1 | tr -d ' \n')
case $m in
  504b0304*|504b0506*) k=zip;; 1f8b*) k=gz; z='gzip -dc';; fd377a585a00) k=xz; z='xz -dc';;
  425a68*) k=bz2; z='bzip2 -dc';; 28b52ffd*) k=zst; z='zstd -dc';; *) k=tar; z=cat;;
esac
if [ $k = zip ]; then
  command -v unzip >/dev/null || { echo 'Unable to find required "unzip" binary in the path.' >&2; exit 1; }
else command -v "\${z%% *}" >/dev/null || { echo "Unable to find required \"\${z%% *}\" binary in the path." >&2; exit 1; }; fi`;
}

/** Unpacks `$a` into `$d`. */
export function unpack(args: ArchiveArguments): Script {
  const excludes = args.exclude.map((pattern) => `--exclude=${pattern}`);
  const newer = args.keep_newer ? ["--keep-newer-files"] : [];
  return sh`if [ $k = zip ]; then
  unzip -o -q ${args.extra_opts} ${args.keep_newer ? ["-u"] : []} "$a" ${args.include} ${args.exclude.length > 0 ? ["-x", ...args.exclude] : []} -d "$d" >&2 || exit 1
else
  $z < "$a" | tar -x -C "$d" ${newer} ${args.extra_opts} ${excludes} -f - ${args.include} || exit 1
fi`;
}

/**
 * `$s` becomes `same` or `differs`, and `$w/names` holds what is in the archive, which goes away at the end where it
 * is only passing through. Options such as `--strip-components` count for the names too. GNU tar compares by itself; elsewhere the archive is unpacked aside and compared file by file.
 */
export function comparison(args: ArchiveArguments, passing: boolean): Script {
  const excludes = args.exclude.map((pattern) => `--exclude=${pattern}`);
  return sh`w=$(mktemp -d) || exit 1; own=${passing ? "y" : ""}; trap 'rm -rf "$w"; [ -z "$own" ] || rm -f "$a"' EXIT
shown=; ! tar --version 2>/dev/null | grep -q GNU || shown=--show-transformed-names
if [ $k = zip ]; then unzip -Z1 "$a" ${args.include} ${args.exclude.length > 0 ? ["-x", ...args.exclude] : []} > "$w/names" || exit 1
else $z < "$a" | tar -t $shown ${args.extra_opts} ${excludes} -f - ${args.include} > "$w/names" || exit 1; fi
s=same
[ -d "$d" ] || s=differs
if [ $s = differs ]; then :
elif [ $k != zip ] && [ -n "$shown" ]; then
  $z < "$a" | tar -d -C "$d" $shown ${args.extra_opts} ${excludes} -f - ${args.include} > "$w/all" 2>&1
  grep -v '^tar: : ' "$w/all" > "$w/diff" # of a folder whose whole name --strip-components took away
  grep -Ev ': (Uid|Gid|Mode) differs$' "$w/diff" | grep -q . && s=differs
  ${args.owner === undefined && args.group === undefined && args.mode === undefined ? sh`[ "$(id -u)" = 0 ] && grep -q . "$w/diff" && s=differs; grep -q 'Mode differs' "$w/diff" && s=differs` : sh`:`}
else
  mkdir "$w/t"; d0=$d; d=$w/t
  ${unpack(args)}
  d=$d0
  (cd "$w/t" && find . -type f -exec sh -c 'd=$1; shift; for f; do cmp -s -- "$f" "$d/$f" || echo "$f"; done' sh "$d" {} +; find . -type d -exec sh -c 'd=$1; shift; for f; do [ -d "$d/$f" ] || echo "$f"; done' sh "$d" {} +) | grep -q . && s=differs
fi`;
}

/** Says what `comparison` found, for `readComparison`. */
export const tell = sh`echo "$k $s"; cat "$w/names"`;

export function readComparison(told: string): Compared {
  const [first = "", ...names] = told.trimEnd().split("\n");
  const [kind = "tar", state] = first.split(" ");
  const handlers: { readonly [kind: string]: string } = {
    zip: "ZipArchive",
    gz: "TgzArchive",
    xz: "TarXzArchive",
    bz2: "TarBzipArchive",
    zst: "TarZstdArchive",
  };
  return {
    handler: handlers[kind] ?? "TarArchive",
    names: names.filter((name) => name !== ""),
    differs: state !== "same",
  };
}
