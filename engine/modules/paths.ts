import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import { ask, askMaybe, type Effect, type Look, ModuleFailure, type Query } from "./contract.ts";
import { newcomerScript, pathJoint, statFormat } from "./path-joint.ts";
import { assign, decodeName, hasRawBytes, linkTarget, normalise } from "./path-names.ts";
import { overlay, sharedByName, ThroughLink } from "./path-overlay.ts";

export type FileType = "file" | "directory" | "link" | "block" | "char" | "fifo" | "socket";

/** Whoever would own something created at a path, and with which permissions taken away. */
export interface Newcomer {
  readonly uid: number;
  readonly gid: number;
  readonly owner: string;
  readonly group: string;
  readonly umask: number;
}

export interface AbsentPath {
  readonly exists: false;
  readonly path: string;
  /** With all links in the folders above resolved. */
  readonly real: string;
  readonly newcomer: Newcomer;
}

export interface PresentPath {
  readonly exists: true;
  readonly path: string;
  /** With all links in the folders above resolved; its own link too, where `follow` was asked. */
  readonly real: string;
  readonly type: FileType;
  /** The twelve permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  readonly links: number;
  /** Seconds since 1970; 0 where the path is only predicted. */
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
  readonly device: number;
  /** 0 where the path is only predicted. */
  readonly inode: number;
  /** A link's text. */
  readonly target?: string;
  /** Prediction: where a link leads in the end. */
  readonly leadsTo?: string;
  readonly sha256?: string;
  readonly content?: Buffer;
  /** Prediction: a folder that is not there yet, so nothing else is in it. */
  readonly fresh?: Newcomer;
  /** Prediction: only attributes change; the content is what it was. */
  readonly keepsContent?: boolean;
}

export type PathState = AbsentPath | PresentPath;

export interface PathOptions {
  /** Look through a link at its target. */
  readonly follow?: boolean;
  /** The digest of a regular file. */
  readonly sha256?: boolean;
  /**
   * The bytes of a regular file. `unless` names a digest: a file that has it is not sent (implies sha256).
   * `limit`: a larger file is not sent.
   */
  readonly content?: boolean | { readonly unless?: string; readonly limit?: number };
  /** Its times matter: those of a folder change with whatever comes to be in it. */
  readonly times?: boolean;
}

/**
 * What is at a path. One `stat`, no other process unless asked; the folders above are resolved by the shell itself.
 * Predicted changes of the path, of what is above it and of where its links lead are laid over the answer.
 */
export function pathState(path: string, options: PathOptions = {}): Query<PathState> {
  const p = normalise(path);
  const content = options.content === true ? {} : options.content || undefined;
  const digest = options.sha256 === true || content?.unless !== undefined;
  const detail = [
    options.follow ? "follow" : "",
    digest ? "sha256" : "",
    content ? `content ${content.unless ?? ""} ${content.limit ?? ""}` : "",
    options.times ? "times" : "",
  ]
    .filter((word) => word !== "")
    .join(" ");
  // Content travels with its own look; with others there is room for a digest only.
  const joint =
    content && content.unless === undefined
      ? undefined
      : pathJoint(p, { follow: options.follow ?? false, digest, unless: content?.unless });
  const statement = options.follow ? sh`stat -L -c ${statFormat} -- "$p"` : sh`stat -c ${statFormat} -- "$p"`;
  const target = options.follow ? sh`readlink -f -- "$p"` : sh`readlink -- "$p"`;
  // A followed link that leads nowhere is absent, at the place it leads to.
  const present = options.follow ? sh`[ -e "$p" ]` : sh`[ -e "$p" ] || [ -L "$p" ]`;
  return {
    kind: "path",
    subject: p,
    ...(detail === "" ? {} : { detail }),
    ...(options.times ? { fleeting: true } : {}),
    ...(joint ? { joint } : {}),
    script: sh`${assign("p", p)}
d=\${p%/*}
until cd -P -- "\${d:-/}" 2>/dev/null; do [ -n "$d" ] || break; d=\${d%/*}; done
pwd -P; printf '\0%s\0' "\${#d}"
if ${present}; then ${statement} || exit 1
else echo absent; ${newcomerScript}; fi
printf '\0'
if [ -L "$p" ]; then ${target}; fi
printf '\0'
${digest ? sh`h=; if [ -f "$p" ]; then h=$(sha256sum < "$p") || exit 1; h=\${h%% *}; fi; printf '%s' "$h"` : sh`:`}
printf '\0'
${
  content
    ? sh`if [ -f "$p" ]${content.unless === undefined ? sh`` : sh` && [ "$h" != ${content.unless} ]`}${
        content.limit === undefined ? sh`` : sh` && [ "$(stat -L -c %s -- "$p")" -le ${content.limit} ]`
      }; then printf y; cat < "$p" || exit 1; else printf n; fi`
    : sh`printf n`
}`,
    decode: (reply) => decode(reply, p, options.follow ?? false),
    predict(predictions) {
      const found = overlay(p, predictions);
      if (found === undefined || found instanceof Unknown) return found;
      return settled(found, options, (to) => overlay(to, predictions));
    },
    amend(observed, predictions) {
      if (observed.exists && !options.follow) {
        const later = overlay(p, predictions);
        // Only attributes were predicted: they lie over the content that the host has.
        if (later && !(later instanceof Unknown) && later.exists && later.keepsContent)
          return withContent(later, observed);
      }
      if (observed.real !== p) {
        const aliased = overlay(observed.real, predictions);
        if (aliased instanceof Unknown) return aliased;
        if (aliased?.exists && aliased.keepsContent) return withContent(aliased, observed);
        if (aliased) {
          const answer = settled(aliased, options, (to) => overlay(to, predictions));
          return answer === undefined ? new Unknown(`${p} changes before`) : answer;
        }
      }
      if (!observed.exists) {
        const reason = predictions.open("path") ?? (neverShipped(p) ? undefined : predictions.open("shipped-path"));
        if (reason !== undefined) return new Unknown(reason);
      }
      return sharedByName(observed, predictions);
    },
  };
}

