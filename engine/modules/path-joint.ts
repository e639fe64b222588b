import type { Reply, Script } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import type { Joined, Joint } from "./joint.ts";
import { hasRawBytes } from "./path-names.ts";

/*
 * Looking at many paths at once: one `stat` and one `sha256sum` for all of them instead of several processes each.
 * The folders above are resolved by the shell itself, once for all paths in a row that share one.
 */

interface PathPart extends Joint {
  readonly path: string;
  /** A file of another digest is asked for alone: its content has to come too. */
  readonly unless: string | undefined;
}

/** How a look at a path travels with others; undefined where it cannot. */
export function pathJoint(
  path: string,
  options: { readonly follow: boolean; readonly digest: boolean; readonly unless: string | undefined },
): PathPart | undefined {
  // sha256sum writes a name on one line, and busybox escapes none.
  if (hasRawBytes(path) || path.includes("\n")) return undefined;
  const { follow, digest, unless } = options;
  return {
    key: `path ${follow} ${digest}`,
    size: path.length,
    path,
    unless,
    join: (parts) => joinPaths(parts as readonly PathPart[], follow, digest), // only this file makes parts of this key
  };
}

function joinPaths(parts: readonly PathPart[], follow: boolean, digest: boolean): Joined {
  return {
    script: lookScript(
      parts.map(({ path }) => path),
      follow,
      digest,
    ),
    split: (reply) => split(parts, reply),
  };
}

export const statFormat = "%f %u %g %U %G %s %h %d %i %X %Y %Z";

/** What stands for the owner of a new file: the process, and the folder that the shell is in. */
export const newcomerScript: Script = sh`umask; stat -L -c '%u %g %U %G %f' /proc/self .`;

/** For each path five fields that end with NUL: folder, its length, state, link's text, `f` for a file; then all. */
function lookScript(paths: readonly string[], follow: boolean, digest: boolean): Script {
  return sh`D='\${'
set -- ${paths}
k=// i=0 l= f=
for p; do
  i=$((i+1)) e=\${p%/*}
  if [ "$e" != "$k" ]; then
    k=$e d=$e n=
    until cd -P -- "\${d:-/}" 2>/dev/null; do [ -n "$d" ] || break; d=\${d%/*}; done
  fi
  pwd -P; printf '\0%s\0' "\${#d}"
  if [ -e "$p" ]${follow ? sh`` : sh` || [ -L "$p" ]`}; then l="$l \"$D$i}\""
  else
    [ -n "$n" ] || n=$(${newcomerScript}) || exit 1
    printf 'absent\n%s\n' "$n"
  fi
  printf '\0'
  if [ -L "$p" ]; then ${follow ? sh`readlink -f -- "$p"` : sh`readlink -- "$p"`}; fi
  ${digest ? sh`if [ -f "$p" ]; then f="$f \"$D$i}\""; printf '\0f\0'; else printf '\0\0'; fi` : sh`printf '\0\0'`}
done
_stat() { stat ${follow ? sh`-L ` : sh``}-c ${statFormat} -- "$@"; }
[ -z "$l" ] || eval "_stat $l" || exit 1
printf '\0'
[ -z "$f" ] || eval "sha256sum -- $f" || exit 1`;
}

const zero = Buffer.alloc(1);

/** What each path would have answered alone; undefined for those that have to. */
function split(parts: readonly PathPart[], reply: Reply): readonly (Reply | undefined)[] {
  const nobody = parts.map(() => undefined);
  const fields = reply.status === 0 ? cut(reply.stdout, 5 * parts.length + 1) : undefined;
  if (!fields) return nobody;
  const rest = fields.slice(-2);
  const states = lines(rest[0]);
  const digests = lines(rest[1]);
  const present = parts.filter((_, at) => fields[5 * at + 2]?.length === 0).length;
  const files = parts.filter((_, at) => fields[5 * at + 4]?.length !== 0).length;
  // Something came or went meanwhile.
  if (states.length !== present || digests.length !== files) return nobody;
  return parts.map(({ unless }, at) => {
    const [folder = zero, depth = zero, facts = zero, target = zero, file = zero] = fields.slice(5 * at, 5 * at + 5);
    const state = facts.length === 0 ? Buffer.from(states.shift() ?? "", "latin1") : facts;
    // A name that sha256sum had to escape puts a backslash before the digest.
    const sum = file.length === 0 ? "" : (/^\\?([0-9a-f]{64})/.exec(digests.shift() ?? "")?.[1] ?? "");
    if (file.length > 0 && (sum === "" || (unless !== undefined && sum !== unless))) return undefined;
    const pieces = [folder, zero, depth, zero, state, zero, target, zero, Buffer.from(sum), zero, Buffer.from("n")];
    return { status: 0, stdout: Buffer.concat(pieces), stderr: reply.stderr };
  });
}

function lines(field: Buffer | undefined): string[] {
  const text = field?.toString("latin1") ?? "";
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** As many fields as end with a NUL, and what follows them. */
function cut(bytes: Buffer, count: number): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let from = 0;
  for (let each = 0; each < count; each++) {
    const end = bytes.indexOf(0, from);
    if (end < 0) return undefined;
    fields.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return [...fields, bytes.subarray(from)];
}
