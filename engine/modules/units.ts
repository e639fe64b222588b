import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { type Effect, ModuleFailure, type Predictions, type Query } from "./contract.ts";

/** A service as its manager sees it. */
export interface UnitState {
  readonly found: boolean;
  readonly running: boolean;
  /** undefined where a unit can be neither. */
  readonly enabled: boolean | undefined;
  readonly masked: boolean;
  /** The unit's files on disk are newer than what systemd has read. */
  readonly stale: boolean;
  /** `docker.service`, also where it was asked for by another name. */
  readonly id: string;
  /** All properties, for the task's result. */
  readonly properties: Dict;
  readonly failure?: string;
}

export interface SystemdScope {
  readonly scope: "system" | "user" | "global";
}

/** `docker` → `docker.service`; what has a unit's suffix stays. */
export function unitName(name: string): string {
  return /\.(service|socket|target|timer|mount|automount|path|slice|scope|device|swap)$/.test(name)
    ? name
    : `${name}.service`;
}

/** systemctl with the options of a scope; for a user's own manager the address of its bus. */
export function systemctl(scope: SystemdScope["scope"]) {
  if (scope === "user") return sh`XDG_RUNTIME_DIR="\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}" systemctl --user`;
  return scope === "global" ? sh`systemctl --global` : sh`systemctl`;
}

/** What systemd says of a unit. */
export function unitState(name: string, scope: SystemdScope["scope"] = "system"): Query<UnitState> {
  const unit = unitName(name);
  return {
    kind: "unit",
    subject: unit,
    ...(scope === "system" ? {} : { detail: scope }),
    script: sh`command -v systemctl >/dev/null 2>&1 || { echo 'systemctl is not on the host' >&2; exit 3; }
${systemctl(scope)} show ${unit} || exit 4
echo '#=enabled=#'
${systemctl(scope)} is-enabled ${unit} 2>/dev/null
exit 0`,
    decode: (reply) => decodeUnit(reply, unit),
    predict: () => undefined, // a prediction says a part only: amend lays it over the answer
    amend: overlayUnit,
  };
}

export function decodeUnit(reply: Reply, unit: string): UnitState {
  if (reply.status !== 0) {
    const failure =
      reply.status === 3
        ? "systemctl is not on the host: it has no systemd"
        : `systemd does not answer: ${reply.stderr.toString().trim()}`;
    return absentUnit(unit, failure);
  }
  const [shown = "", enabled = ""] = reply.stdout.toString().split("#=enabled=#\n");
  const properties: Dict = Object.create(null);
  for (const line of shown.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) properties[line.slice(0, equals)] = line.slice(equals + 1);
  }
  const active = properties["ActiveState"];
  const load = properties["LoadState"];
  const word = enabled.trim().split("\n").at(-1) ?? "";
  return {
    found: load !== "not-found" && load !== undefined,
    running: active === "active" || active === "activating" || active === "reloading",
    enabled: enablement(word),
    masked: load === "masked" || word.startsWith("masked"),
    stale: properties["NeedDaemonReload"] === "yes",
    id: String(properties["Id"] ?? unit),
    properties,
  };
}

/** What `systemctl is-enabled` prints, as Ansible reads it. */
function enablement(word: string): boolean | undefined {
  if (["enabled", "static", "generated", "transient"].includes(word)) return true;
  return false;
}

function absentUnit(unit: string, failure?: string): UnitState {
  return {
    found: false,
    running: false,
    enabled: false,
    masked: false,
    stale: false,
    id: unit,
    properties: {},
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Predictions over what was seen. A predicted state keeps the properties that were observed. */
export function overlayUnit(observed: UnitState, predictions: Predictions): UnitState | Unknown {
  const effect = predictions.of("unit", observed.id);
  if (effect && "unknown" in effect) return new Unknown(effect.unknown);
  if (effect && "state" in effect) {
    const state = effect.state as Partial<UnitState>; // only unitEffect makes effects of this kind
    return { ...observed, ...state, properties: observed.properties };
  }
  if (!observed.found) {
    const written = unitFile(observed.id, predictions);
    if (written !== undefined) return { ...absentUnit(observed.id), found: true, stale: true };
    const reason = predictions.open("unit") ?? predictions.open("command");
    if (reason !== undefined) return new Unknown(reason);
    return observed;
  }
  return unitFile(observed.id, predictions) === undefined ? observed : { ...observed, stale: true };
}

/** Whether the unit's own file or a drop-in of it is predicted to be there in another form. */
function unitFile(unit: string, predictions: Predictions): string | undefined {
  for (const effect of predictions.all("path")) {
    if (!("subject" in effect)) continue;
    const name = /^(?:\/etc|\/usr\/lib|\/lib|\/run)\/systemd\/(?:system|user)\/([^/]+?)(?:\.d\/[^/]+\.conf)?$/.exec(
      effect.subject,
    )?.[1];
    const exists = "state" in effect && (effect.state as { exists?: boolean } | undefined)?.exists !== false;
    if (exists && name === unit) return effect.subject;
  }
  return undefined;
}

/** What a unit will be like; what is left out stays as it was. */
export function unitEffect(unit: string, state: Partial<UnitState>): Effect {
  return { kind: "unit", subject: unit, state: { found: true, ...state } };
}

/** A service without systemd: its init script's word, and its links in /etc/rc?.d. */
export function initState(name: string, pattern?: string): Query<UnitState> {
  return {
    kind: "unit",
    subject: unitName(name),
    detail: `init ${pattern ?? ""}`,
    script: sh`n=${name}
[ -x "/etc/init.d/$n" ] || { echo absent; exit 0; }
echo found
${pattern === undefined ? sh`"/etc/init.d/$n" status >/dev/null 2>&1 </dev/null` : sh`pgrep -f -e ${pattern} >/dev/null 2>&1`}
echo $?
set -- /etc/rc[2-5].d/S[0-9][0-9]"$n"
[ -e "$1" ] && echo enabled || echo disabled
command -v chkconfig >/dev/null 2>&1 && chkconfig "$n" >/dev/null 2>&1 && echo enabled
exit 0`,
    decode(reply) {
      const lines = reply.stdout.toString().trim().split("\n");
      if (lines[0] !== "found") return absentUnit(unitName(name));
      return {
        ...absentUnit(unitName(name)),
        found: true,
        running: lines[1] === "0",
        enabled: lines.slice(2).includes("enabled"),
      };
    },
    predict: () => undefined, // as above
    amend: overlayUnit,
  };
}

/** Which manager runs the host's services. */
export const serviceManager: Query<"systemd" | "init"> = {
  kind: "service-manager",
  subject: "host",
  script: sh`[ -d /run/systemd/system ] && echo systemd || echo init`,
  decode: (reply) => (reply.stdout.toString().trim() === "systemd" ? "systemd" : "init"),
};

export function notFound(name: string, host: string): ModuleFailure {
  return new ModuleFailure(`Could not find the requested service ${name}: host`, { name, host });
}
