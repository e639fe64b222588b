import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { type Dict, isDict, Unknown, type Value } from "../source/value.ts";
import { parseYaml, toValue } from "../source/yaml.ts";
import { ModuleFailure, type Predictions, type Query } from "./contract.ts";
import { asDict, asList, at, type Engine, engineQuery, parseJsonLines, words } from "./docker.ts";

/** What a compose file says of a service, as far as the module decides by it. */
export interface ServiceDefinition {
  /** Containers of it, where the file says so. */
  readonly scale: number;
  /** Services that have to be up before it. */
  readonly needs: readonly string[];
  /** `container_name`, where the file gives one. */
  readonly containerName: string | undefined;
}

/** One container of a project. */
export interface ServiceContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly number: number;
  readonly running: boolean;
  /** Of the definition it was made from; undefined: predicted to be the present one. */
  readonly hash: string | undefined;
  readonly inspected: Dict;
}

export interface ProjectState {
  readonly containers: readonly ServiceContainer[];
  /** Service → hash of its present definition; undefined where that could not be told. */
  readonly hashes: ReadonlyMap<string, string> | undefined;
  readonly failure: string | undefined;
  /** Whether it has networks, and volumes, of its own. */
  readonly networks: boolean;
  readonly volumes: boolean;
}

export interface Project {
  readonly engine: Engine;
  readonly name: string;
  readonly directory: string | undefined;
  readonly files: readonly string[];
  /** The definition itself, given on standard input. */
  readonly stdin: string | Buffer | undefined;
  readonly envFile: string | undefined;
  readonly environment: Dict;
}

/** The services of compose files, later ones over earlier ones. */
export function readDefinitions(texts: readonly string[]): ReadonlyMap<string, ServiceDefinition> {
  const services = new Map<string, ServiceDefinition>();
  for (const text of texts) {
    const parsed = definitionOf(text);
    const document = isDict(parsed) ? parsed : {};
    const given = isDict(document["services"])
      ? document["services"]
      : document["version"] === undefined
        ? document
        : {};
    for (const [name, definition] of Object.entries(given)) {
      const before = services.get(name);
      const scale = at(definition, "scale") ?? at(definition, "deploy", "replicas");
      const container = at(definition, "container_name");
      services.set(name, {
        scale: typeof scale === "number" ? scale : (before?.scale ?? 1),
        needs: [...new Set([...(before?.needs ?? []), ...needsOf(definition)])],
        containerName: typeof container === "string" ? container : before?.containerName,
      });
    }
  }
  return services;
}

function definitionOf(text: string): Value {
  try {
    const [document] = parseYaml(text, "the compose file").documents;
    return document ? toValue(document) : null;
  } catch (error) {
    throw new ModuleFailure(
      `The compose file is no YAML: ${error instanceof Error ? error.message.split("\n")[0] : ""}`,
    );
  }
}

function needsOf(definition: Value): string[] {
  const depends = at(definition, "depends_on");
  const named = (value: Value | undefined) => asList(value).map((each) => words(each).split(":")[0] ?? "");
  const shared = ["network_mode", "net", "ipc", "pid"].flatMap((key) => {
    const match = /^service:(.+)$/.exec(words(at(definition, key) ?? ""));
    return match?.[1] === undefined ? [] : [match[1]];
  });
  return [
    ...(Array.isArray(depends) ? depends.map(words) : Object.keys(asDict(depends))),
    ...named(at(definition, "links")),
    ...named(at(definition, "volumes_from")).filter((name) => name !== "container"),
    ...shared,
  ];
}

/** The wanted services and what they need, each after what it needs. */
export function withNeeds(names: readonly string[], services: ReadonlyMap<string, ServiceDefinition>): string[] {
  const found = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    if (found.has(name) || path.includes(name) || !services.has(name)) return;
    for (const need of services.get(name)?.needs ?? []) visit(need, [...path, name]);
    found.add(name);
  };
  for (const name of names) visit(name, []);
  return [...found];
}

/**
 * Defines `dc`: docker-compose 1, else the plugin, spoken to this project. With `given` the definition comes on
 * standard input and is kept in a private file while it is needed: docker-compose 1 reads it more than once.
 */
export function composeFunction(project: Project, given: boolean) {
  const source = given ? sh`-f "$t/compose.yml"` : sh`${project.files.flatMap((file) => ["-f", file])}`;
  const keep = given
    ? sh`[ -n "$t" ] || { t=$(mktemp -d) || exit 1; trap 'rm -rf "$t"' EXIT; }
cat > "$t/compose.yml" || exit 1
`
    : sh``;
  const envFile = project.envFile === undefined ? [] : ["--env-file", project.envFile];
  const options = sh`${["-p", project.name, "--project-directory", project.directory ?? ".", ...envFile]} ${source}`;
  const exports = Object.entries(project.environment).reduce(
    (all, [key, value]) => sh`${all}export ${`${key}=${words(value)}`}
`,
    sh`export COMPOSE_HTTP_TIMEOUT=120 COMPOSE_INTERACTIVE_NO_CLI=1 COMPOSE_IGNORE_ORPHANS=1
`,
  );
  return sh`${exports}${keep}${
    project.directory === undefined
      ? sh``
      : sh`cd ${project.directory} || exit 1
`
  }if command -v docker-compose >/dev/null 2>&1; then dc() { docker-compose ${project.engine.options} ${options} "$@" </dev/null; }
else dc() { docker ${project.engine.options} compose ${options} "$@" </dev/null; }; fi`;
}