/** Asks what is at a path; behind a link that is only predicted, at the place where it will lead. */
export function* lookAt(path: string, options: PathOptions = {}): Look<PathState> {
  let place = path;
  for (let hop = 0; hop < 20; hop++) {
    const answer = yield* askMaybe(pathState(place, options));
    if (answer instanceof ThroughLink) place = answer.to;
    else if (answer instanceof Unknown) break;
    else return place === path ? answer : { ...answer, path: normalise(path) };
  }
  return yield* ask(pathState(place, options)); // ends the look: it is unknown
}

/** The change of a path, for a plan's effects. */
export function pathEffect(path: string, state: PathState): Effect {
  return { kind: "path", subject: normalise(path), state };
}

/** It is not known what will be at a path, and below it. */
export function pathUnknown(path: string, reason: string): Effect {
  return { kind: "path", subject: normalise(path), unknown: reason };
}

/** The absent path that is left when something is removed. */
export function removed(state: PresentPath): AbsentPath {
  const { uid, gid, owner, group } = state;
  return { exists: false, path: state.path, real: state.real, newcomer: { uid, gid, owner, group, umask: 0o022 } };
}

/** What a new file or folder at an absent path is like, before owner and permissions are asked for. */
export function created(state: AbsentPath, type: FileType, size = 0): PresentPath {
  const { uid, gid, owner, group, umask } = state.newcomer;
  return {
    exists: true,
    path: state.path,
    real: state.real,
    type,
    mode: type === "link" ? 0o777 : (type === "directory" ? 0o777 : 0o666) & ~umask,
    uid,
    gid,
    owner,
    group,
    size,
    links: type === "directory" ? 2 : 1,
    atime: 0,
    mtime: 0,
    ctime: 0,
    device: 0,
    inode: 0,
    ...(type === "directory" ? { fresh: state.newcomer } : {}),
  };
}

/**
 * Places that packages leave to the administrator: what is absent there stays absent when a package comes.
 * A package that is to be installed therefore opens the kind `shipped-path`; only what may do anything at all (a
 * command) opens `path`.
 */
function neverShipped(path: string): boolean {
  return [
    "/etc/systemd/system",
    "/usr/local",
    "/opt",
    "/srv",
    "/home",
    "/root",
    "/tmp",
    "/var/tmp",
    "/run",
    "/mnt",
  ].some((place) => path === place || path.startsWith(`${place}/`));
}

