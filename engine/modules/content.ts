import { createHash, randomUUID } from "node:crypto";
import type { Reply, Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { type Dict, dict } from "../source/value.ts";
import { type Change, type ContentSource, type DiffPart, type Look, ModuleFailure, type Step } from "./contract.ts";
import { type Finish, landJoint } from "./land-joint.ts";
import { octal } from "./mode.ts";
import { type Attributes, attributeScript, ownersOf, sameAttributes, withAttributes } from "./ownership.ts";
import { assign, parentOf } from "./path-names.ts";
import { created, type PathState, type PresentPath, pathEffect } from "./paths.ts";

/** More than this is not shown in a diff, as in Ansible. */
export const diffLimit = 104_448;

/** Up to here content travels with the script; more takes a channel of its own. */
const inlineLimit = 1 << 20;

/** The bytes, or where they come from (the controller, or another file of the host), with their digest and size. */
export type Content =
  | Buffer
  | { readonly source: ContentSource; readonly sha256: string; readonly size: number }
  | { readonly onHost: string; readonly sha256: string; readonly size: number; readonly bytes?: Buffer | undefined };

export interface Landing {
  /** What is there now. Its `content` is needed for the diff alone. */
  readonly before: PathState;
  readonly content: Content;
  readonly attributes: Attributes;
  readonly backup?: boolean;
  /** A command with `%s`, run on the new content before it takes the place of the old. */
  readonly validate?: string | undefined;
  readonly beforeHeader?: string;
  readonly afterHeader?: string;
}

export interface Landed {
  readonly change?: Change;
  readonly after: PresentPath;
}

/**
 * The plan that gives a file these bytes and attributes. Content lands atomically: a temporary file in the same
 * folder gets bytes, owner and permissions, is validated, and then takes the file's name. A link is replaced.
 */
export function* land(landing: Landing): Look<Landed> {
  const { before, content } = landing;
  const incoming = Buffer.isBuffer(content) ? { sha256: sha256(content), size: content.length } : content;
  const same = before.exists && hasContent(before, content);
  const base = startingPoint(before, incoming.size);
  const umask = before.exists ? 0o022 : before.newcomer.umask;
  const shaped = yield* withAttributes(base, landing.attributes, umask);
  const after: PresentPath = {
    ...shaped,
    // New content is a new file under the old name.
    ...(same ? {} : { inode: 0, links: 1 }),
    size: incoming.size,
    sha256: incoming.sha256,
    ...withBytes(bytesOf(content)),
  };
  if (same && sameAttributes(before, after)) return { after: before };
  const diff = same ? [] : [contentDiff(before, content, landing)];
  if (before.exists && before.type === "file" && !sameAttributes(before, after))
    diff.push(attributeDiff(before, after));
  const step: Step = same
    ? {
        name: "change owner or permissions",
        script: joinScripts([sh`${assign("p", before.path)}`, attributeScript(before, after)]),
      }
    : writeStep(landing, after);
  return {
    after,
    change: {
      diff,
      steps: [step],
      effects: [pathEffect(before.path, after)],
      // What a validating command does nobody knows.
      confined: landing.validate === undefined,
      finish: (replies) => (landing.backup && !same && before.exists ? backupResult(replies) : dict()),
    },
  };
}

/** Whether that is a file with these bytes. */
export function hasContent(state: PathState, content: Content): boolean {
  if (!state.exists || state.type !== "file") return false;
  return digestOf(state) === (Buffer.isBuffer(content) ? sha256(content) : content.sha256);
}

function bytesOf(content: Content): Buffer | undefined {
  if (Buffer.isBuffer(content)) return content;
  return "bytes" in content ? content.bytes : undefined;
}

function withBytes(content: Buffer | undefined): { content?: Buffer } {
  return content ? { content } : {};
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function digestOf(state: PresentPath): string | undefined {
  return state.sha256 ?? (state.content ? sha256(state.content) : undefined);
}

/** Owner and permissions before anything is asked for: those of the file that is replaced, else a new file's. */
function startingPoint(before: PathState, size: number): PresentPath {
  if (!before.exists) return created(before, "file", size);
  if (before.type === "file") return before;
  const { uid, gid, owner, group } = before;
  const newcomer = { uid, gid, owner, group, umask: 0o022 };
  return created({ exists: false, path: before.path, real: before.real, newcomer }, "file", size);
}

/** Difference between two texts, or the reason why it is not shown. */
export function contentDiff(
  before: PathState,
  after: Content,
  headers: { readonly beforeHeader?: string; readonly afterHeader?: string } = {},
): DiffPart {
  const incoming = bytesOf(after);
  const old = before.exists && before.type === "file" ? before.content : Buffer.alloc(0);
  const withheld =
    !incoming || incoming.length > diffLimit || old === undefined || old.length > diffLimit
      ? ("too-large" as const)
      : isBinary(old) || isBinary(incoming)
        ? ("binary" as const)
        : undefined;
  return {
    beforeHeader: headers.beforeHeader ?? (before.exists ? before.path : ""),
    afterHeader: headers.afterHeader ?? before.path,
    before: withheld || !old ? "" : old.toString(),
    after: withheld || !incoming ? "" : incoming.toString(),
    ...(withheld ? { withheld } : {}),
  };
}

/** Whether bytes are no text that a person could read. */
export function isBinary(content: Buffer): boolean {
  if (content.subarray(0, 8192).includes(0)) return true;
  return content.toString("utf8").includes("\ufffd") && !content.includes("\ufffd");
}

/** Owner and permissions before and after, where they differ. */
export function attributeDiff(before: PresentPath, after: PresentPath): DiffPart {
  const old = dict([["path", before.path]]);
  const now = dict([["path", after.path]]);
  const compare = (name: string, a: string, b: string) => {
    if (a === b) return;
    old[name] = a;
    now[name] = b;
  };
  compare("group", before.group, after.group);
  compare("mode", octal(before.mode), octal(after.mode));
  compare("owner", before.owner, after.owner);
  return { before: old, after: now };
}

function writeStep(landing: Landing, after: PresentPath): Step {
  const { before, content } = landing;
  const name = before.exists ? "replace the file" : "create the file";
  const makeTemporary = sh`d=\${p%/*}; t=$(mktemp "\${d:-/}/.play-XXXXXXXX") || exit 1
trap 'rm -f -- "$t"' EXIT`;
  const whole = (fill: Script, temporary: Script = makeTemporary) =>
    joinScripts([assign("p", before.path), temporary, fill, finishing(landing, after)]);
  if ("onHost" in content) {
    return { name, script: whole(sh`${assign("q", content.onHost)}; cat < "$q" > "$t" || exit 1`) };
  }
  if (Buffer.isBuffer(content) && content.length <= inlineLimit) {
    // Replacing anything but a file, validating and keeping a copy are done one by one.
    const simple = !landing.validate && !landing.backup && (!before.exists || before.type === "file");
    const joint = simple ? landJoint(before.path, content, finishOf(landing, after)) : undefined;
    return { name, script: whole(sh`cat > "$t" || exit 1`), stdin: content, ...(joint ? { joint } : {}) };
  }
  const folder = parentOf(before.path);
  const uploaded = `${folder === "/" ? "" : folder}/.play-${randomUUID()}`;
  return {
    name,
    upload: { content: Buffer.isBuffer(content) ? { bytes: content } : content.source, path: uploaded },
    script: whole(sh`trap 'rm -f -- "$t"' EXIT`, sh`${assign("q", uploaded)}; t=$q`),
  };
}

function finishOf(landing: Omit<Landing, "content">, after: PresentPath): Finish {
  const { before, attributes } = landing;
  const replaced = before.exists && before.type === "file";
  const asked = attributes.owner !== undefined || attributes.group !== undefined;
  return {
    // Who may not give files away keeps a replaced file's content, if not its owner.
    ...(asked || replaced ? { owners: { words: ownersOf(after), tried: !asked } } : {}),
    // A new file's permissions are what the umask leaves.
    mode: attributes.mode === undefined && !replaced ? "=rw" : octal(after.mode),
  };
}

/** From the temporary file `"$t"` that has all bytes to the file `"$p"`. */
export function finishing(landing: Omit<Landing, "content">, after: PresentPath): Script {
  const { before, validate, backup } = landing;
  const { owners, mode } = finishOf(landing, after);
  const parts: Script[] = [];
  if (owners) parts.push(sh`chown ${owners.words} "$t" ${owners.tried ? sh`2>/dev/null || :` : sh`|| exit 1`}`);
  parts.push(sh`chmod ${mode} "$t" || exit 1`);
  if (validate !== undefined) parts.push(validation(validate));
  if (backup && before.exists && before.type === "file") {
    parts.push(sh`b="$p.$$.$(date +%Y-%m-%d@%H:%M:%S)~"; cp -p -- "$p" "$b" || exit 1; printf %s "$b"`);
  }
  parts.push(sh`mv -f -- "$t" "$p" || exit 1
trap - EXIT
if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null 2>&1; then restorecon -- "$p" 2>/dev/null || :; fi`);
  return joinScripts(parts);
}

function validation(command: string): Script {
  if (!command.includes("%s")) throw new ModuleFailure(`validate must contain %s: ${command}`);
  const line = command.replaceAll(/"%s"|'%s'|%s/g, '"$1"');
  return sh`sh -c ${line} validate "$t" >&2 || { echo "failed to validate: rc:$?" >&2; exit 1; }`;
}

function backupResult(replies: readonly Reply[]): Dict {
  const name = replies.at(-1)?.stdout.toString() ?? "";
  return name === "" ? dict() : dict([["backup_file", name]]);
}
