import { posix } from "node:path";
import type { Reply, Script } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import type { UserState } from "./accounts.ts";
import { ask, type Look, ModuleFailure, type Query } from "./contract.ts";

/*
 * Names of files are bytes. As strings they are UTF-8, and a byte that is no UTF-8 becomes a lone surrogate
 * U+DC80…U+DCFF, as Python does it; so every name survives the way through the engine and back.
 */

/** The name that some bytes of a host stand for. */
export function decodeName(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!text.includes("\ufffd")) return text;
  let name = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    name += length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString("utf8", at, at + length);
    at += length || 1;
  }
  return name;
}

/** How many bytes the valid UTF-8 sequence at `at` has; 0 where there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  const piece = bytes.subarray(at, at + length);
  return Buffer.from(piece.toString("utf8")).equals(piece) ? length : 0;
}

/** Whether a name holds bytes that are no UTF-8. */
export function hasRawBytes(name: string): boolean {
  return /[\udc80-\udcff]/u.test(name); // with the flag, halves of a pair do not match
}

/** `p=` the path (or `q=`), whatever bytes it has. Scripts about paths begin with it and then use `"$p"`. */
export function assign(variable: "p" | "q", path: string): Script {
  if (!hasRawBytes(path)) return variable === "p" ? sh`p=${path}` : sh`q=${path}`;
  let escaped = "";
  for (const char of path) {
    const code = char.charCodeAt(0);
    if (char === "\\") escaped += "\\\\";
    else if (char.length === 1 && code >= 0xdc80 && code <= 0xdcff) escaped += `\\0${(code - 0xdc00).toString(8)}`;
    else escaped += char;
  }
  // The dot keeps newlines at the end, which a command substitution would take away.
  return variable === "p" ? sh`p=$(printf '%b.' ${escaped}); p=\${p%.}` : sh`q=$(printf '%b.' ${escaped}); q=\${q%.}`;
}

/** An absolute path without `.`, `..`, doubled or trailing slashes. */
export function normalise(path: string): string {
  const plain = posix.normalize(path).replace(/^\/\//, "/");
  return plain.length > 1 && plain.endsWith("/") ? plain.slice(0, -1) : plain;
}

export const parentOf = (path: string): string => posix.dirname(path);

export const baseName = (path: string): string => posix.basename(path);

/** Whether `path` lies below the folder `ancestor`. */
export function isBelow(ancestor: string, path: string): boolean {
  return ancestor === "/" ? path !== "/" : path.startsWith(`${ancestor}/`);
}

/** All folders above a path, the nearest first, `/` last. */
export function ancestorsOf(path: string): string[] {
  const found: string[] = [];
  for (let each = path; each !== "/"; ) {
    each = parentOf(each);
    found.push(each);
  }
  return found;
}

/** The path a link's text means, from the folder that holds the link. */
export function linkTarget(link: string, target: string): string {
  return normalise(target.startsWith("/") ? target : posix.join(parentOf(link), target));
}

/** An argument as an absolute path of the host: `~`, `~user`, `$HOME` and relative paths are the host's to say. */
export function* remotePath(path: string): Look<string> {
  if (path.startsWith("/")) return normalise(path);
  // It would be the home folder, which nobody means.
  if (path === "") throw new ModuleFailure("The path is empty.");
  const home = /^(?:~([^/]*)|\$HOME|\$\{HOME\})(\/.*)?$/s.exec(path);
  if (home) return normalise(`${yield* ask(homeOf(home[1] ?? ""))}${home[2] ?? ""}`);
  return normalise(posix.join(yield* ask(homeOf("")), path));
}

/** The home of a user; of the task's own user where the name is empty. */
function homeOf(user: string): Query<string> {
  return {
    kind: "home",
    subject: user,
    script:
      user === ""
        ? sh`printf %s "\${HOME:-/}"`
        : sh`u=${user}; { getent passwd "$u" 2>/dev/null || grep "^$u:" /etc/passwd; } | head -n 1 | cut -d: -f6`,
    decode(reply: Reply) {
      const home = decodeName(reply.stdout).trimEnd();
      if (!home.startsWith("/")) throw new ModuleFailure(`The host knows no home folder of the user '${user}'.`);
      return home;
    },
    predict(predictions) {
      const effect = user === "" ? undefined : predictions.of("user", user);
      if (!effect) return undefined;
      const state = "state" in effect ? (effect.state as UserState) : undefined; // accounts.ts makes effects of this kind
      return state?.exists && state.home.startsWith("/") ? state.home : new Unknown(`the user ${user} changes before`);
    },
  };
}
