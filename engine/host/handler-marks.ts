import { createHash } from "node:crypto";
import type { Reply, Script } from "./contract.ts";
import { sh } from "./script.ts";

/*
 * A change that notifies leaves a mark on the host, in the same request as the change itself; the mark goes when the
 * handler has run. A run that was killed in between is followed by one that finds the mark and runs the handler.
 * Marks are files named by what identifies the handler, holding its name for people who look.
 */

/** Sets `$m` to the folder of marks: root's own, else the user's. */
const folder = sh`m=/var/lib/play/handlers; [ -w /var/lib ] || m=\${HOME:-/tmp}/.play/handlers`;

/** The identity of a handler across runs: its playbook, its play and its name. */
export function markOf(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 32);
}

/** Leaves marks; joined before the steps of a change, so that no change is there without them. */
export function leaveMarks(marks: readonly { readonly mark: string; readonly name: string }[]): Script {
  return marks.reduce(
    (script, { mark, name }) => sh`${script}
printf '%s\n' ${name} >"$m"/${mark} || exit 1`,
    sh`${folder}; mkdir -p "$m" 2>/dev/null`,
  );
}

/** Takes marks away: the handlers have run. */
export function removeMarks(marks: readonly string[]): Script {
  return marks.reduce((script, mark) => sh`${script}; rm -f "$m"/${mark}`, folder);
}

/** Prints the marks that an earlier run left, one a line. */
export const listMarks: Script = sh`${folder}; cd "$m" 2>/dev/null && for f in *; do [ -f "$f" ] && echo "$f"; done; exit 0`;

export function marksIn(reply: Reply): string[] {
  return reply.stdout
    .toString("utf8")
    .split("\n")
    .filter((line) => /^[0-9a-f]{32}$/.test(line));
}