const listing = (project: Project) => {
  const label = `label=com.docker.compose.project=${project.name}`;
  return sh`ids=$(${project.engine.cli} ps -aq --no-trunc --filter ${label}) || exit 1
[ -z "$ids" ] || ${project.engine.cli} container inspect --format '{{json .}}' $ids || exit 1`;
};

/** Prints the project's containers, as the last step of a change. */
export function listContainers(project: Project) {
  return listing(project);
}

/** A project as the engine has it, and the hashes of its definition; both are looked up at the same time. */
export function projectState(
  project: Project,
  options: { readonly extras: boolean; readonly predicted: boolean },
): Query<ProjectState> {
  const label = `label=com.docker.compose.project=${project.name}`;
  return {
    ...engineQuery<ProjectState>({
      engine: project.engine,
      kind: "compose-project",
      subject: project.name,
      detail: `${project.directory ?? ""} ${project.files.join(" ")} ${options.extras}`,
      script: sh`t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
exec 3<&0 0</dev/null
(
if command -v docker-compose >/dev/null 2>&1 || docker compose version >/dev/null 2>&1; then
${composeFunction(project, project.stdin !== undefined)}
dc config '--hash=*' > "$t/hashes" 2> "$t/errors" || : > "$t/failed"
else echo 'docker-compose is not installed on the host' > "$t/errors"; : > "$t/failed"; fi
) <&3 &
${listing(project)}
wait
echo '#=hashes=#'
if [ -e "$t/failed" ]; then echo '#=failed=#'; cat "$t/errors"; else cat "$t/hashes"; fi
${
  options.extras
    ? sh`echo '#=networks=#'; ${project.engine.cli} network ls -q --filter ${label} || exit 1
echo '#=volumes=#'; ${project.engine.cli} volume ls -q --filter ${label} || exit 1`
    : sh``
}`,
      whenEmpty: { containers: [], hashes: undefined, failure: undefined, networks: false, volumes: false },
      decode: (reply) => decodeProject(reply),
      amend: (observed, predictions) => overlayProject(observed, project, options.predicted, predictions),
    }),
    ...(project.stdin === undefined ? {} : { stdin: project.stdin }),
  };
}

export function decodeProject(reply: Reply): ProjectState {
  if (reply.status !== 0)
    throw new ModuleFailure(reply.stderr.toString().trim() || "docker could not list the project");
  const [listed = "", rest = ""] = reply.stdout.toString().split("#=hashes=#\n");
  const [hashes = "", extras = ""] = rest.split("#=networks=#\n");
  const [networks = "", volumes = ""] = extras.split("#=volumes=#\n");
  const failed = hashes.startsWith("#=failed=#\n");
  return {
    containers: decodeContainers(listed),
    hashes: failed
      ? undefined
      : new Map(
          hashes.split("\n").flatMap((line) => {
            const [service, hash] = line.trim().split(/\s+/);
            return service !== undefined && hash !== undefined ? [[service, hash] as const] : [];
          }),
        ),
    failure: failed ? hashes.slice("#=failed=#\n".length).trim() : undefined,
    networks: networks.trim() !== "",
    volumes: volumes.trim() !== "",
  };
}

export function decodeContainers(text: string): ServiceContainer[] {
  return parseJsonLines(text).flatMap((inspected) => {
    const label = (name: string) => words(at(inspected, "Config", "Labels", `com.docker.compose.${name}`) ?? "");
    if (label("oneoff").toLowerCase() === "true") return [];
    return [
      {
        id: words(inspected["Id"] ?? ""),
        name: words(inspected["Name"] ?? "").replace(/^\//, ""),
        service: label("service"),
        number: Number(label("container-number")) || 1,
        running: at(inspected, "State", "Running") === true,
        hash: label("config-hash"),
        inspected,
      },
    ];
  });
}

/** Predicted services over the observed ones; hashes of a file that will be another one are not known. */
function overlayProject(
  observed: ProjectState,
  project: Project,
  predictedFile: boolean,
  predictions: Predictions,
): ProjectState | Unknown {
  let containers = [...observed.containers];
  const prefix = `${project.engine.address} ${project.name}/`.trim();
  for (const effect of predictions.all("compose-service")) {
    if (!("subject" in effect) || !effect.subject.startsWith(prefix)) continue;
    if ("unknown" in effect) return new Unknown(effect.unknown);
    const service = effect.subject.slice(prefix.length);
    const { count, running } = effect.state as ServicePrediction; // only serviceEffect makes effects of this kind
    containers = containers.filter((each) => each.service !== service);
    for (let number = 1; number <= count; number++) {
      containers.push({
        id: "",
        name: `${project.name}_${service}_${number}`,
        service,
        number,
        running,
        hash: undefined,
        inspected: {},
      });
    }
  }
  const unreadable =
    observed.failure !== undefined &&
    (predictions.open("command") !== undefined || predictions.open("path") !== undefined);
  const hashes = predictedFile && project.stdin === undefined ? undefined : observed.hashes;
  return {
    ...observed,
    containers,
    hashes,
    failure: unreadable || hashes !== observed.hashes ? undefined : observed.failure,
  };
}

export interface ServicePrediction {
  readonly count: number;
  readonly running: boolean;
}

/** What a service will be like: so many containers of its present definition. */
export function serviceEffect(project: Project, service: string, state: ServicePrediction) {
  return { kind: "compose-service", subject: `${project.engine.address} ${project.name}/${service}`.trim(), state };
}
