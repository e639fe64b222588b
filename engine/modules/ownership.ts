import type { Reply, Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { type Dict, dict, Unknown } from "../source/value.ts";
import { mode as modeArgument, optional, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Query } from "./contract.ts";
import { octal, resolveMode } from "./mode.ts";
import type { PathState, PresentPath } from "./paths.ts";

/** The arguments that every module which makes files has in common. */
export const attributeArguments = {
  mode: optional(modeArgument()),
  owner: optional(text("Name or number of the user that shall own it.")),
  group: optional(text("Name or number of the group that shall own it.")),
};

/** What Ansible's modules offer besides, and why it is not here. */
export const attributeRefusals: { readonly [argument: string]: string } = {
  seuser: "SELinux contexts come from the host's policy (restorecon)",
  serole: "SELinux contexts come from the host's policy (restorecon)",
  setype: "SELinux contexts come from the host's policy (restorecon)",
  selevel: "SELinux contexts come from the host's policy (restorecon)",
  attributes: "use a command task with chattr",
  attr: "use a command task with chattr",
  unsafe_writes: "files always land atomically",
};

export interface Attributes {
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

export interface Account {
  readonly name: string;
  /** -1 for one that is only predicted. */
  readonly id: number;
}

/** The user or group of a name or number; undefined where the host has none. */
export function account(kind: "user" | "group", name: string): Query<Account | undefined> {
  const database = kind === "user" ? "passwd" : "group";
  return {
    kind,
    subject: name,
    detail: "id",
    script: sh`n=${name}
if command -v getent >/dev/null 2>&1; then getent ${database} "$n"
else while IFS=: read -r name word id rest; do
  if [ "$name" = "$n" ] || [ "$id" = "$n" ]; then echo "$name:$word:$id"; break; fi
done < /etc/${database}; fi
:`,
    decode(reply: Reply) {
      const [found, , id] = reply.stdout.toString().trim().split(":");
      return found === undefined || found === "" ? undefined : { name: found, id: Number(id) };
    },
    predict(predictions) {
      const effect = predictions.of(kind, name);
      if (!effect) return undefined;
      if ("unknown" in effect) return new Unknown(effect.unknown);
      const state = "state" in effect ? effect.state : undefined;
      if (typeof state !== "object" || state === null) return new Unknown(`the ${kind} ${name} changes before`);
      if ("exists" in state && state.exists === false) return new Unknown(`the ${kind} ${name} is removed before`);
      const id = kind === "user" && "uid" in state ? state.uid : "gid" in state ? state.gid : undefined;
      return { name, id: typeof id === "number" ? id : -1 };
    },
    amend(observed, predictions) {
      const reason = observed ? undefined : predictions.open(kind);
      return reason === undefined ? observed : new Unknown(reason);
    },
  };
}

/** What the path will be like once it has these attributes. Fails where the host knows no such user or group. */
export function* withAttributes(state: PresentPath, wanted: Attributes, umask = 0o022): Look<PresentPath> {
  const owner = yield* resolved("user", wanted.owner, { name: state.owner, id: state.uid });
  const group = yield* resolved("group", wanted.group, { name: state.group, id: state.gid });
  let mode = state.mode;
  if (wanted.mode !== undefined && state.type !== "link") {
    mode = resolveMode(wanted.mode, state.mode, { directory: state.type === "directory", umask });
  }
  return { ...state, owner: owner.name, uid: owner.id, group: group.name, gid: group.id, mode };
}

function* resolved(kind: "user" | "group", wanted: string | undefined, present: Account): Look<Account> {
  if (wanted === undefined || wanted === present.name) return present;
  if (/^\d+$/.test(wanted)) {
    const id = Number(wanted);
    if (id === present.id) return present;
    const found = yield* ask(account(kind, wanted));
    return found && found.id === id ? found : { name: wanted, id };
  }
  const found = yield* ask(account(kind, wanted));
  if (!found) {
    throw new ModuleFailure(`${kind === "user" ? "chown" : "chgrp"} failed: failed to look up ${kind} ${wanted}`);
  }
  return found;
}

export function sameAttributes(a: PresentPath, b: PresentPath): boolean {
  return sameOwners(a, b) && a.mode === b.mode;
}

function sameOwners(a: PresentPath, b: PresentPath): boolean {
  return a.owner === b.owner && a.group === b.group && a.uid === b.uid && a.gid === b.gid;
}

/** Changes owner and permissions of `"$p"` from one to the other; nothing where they are the same. */
export function attributeScript(before: PresentPath, after: PresentPath): Script {
  const parts: Script[] = [];
  const chowned = !sameOwners(before, after);
  // A link's own owner is meant only where the state is the link's: else it was looked through.
  if (chowned) parts.push(sh`chown ${after.type === "link" ? sh`-h ` : sh``}${ownersOf(after)} "$p" || exit 1`);
  // Changing the owner clears setuid and setgid.
  if (after.type !== "link" && (before.mode !== after.mode || (chowned && (after.mode & 0o6000) !== 0))) {
    // GNU's chmod leaves a directory its setgid unless there are five digits.
    parts.push(sh`chmod ${`0${octal(after.mode)}`} "$p" || exit 1`);
  }
  return joinScripts(parts);
}

/** `user:group` for chown, by number where it is known. */
export function ownersOf(state: PresentPath): string {
  return `${state.uid < 0 ? state.owner : state.uid}:${state.gid < 0 ? state.group : state.gid}`;
}

/** The return values about a path that Ansible's file modules share. */
export function attributeResult(state: PathState): Dict {
  if (!state.exists) return dict([["state", "absent"]]);
  const { uid, gid, owner, group, mode, size, type } = state;
  const result = dict([
    ["uid", uid],
    ["gid", gid],
    ["owner", owner],
    ["group", group],
    ["mode", octal(mode)],
    ["state", stateWord(state)],
  ]);
  if (type === "file" || type === "link") result["size"] = size;
  return result;
}

/** `file`, `directory`, `link`, or `hard` for a file with several names, as the file module calls it. */
export function stateWord(state: PathState): string {
  if (!state.exists) return "absent";
  if (state.type === "file") return state.links > 1 ? "hard" : "file";
  return state.type === "directory" || state.type === "link" ? state.type : "file";
}
