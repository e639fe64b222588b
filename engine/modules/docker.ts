import { Type } from "@sinclair/typebox";
import type { Reply, Script } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { type Dict, isDict, Unknown, type Value } from "../source/value.ts";
import { flag, integer, optional, path, text } from "./argument-types.ts";
import { type Effect, type ModuleContext, ModuleFailure, type Predictions, type Query, type Step } from "./contract.ts";

/** The arguments that all docker modules share: which engine is spoken to. */
export const engineArgs = {
  docker_host: optional(text("The engine: unix:///path or tcp://address:port; a swarm manager's address too.")),
  tls: flag("Encrypt the connection, without checking the server."),
  validate_certs: flag("Encrypt the connection and check the server."),
  ca_path: optional(path("The authority's certificate, on the host.")),
  client_cert: optional(path("The client's certificate, on the host.")),
  client_key: optional(path("The client's key, on the host.")),
  api_version: text("API version; auto: what both sides know.", { default: "auto" }),
  timeout: integer("Seconds until an answer has to be there.", { default: 60 }),
  debug: flag("Accepted for compatibility."),
};

export const engineAliases = {
  docker_url: "docker_host",
  tls_verify: "validate_certs",
  ca_cert: "ca_path",
  tls_ca_cert: "ca_path",
  cacert_path: "ca_path",
  tls_client_cert: "client_cert",
  cert_path: "client_cert",
  tls_client_key: "client_key",
  key_path: "client_key",
  docker_api_version: "api_version",
};

export const engineUnsupported = {
  tls_hostname: "the docker CLI checks the name of docker_host",
  ssl_version: "the docker CLI chooses it",
  use_ssh_client: "name an ssh:// docker_host",
};

const schema = Type.Object(engineArgs);
export type EngineArguments = (typeof schema)["static"];

/** One engine, by the docker CLI on the host. */
export interface Engine {
  /** What stands before the subject in queries and effects; empty for the host's own engine. */
  readonly address: string;
  /** `docker` with its options. */
  readonly cli: Script;
  /** The options alone, for docker-compose. */
  readonly options: readonly string[];
}

export function engineOf(args: EngineArguments, context: Pick<ModuleContext, "environment">): Engine {
  const given = args.docker_host ?? context.environment["DOCKER_HOST"];
  const address =
    given === undefined || given === "unix:///var/run/docker.sock" || given === "unix:///run/docker.sock" ? "" : given;
  const options = [
    ...(address === "" ? [] : ["-H", address]),
    ...(args.validate_certs ? ["--tlsverify"] : args.tls ? ["--tls"] : []),
    ...(args.ca_path === undefined ? [] : ["--tlscacert", args.ca_path]),
    ...(args.client_cert === undefined ? [] : ["--tlscert", args.client_cert]),
    ...(args.client_key === undefined ? [] : ["--tlskey", args.client_key]),
  ];
  const version = args.api_version === "auto" ? sh`` : sh`DOCKER_API_VERSION=${args.api_version} `;
  return { address, cli: sh`${version}docker ${options}`, options };
}

/** An engine that cannot be asked: it is not installed, or does not answer. */
export class Silence {
  readonly reason: string;
  /** Nothing was ever kept there: once it runs, it is an empty engine. */
  readonly empty: boolean;
  readonly installed: boolean;
  constructor(reason: string, empty: boolean, installed: boolean) {
    this.reason = reason;
    this.empty = empty;
    this.installed = installed;
  }
}

const silent =
  /Cannot connect to the Docker daemon|error during connect|Is the docker daemon running|connection refused|i\/o timeout|no such host|permission denied while trying to connect/i;

export interface EngineQuery<T> {
  readonly engine: Engine;
  readonly kind: string;
  readonly subject: string;
  readonly detail?: string;
  readonly script: Script;
  /** What an engine that holds nothing would answer; undefined: that cannot be said. */
  readonly whenEmpty: T | undefined;
  decode(reply: Reply): T;
  predict?(predictions: Predictions): T | Unknown | undefined;
  amend?(observed: T, predictions: Predictions): T | Unknown;
}

/**
 * A question to an engine. An engine that is about to be installed or started over an empty data directory is an
 * empty one, which is an observation; any other that will come is Unknown; any other that is not there is a failure.
 */
