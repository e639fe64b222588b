import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import type { Effect, Query } from "./contract.ts";

export interface UserState {
  readonly exists: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly group: string;
  readonly comment: string;
  readonly home: string;
  readonly homeExists: boolean;
  readonly shell: string;
  /** Supplementary groups, from the group database. */
  readonly groups: readonly string[];
  /** The field of the shadow file; undefined where it cannot be read. */
  readonly password: string | undefined;
  /** Days since 1970 on which the account ends; undefined: never. */
  readonly expires: number | undefined;
  /** Days: minimum, maximum, warning. */
  readonly ages: readonly [number, number, number];
  /** Days after the password has run out until the account is closed; undefined: never. */
  readonly inactive: number | undefined;
  readonly privateKey: boolean;
  readonly publicKey: string | undefined;
}

const noUser: UserState = {
  exists: false,
  uid: -1,
  gid: -1,
  group: "",
  comment: "",
  home: "",
  homeExists: false,
  shell: "",
  groups: [],
  password: undefined,
  expires: undefined,
  ages: [0, 99_999, 7],
  inactive: undefined,
  privateKey: false,
  publicKey: undefined,
};

/** An account, by one look at the databases of users, shadows and groups. */
export function userState(name: string, keyFile: string): Query<UserState> {
  return {
    kind: "user",
    subject: name,
    detail: keyFile,
    script: sh`n=${name}
entry() { if command -v getent >/dev/null 2>&1; then getent "$1" "$2" 2>/dev/null; else grep "^$2:" "/etc/$1" 2>/dev/null; fi; }
e=$(entry passwd "$n")
printf '%s\n' "$e"
entry shadow "$n" || echo
g=\${e#*:*:*:}
entry group "\${g%%:*}" || echo
h=\${e#*:*:*:*:*:}; h=\${h%%:*}
[ -n "$h" ] && [ -d "$h" ] && echo home || echo nohome
k=${keyFile}
case $k in /*) ;; *) k=$h/$k ;; esac
[ -n "$h" ] && [ -e "$k" ] && echo key || echo nokey
l=; [ -z "$h" ] || [ ! -f "$k.pub" ] || IFS= read -r l <"$k.pub" || :
printf '%s\n' "$l"
{ getent group 2>/dev/null || cat /etc/group; } | while IFS=: read -r group word id members; do
  case ,$members, in *,"$n",*) echo "$group" ;; esac
done
:`,
    decode: (reply) => (reply.stdout.toString().startsWith(`${name}:`) ? decodeUser(reply) : noUser),
    predict(predictions) {
      const effect = predictions.of("user", name);
      if (!effect) return undefined;
      if ("unknown" in effect) return new Unknown(effect.unknown);
      return "state" in effect ? { ...noUser, ...(effect.state as Partial<UserState>) } : undefined; // only userEffect makes these
    },
    amend(observed, predictions) {
      const reason = observed.exists ? undefined : predictions.open("user");
      return reason === undefined ? observed : new Unknown(reason);
    },
  };
}

export function decodeUser(reply: Reply): UserState {
  const lines = reply.stdout.toString().split("\n");
  const [passwd = "", shadow = "", primary = "", home = "", pair = "", key = "", ...groups] = lines;
  const fields = passwd.split(":");
  if (passwd === "" || fields.length < 7) return noUser;
  const hidden = shadow.split(":");
  const day = (field: string | undefined, fallback: number) =>
    field === undefined || field === "" ? fallback : Number(field);
  return {
    exists: true,
    uid: Number(fields[2]),
    gid: Number(fields[3]),
    group: primary.split(":")[0] ?? "",
    comment: fields[4] ?? "",
    home: fields[5] ?? "",
    homeExists: home === "home",
    shell: fields[6] ?? "",
    groups: groups.filter((group) => group !== ""),
    password: hidden.length > 1 ? hidden[1] : undefined,
    inactive: hidden[6] === undefined || hidden[6] === "" ? undefined : Number(hidden[6]),
    expires: hidden[7] === undefined || hidden[7] === "" ? undefined : Number(hidden[7]),
    ages: [day(hidden[3], 0), day(hidden[4], 99_999), day(hidden[5], 7)],
    privateKey: pair === "key",
    publicKey: key === "" ? undefined : key,
  };
}

export function userEffect(name: string, state: UserState): Effect {
  return { kind: "user", subject: name, state };
}

export interface GroupState {
  readonly exists: boolean;
  readonly gid: number;
}

export function groupState(name: string): Query<GroupState> {
  return {
    kind: "group",
    subject: name,
    script: sh`n=${name}
if command -v getent >/dev/null 2>&1; then getent group "$n"; else grep "^$n:" /etc/group; fi
:`,
    decode(reply) {
      const [found, , gid] = reply.stdout.toString().trim().split(":");
      // getent also finds a number's entry, where a name looks like one.
      return found === name ? { exists: true, gid: Number(gid) } : { exists: false, gid: -1 };
    },
    amend(observed, predictions) {
      const reason = observed.exists ? undefined : predictions.open("group");
      return reason === undefined ? observed : new Unknown(reason);
    },
  };
}

/** A group whose number the host chooses has -1 until then. */
export function groupEffect(name: string, state: GroupState): Effect {
  return { kind: "group", subject: name, state };
}
