import { posix } from "node:path";
import type { Reply, Script } from "../host/contract.ts";
import { joinScripts, quote, sh } from "../host/script.ts";
import { type Dict, dict } from "../source/value.ts";
import { flag, list, optional, path, text } from "./argument-types.ts";
import { type ActionResult, ask, type Look, type ModuleContext, type Query } from "./contract.ts";
import { baseName, normalise } from "./path-names.ts";
import { lookAt } from "./paths.ts";

/** The arguments that command, shell and script share. */
export const commandArguments = {
  cmd: optional(text("The command.")),
  chdir: optional(path("The folder to run it in.")),
  creates: optional(path("Not run where this is there already; may be a pattern.")),
  removes: optional(path("Run only where this is there; may be a pattern.")),
  stdin: optional(text("What the command reads.")),
  stdin_add_newline: flag("A newline after stdin.", true),
  strip_empty_ends: flag("Take empty lines off the end of the output.", true),
  argv: optional(list(text("A word."), "The command as a list of words.")),
};

export interface Guarded {
  readonly creates?: string;
  readonly removes?: string;
  readonly chdir?: string;
}

/** Whether `creates` and `removes` leave anything to do. */
export function* guardOf(
  args: Guarded,
  shown: string | readonly string[],
): Look<{ run: true } | { run: false; result: Dict }> {
  const skip = (message: string, path: string) => ({
    run: false as const,
    result: dict([
      ["cmd", typeof shown === "string" ? shown : [...shown]],
      ["rc", 0],
      ["stdout", `skipped, since ${path}`],
      ["stderr", ""],
      ["stdout_lines", [`skipped, since ${path}`]],
      ["stderr_lines", []],
      ["start", null],
      ["end", null],
      ["delta", null],
      ["msg", message],
    ]),
  });
  if (args.creates && (yield* present(args.creates, args.chdir))) {
    return skip(`Did not run command since '${args.creates}' exists`, `${args.creates} exists`);
  }
  if (args.removes && !(yield* present(args.removes, args.chdir))) {
    return skip(`Did not run command since '${args.removes}' does not exist`, `${args.removes} does not exist`);
  }
  return { run: true };
}

/** Whether there is anything at a path of the host, or that a pattern matches. */
export function* present(pattern: string, folder: string | undefined): Look<boolean> {
  const full = folder !== undefined && !/^[/~]/.test(pattern) ? posix.join(folder, pattern) : pattern;
  if (full.startsWith("/") && !/[*?[]/.test(full)) return (yield* lookAt(full, { follow: true })).exists;
  return yield* ask(anyMatch(full));
}

/** Whether a pattern of the shell, or a path that only the host can make absolute, matches anything. */
function anyMatch(pattern: string): Query<boolean> {
  const home = pattern.startsWith("~/");
  const folder = posix.dirname(pattern);
  return {
    kind: "pattern",
    subject: pattern,
    // Only the pattern's own characters stay outside quotes; sh -c gets it as a text made of quoted pieces.
    script: sh`eval ${`set -- ${home ? '"$HOME"/' : ""}${globWord(home ? pattern.slice(2) : pattern)}`}
[ -e "$1" ] || [ -L "$1" ] && printf y || printf n`,
    decode: (reply) => reply.stdout.toString() === "y",
    amend(observed, predictions) {
      if (observed || !folder.startsWith("/")) return observed;
      const test = new RegExp(`^${globSource(baseName(pattern))}$`);
      for (const effect of predictions.all("path")) {
        if (!("state" in effect) || posix.dirname(effect.subject) !== normalise(folder)) continue;
        const state = effect.state;
        const exists = typeof state === "object" && state !== null && "exists" in state && state.exists === true;
        if (exists && test.test(baseName(effect.subject))) return true;
      }
      return observed;
    },
  };
}

function globSource(pattern: string): string {
  return pattern
    .replace(/[\\^$.|+(){}]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
}

function globWord(pattern: string): string {
  return pattern
    .split(/([*?[\]]+)/)
    .map((piece, index) => (index % 2 === 1 || piece === "" ? piece : quote(piece)))
    .join("");
}

/** Before a user's command: its environment and its folder. */
export function surroundings(context: ModuleContext, chdir: string | undefined): Script {
  const exports = Object.entries(context.environment).map(([name, value]) => sh`export ${`${name}=${value}`}`);
  if (chdir !== undefined) {
    const [, home] = /^~(\/.*)?$/.exec(chdir) ?? [];
    const target =
      chdir.startsWith("~") && (home !== undefined || chdir === "~") ? sh`"$HOME"${home ?? ""}` : sh`${chdir}`;
    exports.push(
      sh`cd -- ${target} 2>/dev/null || { echo "Unable to change directory before execution" >&2; exit 253; }`,
    );
  }
  return joinScripts(exports);
}

/** Standard input as the arguments give it. */
export function inputOf(args: { readonly stdin?: string; readonly stdin_add_newline: boolean }): { stdin?: string } {
  if (args.stdin === undefined) return {};
  return { stdin: args.stdin_add_newline ? `${args.stdin}\n` : args.stdin };
}

/** What a command's end means for the task. `shown` is the command as the result names it. */
export function commandResult(
  reply: Reply,
  seconds: number,
  shown: string | readonly string[],
  stripEnds: boolean,
): ActionResult {
  const strip = (stream: Buffer) => {
    const content = stream.toString();
    return stripEnds ? content.replace(/[\r\n]+$/, "") : content;
  };
  const [stdout, stderr] = [strip(reply.stdout), strip(reply.stderr)];
  const end = new Date();
  const result = dict([
    ["cmd", typeof shown === "string" ? shown : [...shown]],
    ["rc", reply.status],
    ["stdout", stdout],
    ["stderr", stderr],
    ["stdout_lines", lines(stdout)],
    ["stderr_lines", lines(stderr)],
    ["start", timestamp(new Date(end.getTime() - seconds * 1000))],
    ["end", timestamp(end)],
    ["delta", duration(seconds)],
    ["msg", ""],
  ]);
  if (reply.status === 253 && stderr.startsWith("Unable to change directory")) {
    const nothing = { rc: null, stderr: "", stderr_lines: [] };
    return { changed: false, failed: true, result: { ...result, ...nothing, msg: stderr } };
  }
  if (reply.status !== 0) result["msg"] = "non-zero return code";
  return { changed: true, ...(reply.status === 0 ? {} : { failed: true }), result };
}

export function lines(content: string): string[] {
  if (content === "") return [];
  const found = content.split(/\r\n|\n|\r/);
  if (found.at(-1) === "") found.pop();
  return found;
}

function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 23).replace("T", " ")}000`;
}

/** As Python prints a timedelta: `0:00:01.234567`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number) => String(value).padStart(2, "0");
  const micro = String(Math.round((seconds - whole) * 1e6)).padStart(6, "0");
  return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}.${micro}`;
}
