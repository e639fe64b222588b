import type { Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import type { Joined, Joint } from "./joint.ts";
import { baseName, hasRawBytes, parentOf } from "./path-names.ts";

/*
 * Writing many files of one folder by one script: the shell itself writes them into a folder of its own beside their
 * places, they get owners and permissions, and one `mv` renames them into place. Each of them lands atomically, as
 * it does alone; cut off in between, some have landed and the others are as they were.
 */

/** A larger file is no word of a script. */
const mostBytes = 16 * 1024;

/** What a file gets before it takes its name. */
export interface Finish {
  /** `user:group`, by number where it is known. `tried`: who may not give files away keeps the content. */
  readonly owners?: { readonly words: string; readonly tried: boolean };
  /** For chmod. */
  readonly mode: string;
}

interface LandPart extends Joint {
  readonly path: string;
  readonly text: string;
  readonly finish: Finish;
}

/** How the writing of a file travels with others; undefined where it cannot. */
export function landJoint(path: string, content: Buffer, finish: Finish): Joint | undefined {
  if (content.length > mostBytes || hasRawBytes(path)) return undefined;
  const text = content.toString("utf8");
  if (text.includes("\0") || !Buffer.from(text).equals(content)) return undefined;
  const folder = parentOf(path);
  const part: LandPart = {
    key: `land ${folder}`,
    // A quote in the text becomes four characters.
    size: text.length + 3 * text.split("'").length + 2 * path.length + 40,
    path,
    text,
    finish,
    join: (parts) => joinLandings(folder, parts as readonly LandPart[]), // only this file makes parts of this key
  };
  return part;
}

function joinLandings(folder: string, parts: readonly LandPart[]): Joined {
  return {
    script: writeScript(folder, parts),
    split: ({ status, stderr }) =>
      parts.map(() => (status === 0 ? { status, stdout: Buffer.alloc(0), stderr } : undefined)),
  };
}

function writeScript(folder: string, parts: readonly LandPart[]): Script {
  const names = parts.map(({ path }) => baseName(path));
  // Relative names are short, and what a name begins with does not matter behind `./`.
  const files = names.map((name) => `./${name}`);
  return joinScripts([
    // Where printf is a program, its words would be on a command line for all to see.
    sh`case $(command -v printf) in */*) exit 1 ;; esac
cd -P -- ${folder} && d=$PWD && t=$(mktemp -d "\${d%/}/.play-XXXXXXXX") || exit 1
trap 'cd /; rm -rf -- "$t"' EXIT
cd -- "$t" || exit 1`,
    ...parts.map(({ text }, at) => sh`printf %s ${text} > ${files[at] ?? ""} || exit 1`),
    ...grouped(parts, files, ({ owners }) => owners?.words).map(([words, those]) => {
      const tried = parts.find(({ finish }) => finish.owners?.words === words)?.finish.owners?.tried;
      return tried ? sh`chown ${words} ${those} 2>/dev/null || :` : sh`chown ${words} ${those} || exit 1`;
    }),
    ...grouped(parts, files, ({ mode }) => mode).map(([mode, those]) => sh`chmod ${mode} ${those} || exit 1`),
    sh`mv -f ${files} "$d/" || exit 1
if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null 2>&1; then
  cd -- "$d" && restorecon ${files} 2>/dev/null || :
fi`,
  ]);
}

/** The files of each value that they have of something. */
function grouped(
  parts: readonly LandPart[],
  files: readonly string[],
  of: (finish: Finish) => string | undefined,
): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const [at, { finish }] of parts.entries()) {
    const value = of(finish);
    if (value === undefined) continue;
    const group = groups.get(value);
    if (group) group.push(files[at] ?? "");
    else groups.set(value, [files[at] ?? ""]);
  }
  return [...groups];
}
