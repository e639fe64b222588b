import { posix } from "node:path";
import { Type } from "@sinclair/typebox";
import { joinScripts, sh } from "../host/script.ts";
import { dict, Unknown } from "../source/value.ts";
import type { UserState } from "./accounts.ts";
import { choice, flag, optional, path, text } from "./argument-types.ts";
import { land } from "./content.ts";
import {
  ask,
  type Effect,
  type Look,
  ModuleFailure,
  type Plan,
  type Query,
  type Step,
  stateModule,
} from "./contract.ts";
import { fetched } from "./fetched.ts";
import { attributeScript } from "./ownership.ts";
import { assign } from "./path-names.ts";
import { created, lookAt, pathEffect } from "./paths.ts";
import { linesOf } from "./python-regex.ts";

export default stateModule({
  name: "authorized_key",
  summary: "Keep SSH keys in a user's authorized_keys.",
  collection: "ansible.posix.authorized_key",
  args: Type.Object({
    user: text("The user who may log in with the key."),
    key: text("One key or several, a line each; or an address that the host fetches them from."),
    state: choice(["present", "absent"], "Whether they shall be there.", { default: "present" }),
    path: optional(path("The file, if not ~/.ssh/authorized_keys.")),
    manage_dir: flag("Make the folder too, and set its owner and permissions.", true),
    exclusive: flag("Take all other keys and lines away."),
    key_options: optional(text("Options in front of the key.")),
    comment: optional(text("The comment behind the key.")),
    follow: flag("Look through a link at the file."),
    validate_certs: flag("With an address: check the server's certificate.", true),
  }),
  example: "- ansible.posix.authorized_key:\n    user: deploy\n    key: \"{{ lookup('file', 'deploy.pub') }}\"\n",
  returns: { keyfile: "the file", user: "the user" },

  *look(args): Look<Plan> {
    const account = yield* ask(accountOf(args.user));
    if (!account) throw new ModuleFailure(`Failed to lookup user ${args.user}`);
    const file = args.path ?? posix.join(account.home, ".ssh", "authorized_keys");
    const result = dict([
      ["user", args.user],
      ["key", args.key],
      ["keyfile", file],
      ["state", args.state],
      ["exclusive", args.exclusive],
      ["path", args.path ?? null],
      ["manage_dir", args.manage_dir],
      ["key_options", args.key_options ?? null],
      ["comment", args.comment ?? null],
      ["follow", args.follow],
      ["validate_certs", args.validate_certs],
    ]);
    const given = /^(?:https?|ftp|file):\/\//.test(args.key)
      ? (yield* ask(fetched("The keys at", args.key, args.validate_certs))).toString()
      : args.key;
    const before = yield* lookAt(file, { follow: args.follow, content: true });
    const old = before.exists ? (before.content?.toString() ?? "") : "";
    const wanted = given
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => withOptions(line, args.key_options, args.comment));
    if (wanted.some((line) => keyOf(line) === undefined)) throw new ModuleFailure(`invalid key specified: ${args.key}`);
    const next = args.state === "present" ? withKeys(old, wanted, args.exclusive) : withoutKeys(old, wanted);
    // Owners and permissions are seen to where keys change, and only there.
    if (next === old) return { result };
    const owner = { owner: args.user, group: account.group };
    const steps: Step[] = [];
    const effects: Effect[] = [];
    const folder = posix.dirname(file);
    const above = yield* lookAt(folder, { follow: true });
    const bare = above.exists ? above : created(above, "directory");
    if (args.manage_dir) {
      const after = { ...bare, ...owner, mode: 0o700, uid: account.uid, gid: account.gid };
      if (!above.exists || above.mode !== 0o700 || above.uid !== account.uid || above.gid !== account.gid) {
        steps.push({
          name: "make the folder",
          script: joinScripts([
            assign("p", folder),
            sh`[ -d "$p" ] || mkdir -- "$p" || exit 1`,
            attributeScript(bare, after),
          ]),
        });
        effects.push(pathEffect(folder, after));
      }
    } else if (!above.exists) {
      steps.push({ name: "make the folder", script: sh`mkdir -p -- ${folder} || exit 1` });
      effects.push(pathEffect(folder, bare));
    }
    const { change } = yield* land({
      before,
      content: Buffer.from(next),
      attributes: { ...owner, mode: "0600" },
    });
    return {
      change: {
        diff: change?.diff ?? [],
        steps: [...steps, ...(change?.steps ?? [])],
        effects: [...effects, ...(change?.effects ?? [])],
      },
      result,
    };
  },
});

interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly group: string;
  readonly home: string;
}

function accountOf(user: string): Query<Account | undefined> {
  return {
    kind: "user",
    subject: user,
    detail: "home",
    script: sh`n=${user}
line=$({ getent passwd "$n" 2>/dev/null || grep "^$n:" /etc/passwd; } | head -n 1); printf '%s\n' "$line"
gid=$(printf %s "$line" | cut -d: -f4); [ -n "$gid" ] && { getent group "$gid" 2>/dev/null || grep "^[^:]*:[^:]*:$gid:" /etc/group; } | head -n 1
:`,
    decode(reply) {
      const [line = "", group = ""] = reply.stdout.toString().split("\n");
      const fields = line.split(":");
      const home = fields[5];
      if (home === undefined || home === "") return undefined;
      return { uid: Number(fields[2]), gid: Number(fields[3]), group: group.split(":")[0] || String(fields[3]), home };
    },
    predict(predictions) {
      const effect = predictions.of("user", user);
      if (!effect) return undefined;
      const state = "state" in effect ? (effect.state as UserState) : undefined; // accounts.ts makes effects of this kind
      if (!state?.exists || !state.home.startsWith("/")) return new Unknown(`the user ${user} changes before`);
      return { uid: state.uid, gid: state.gid, group: state.group, home: state.home };
    },
    amend(observed, predictions) {
      const reason = observed ? undefined : predictions.open("user");
      return reason === undefined ? observed : new Unknown(reason);
    },
  };
}

const types = /(?:^|\s)((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+)\s+([A-Za-z0-9+/=]+)/;

/** The key itself, without options and comment: what tells one line from another. */
function keyOf(line: string): string | undefined {
  const found = types.exec(line);
  return found ? `${found[1]} ${found[2]}` : undefined;
}

function withOptions(line: string, options: string | undefined, comment: string | undefined): string {
  const key = keyOf(line);
  if (key === undefined) return line;
  const at = line.indexOf(key);
  const front = options ?? line.slice(0, Math.max(0, at)).trim();
  const back = comment ?? line.slice(at + key.length).trim();
  return [front, key, back].filter((part) => part !== "").join(" ");
}

/** The text of authorized_keys with the keys, each once; keys that differ in options are replaced. */
export function withKeys(old: string, wanted: readonly string[], exclusive: boolean): string {
  const byKey = new Map(wanted.map((line) => [keyOf(line), line]));
  const lines: string[] = [];
  for (const line of linesOf(old).map((each) => each.replace(/\r?\n$/, ""))) {
    const key = keyOf(line);
    const replacement = key === undefined || line.startsWith("#") ? undefined : byKey.get(key);
    if (replacement !== undefined) {
      lines.push(replacement);
      byKey.delete(key);
    } else if (!exclusive) lines.push(line);
  }
  const text = [...lines, ...byKey.values()].join("\n");
  return text === "" ? "" : `${text}\n`;
}

export function withoutKeys(old: string, unwanted: readonly string[]): string {
  const keys = new Set(unwanted.map(keyOf));
  return linesOf(old)
    .filter((line) => !keys.has(keyOf(line)))
    .join("");
}