/** A predicted state as the answer to a query with these options; undefined where the host must be asked after all. */
function settled(
  found: PathState,
  options: PathOptions,
  at: (path: string) => PathState | Unknown | undefined,
): PathState | Unknown | undefined {
  if (!found.exists) return found;
  if (found.type === "link" && options.follow) {
    const to = found.leadsTo ?? linkTarget(found.real, found.target ?? "");
    const target = at(to);
    if (target === undefined) return new ThroughLink(found.path, to);
    return target instanceof Unknown ? target : settled(target, options, at);
  }
  if (found.type !== "file" || (!options.content && !options.sha256)) return found;
  if (found.keepsContent) return undefined;
  if (found.content === undefined && (options.content || found.sha256 === undefined)) {
    return new Unknown(`the content of ${found.path} is known after the run`);
  }
  return found;
}

function withContent(attributes: PresentPath, observed: PathState): PathState {
  if (!observed.exists) return attributes;
  const { content, sha256, size } = observed;
  return {
    ...attributes,
    size,
    ...(content === undefined ? {} : { content }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

const types: { readonly [bits: number]: FileType } = {
  1: "fifo",
  2: "char",
  4: "directory",
  6: "block",
  8: "file",
  10: "link",
  12: "socket",
};

function decode(reply: Reply, path: string, follow: boolean): PathState {
  const fields = cut(reply.stdout, 5);
  if (reply.status !== 0 || !fields) {
    throw new ModuleFailure(`Cannot look at ${path}: ${reply.stderr.toString().trim() || `status ${reply.status}`}`);
  }
  const [anchor, depth, facts, target, sha256, rest] = fields;
  const above = decodeName(withoutNewline(anchor));
  // The shell counts bytes under LC_ALL=C; the tail is what stands after the folder that could be entered.
  const tail = tailOf(path, Number(depth.toString()));
  const link = target.length > 0 ? decodeName(withoutNewline(target)) : undefined;
  const own = normalise(`${above}${tail}`);
  const real = follow && link !== undefined ? normalise(link) : own;
  const lines = facts.toString().trim().split("\n");
  if (lines[0] === "absent") return { exists: false, path, real, newcomer: newcomer(lines) };
  const numbers = (lines[0] ?? "").split(" ");
  const at = (index: number) => Number(numbers[index] ?? 0);
  const bits = Number.parseInt(numbers[0] ?? "0", 16);
  return {
    exists: true,
    path,
    real,
    type: types[bits >> 12] ?? "file",
    mode: bits & 0o7777,
    uid: at(1),
    gid: at(2),
    owner: named(numbers[3], at(1)),
    group: named(numbers[4], at(2)),
    size: at(5),
    links: at(6),
    device: at(7),
    inode: at(8),
    atime: at(9),
    mtime: at(10),
    ctime: at(11),
    ...(link !== undefined && !follow ? { target: link } : {}),
    ...(sha256.length > 0 ? { sha256: sha256.toString() } : {}),
    ...(rest[0] === 0x79 ? { content: rest.subarray(1) } : {}),
  };
}

function tailOf(path: string, bytes: number): string {
  let seen = 0;
  for (let at = 0; at < path.length; at++) {
    if (path[at] === "/" && seen === bytes) return path.slice(at);
    const char = String.fromCodePoint(path.codePointAt(at) ?? 0);
    seen += hasRawBytes(char) ? 1 : Buffer.byteLength(char);
    at += char.length - 1;
  }
  return "";
}

/** An owner without a name is shown as its number. */
function named(name: string | undefined, id: number): string {
  return name === undefined || name === "UNKNOWN" ? String(id) : name;
}

function newcomer(lines: readonly string[]): Newcomer {
  const self = (lines[2] ?? "").split(" ");
  const parent = (lines[3] ?? "").split(" ");
  // A folder with the setgid bit hands its group down.
  const inherits = (Number.parseInt(parent[4] ?? "0", 16) & 0o2000) !== 0;
  const group = inherits ? parent : self;
  return {
    uid: Number(self[0]),
    gid: Number(group[1]),
    owner: named(self[2], Number(self[0])),
    group: named(group[3], Number(group[1])),
    umask: Number.parseInt(lines[1] ?? "022", 8),
  };
}

/** The first `count` fields, each ended by a NUL, and all that follows. */
function cut(bytes: Buffer, count: 5): [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer] | undefined {
  const fields: Buffer[] = [];
  let from = 0;
  for (let each = 0; each < count; each++) {
    const end = bytes.indexOf(0, from);
    if (end < 0) return undefined;
    fields.push(bytes.subarray(from, end));
    from = end + 1;
  }
  const [a, b, c, d, e] = fields;
  return a && b && c && d && e ? [a, b, c, d, e, bytes.subarray(from)] : undefined;
}

function withoutNewline(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}