export function engineQuery<T>(query: EngineQuery<T>): Query<T> {
  const { engine, whenEmpty } = query;
  const asked: Query<T | Silence> = {
    kind: query.kind,
    subject: `${engine.address} ${query.subject}`.trim(),
    ...(query.detail === undefined ? {} : { detail: query.detail }),
    script: sh`keeps() { d=/var/lib/docker; [ -e "$d" ] || { echo empty; return; }; [ -r "$d" ] && [ -z "$(ls -A "$d")" ] && echo empty || echo data; }
command -v docker >/dev/null 2>&1 || { echo 'docker is not installed on the host' >&2; keeps; exit 97; }
( ${query.script} )
s=$?
[ "$s" -eq 0 ] || { echo; keeps; }
exit "$s"`,
    decode(reply) {
      const errors = reply.stderr.toString().trim();
      const empty = reply.status !== 0 && /(^|\n)empty\s*$/.test(reply.stdout.toString()) && engine.address === "";
      if (reply.status === 97) return new Silence("docker is not installed on the host", empty, false);
      if (reply.status !== 0 && silent.test(errors)) return new Silence(errors, empty, true);
      return query.decode(reply);
    },
    amend(observed, predictions) {
      if (!(observed instanceof Silence)) return query.amend ? query.amend(observed, predictions) : observed;
      const coming =
        predictions.open("engine") ??
        (engine.address === "" ? predictedStart(predictions) : predictions.open("command"));
      const remote = engine.address !== "" && (coming ?? remoteComing(predictions));
      if (engine.address !== "" ? remote : coming) {
        if (observed.empty && whenEmpty !== undefined && engine.address === "") {
          return query.amend ? query.amend(whenEmpty, predictions) : whenEmpty;
        }
        return new Unknown(typeof remote === "string" ? remote : (coming ?? "the engine comes before"));
      }
      return observed;
    },
    ...(query.predict ? { predict: (predictions: Predictions) => query.predict?.(predictions) } : {}),
  };
  // Silence never reaches a look: it becomes a failure as the answer is handed over.
  return failing(asked);
}

function failing<T>(query: Query<T | Silence>): Query<T> {
  const amend = query.amend;
  return {
    ...query,
    decode: (reply) => query.decode(reply) as T, // amend, which always follows, takes the Silence out
    amend(observed, predictions) {
      const answer = amend ? amend(observed, predictions) : observed;
      if (answer instanceof Silence) throw new ModuleFailure(answer.reason);
      return answer;
    },
  };
}

function predictedStart(predictions: Predictions): string | undefined {
  const effect = predictions.of("unit", "docker.service");
  if (!effect) return undefined;
  if ("unknown" in effect) return effect.unknown;
  return "state" in effect && (effect.state as { running?: boolean }).running === true
    ? "the start of docker"
    : undefined;
}

/** An address that nothing listens on yet may be served by a container that is predicted. */
function remoteComing(predictions: Predictions): string | undefined {
  const found = [...predictions.all("container"), ...predictions.all("compose-project")].at(-1);
  return found && "subject" in found ? `the containers of ${found.subject}` : undefined;
}

/** JSON that the engine printed, one document a line or one in all. */
export function parseJson(text: string): Value {
  try {
    return JSON.parse(text) as Value; // JSON holds nothing that is no Value
  } catch {
    throw new ModuleFailure(`The docker CLI answered with something else than JSON: ${text.slice(0, 200)}`);
  }
}

export function parseJsonLines(text: string): Dict[] {
  return text
    .split("\n")
    .filter((line) => line.trim().startsWith("{"))
    .map((line) => asDict(parseJson(line)));
}

export function asDict(value: Value | undefined): Dict {
  return isDict(value) ? value : {};
}

export function asList(value: Value | undefined): Value[] {
  return Array.isArray(value) ? value : [];
}

/** What stands at `A.B.C` of an answer. */
export function at(value: Value | undefined, ...keys: readonly string[]): Value | undefined {
  let found = value;
  for (const key of keys) found = isDict(found) ? found[key] : undefined;
  return found;
}

export type ObjectKind = "container" | "network" | "volume" | "image";

/** An object of the engine, or that there is none of this name. */
export interface Inspected {
  readonly found: Dict | undefined;
}

/** An object of the engine by `inspect`. */
export function inspectQuery(engine: Engine, kind: ObjectKind, name: string): Query<Inspected> {
  return engineQuery<Inspected>({
    engine,
    kind,
    subject: name,
    script: sh`${engine.cli} ${[kind, "inspect", "--format", "{{json .}}", name]}`,
    whenEmpty: { found: undefined },
    decode(reply) {
      if (reply.status === 0) return { found: asDict(parseJson(reply.stdout.toString())) };
      const errors = reply.stderr.toString();
      if (/no such|not found/i.test(errors)) return { found: undefined };
      throw new ModuleFailure(errors.trim() || `docker ${kind} inspect failed`);
    },
    amend(observed, predictions) {
      const reason = observed.found === undefined ? predictions.open(kind) : undefined;
      return reason === undefined ? observed : new Unknown(reason);
    },
  });
}

/** What an object will be: an inspection as far as it is known, or undefined where it goes. */
export function objectEffect(engine: Engine, kind: ObjectKind, name: string, found: Dict | undefined): Effect {
  return { kind, subject: subjectOf(engine, name), state: { found } satisfies Inspected };
}

export function subjectOf(engine: Engine, name: string): string {
  return `${engine.address} ${name}`.trim();
}

/** A step that runs the docker CLI. */
export function dockerStep(engine: Engine, name: string, words: readonly string[], options: Partial<Step> = {}): Step {
  return { name, script: sh`${engine.cli} ${words} || exit 1`, ...options };
}

/** Everything `wanted` has is in `existing` too. */
export function contains(existing: Value | undefined, wanted: Dict): boolean {
  const have = asDict(existing);
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(have, key) && String(have[key]) === words(value));
}

/** A value as the engine's API has it: booleans as true/false. */
export function words(value: Value): string {
  return typeof value === "string"
    ? value
    : value === null
      ? ""
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value);
}
