import { posix } from "node:path";
import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { choice, flag, integer, list, mapping, optional, path, text } from "./argument-types.ts";
import { type Goal, goal } from "./compose-goal.ts";
import {
  composeFunction,
  decodeContainers,
  listContainers,
  type Project,
  type ProjectState,
  projectState,
  readDefinitions,
  type ServiceDefinition,
  serviceEffect,
  withNeeds,
} from "./compose-project.ts";
import { actions, describe, summaries, summary } from "./compose-report.ts";
import {
  ask,
  askAll,
  askMaybe,
  type Look,
  type ModuleContext,
  ModuleFailure,
  type Plan,
  type Query,
  type Step,
  stateModule,
} from "./contract.ts";
import { engineAliases, engineArgs, engineOf, engineUnsupported, subjectOf, words } from "./docker.ts";
import { remotePath } from "./path-names.ts";
import { type PathState, pathState } from "./paths.ts";

const args = Type.Object({
  ...engineArgs,
  project_src: optional(path("Folder of the project.")),
  project_name: optional(text("Its name; default: the folder's.")),
  files: optional(list(Type.String(), "Compose files, in project_src or anywhere.")),
  definition: optional(mapping("The compose file itself, instead of one on the host.")),
  state: choice(["present", "absent"], "Up, or down with all that belongs to it.", { default: "present" }),
  services: list(Type.String(), "Only these services, and what they need.", { default: [] }),
  scale: optional(mapping("Service → how many containers; the others have what the file says, else one.")),
  dependencies: flag("What the services need is brought up too.", true),
  recreate: choice(
    ["smart", "always", "never"],
    "When containers are made anew: if their definition or image changed.",
    {
      default: "smart",
    },
  ),
  build: flag("Build images first."),
  nocache: flag("Build without the cache."),
  pull: flag("Pull images first."),
  stopped: flag("The containers are there, but stopped."),
  restarted: flag("Restart them in any case."),
  remove_images: optional(choice(["all", "local"], "With absent: images too.")),
  remove_volumes: flag("With absent: volumes too."),
  remove_orphans: flag("Remove containers of services that the file no longer has."),
  timeout: integer("Seconds until a container that is to stop is killed.", { default: 10 }),
  env_file: optional(path("File of variables for the compose file.")),
  env: optional(mapping("Variables for the compose file.")),
  hostname_check: flag("Accepted for compatibility."),
});
type Arguments = (typeof args)["static"];

export default stateModule({
  name: "docker_compose",
  aliases: ["docker_compose_v2"],
  collection: "community.docker.docker_compose",
  summary: "Brings a compose project up or down, by docker-compose or `docker compose` on the host.",
  args,
  argAliases: { ...engineAliases, project: "project_src", env_files: "env_file" },
  requiredOneOf: [["project_src", "definition"]],
  mutuallyExclusive: [
    ["project_src", "definition"],
    ["files", "definition"],
  ],
  unsupported: {
    ...engineUnsupported,
    profiles: "name the services",
    wait: "use a wait_for or uri task",
    wait_timeout: "use a wait_for or uri task",
    assume_yes: "nothing is ever asked",
    renew_anon_volumes: "containers keep their anonymous volumes",
    check_files_existing: "files are always checked",
    ignore_build_events: "only containers count",
  },
  example:
    "- docker_compose:\n    project_src: /srv/shop\n    files: [env.yml]\n    services: [web]\n    scale: {web: 2}\n",
  returns: { services: "Service → container → id, image, state.", actions: "What was done to which container." },
  look,
});

function* look(args: Arguments, context: ModuleContext): Look<Plan> {
  const { project, services, predicted } = yield* readProject(args, context);
  const query = projectState(project, { extras: args.state === "absent", predicted });
  if (args.state === "absent") return downPlan(args, project, yield* ask(query));
  for (const name of [...args.services, ...Object.keys(args.scale ?? {})]) {
    if (!services.has(name)) throw new ModuleFailure(`No such service: ${name}`);
  }
  const state = yield* ask(query);
  const named = args.services.length > 0 ? args.services : [...services.keys()];
  const wanted = args.dependencies ? withNeeds(named, services) : named;
  const goals = wanted.map((service) => goal(args, service, services.get(service), state));
  if (state.failure !== undefined && state.hashes === undefined) throw new ModuleFailure(state.failure);
  // Containers are there, but whether they are of the definition that will be, nobody can say yet.
  if (state.hashes === undefined && goals.some(({ doubtful }) => doubtful) && !goals.some(({ certain }) => certain)) {
    yield* ask(unknownHashes(project));
  }
  return upPlan(args, project, goals, state, services, named);
}

interface Given {
  readonly project: Project;
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  /** A file that only a predicted change will make what it is. */
  readonly predicted: boolean;
}

function* readProject(args: Arguments, context: ModuleContext): Look<Given> {
  const environment: Dict = { ...context.environment, ...args.env };
  const engine = engineOf(args, context);
  const envFile = args.env_file;
  if (args.definition !== undefined) {
    if (args.project_name === undefined) throw new ModuleFailure("A definition needs a project_name.");
    const text = JSON.stringify(args.definition);
    const name = args.project_name ?? "default";
    const project: Project = { engine, name, directory: undefined, files: [], stdin: text, envFile, environment };
    return { project, services: readDefinitions([text]), predicted: false };
  }
  const directory = yield* remotePath(args.project_src ?? ".");
  const files = args.files?.map((file) => posix.resolve(directory, file)) ?? [];
  const candidates =
    files.length > 0
      ? files
      : ["docker-compose.yml", "docker-compose.yaml", "compose.yaml", "compose.yml"].map((file) =>
          posix.join(directory, file),
        );
  const read = (path: string): Query<PathState> => pathState(path, { content: true, follow: true });
  const found = yield* askAll(candidates.map(read));
  const present = files.length > 0 ? found : found.filter(({ exists }) => exists).slice(0, 1);
  if (files.length === 0 && args.files === undefined) {
    const override = yield* askMaybe(read(posix.join(directory, "docker-compose.override.yml")));
    if (!(override instanceof Unknown) && override.exists) present.push(override);
  }
  const missing = present.find(({ exists }) => !exists);
  if (missing || present.length === 0) {
    throw new ModuleFailure(`${missing?.path ?? `a compose file in ${directory}`}: No such file or directory`, {
      project_src: directory,
    });
  }
  const contents = present.map((state) => (state.exists ? (state.content ?? Buffer.alloc(0)) : Buffer.alloc(0)));
  const name = args.project_name ?? words(environment["COMPOSE_PROJECT_NAME"] ?? projectName(directory));
  const only = contents.length === 1 ? contents[0] : undefined;
  const project: Project = {
    engine,
    name,
    directory,
    files: present.map(({ path }) => path),
    stdin: only,
    envFile,
    environment,
  };
  const predicted = present.some((state) => state.exists && state.inode === 0);
  return { project, services: readDefinitions(contents.map((content) => content.toString())), predicted };
}

/** A folder's name as compose makes a project's of it. */
export function projectName(directory: string): string {
  return (
    posix
      .basename(directory)
      .toLowerCase()
      .replace(/[^-_a-z0-9]/g, "") || "default"
  );
}

function unknownHashes(project: Project): Query<never> {
  return {
    kind: "compose-hashes",
    subject: subjectOf(project.engine, project.name),
    script: sh`:`,
    decode: () => {
      throw new ModuleFailure(`The compose files of ${project.name} cannot be read.`);
    },
    predict: () => new Unknown(`the definition of ${project.name} is known after the run`),
  };
}

function upPlan(
  args: Arguments,
  project: Project,
  goals: readonly Goal[],
  state: ProjectState,
  services: ReadonlyMap<string, ServiceDefinition>,
  named: readonly string[],
): Plan {
  const orphans = args.remove_orphans ? state.containers.filter(({ service }) => !services.has(service)) : [];
  const raising = goals.filter(
    (each) =>
      each.missing > 0 ||
      each.surplus.length > 0 ||
      each.diverged.length > 0 ||
      (!args.stopped && each.idle.length > 0),
  );
  const stopping = args.stopped ? goals.filter((each) => each.running.length > 0) : [];
  const restarting =
    args.restarted && !args.stopped
      ? goals.filter((each) => each.running.length > 0 && named.includes(each.service))
      : [];
  const result: Dict = { services: describe(state.containers), actions: [] };
  const acts = raising.length + stopping.length + restarting.length + orphans.length > 0;
  if (!acts && !args.pull && !args.build) return { result };

  const inline = project.files.length === 0;
  const dc = composeFunction(project, inline);
  const compose = (name: string, words: readonly string[]): Step => ({
    name,
    script: sh`${dc}
dc ${words} || exit 1`,
    timeout: 3600,
    ...(inline && project.stdin !== undefined ? { stdin: project.stdin } : {}),
  });
  const names = goals.map(({ service }) => service);
  const scales = goals.flatMap(({ service, count }) => ["--scale", `${service}=${count}`]);
  const cli = project.engine.cli;
  const steps: Step[] = [];
  if (args.pull) steps.push(compose("pull the images", ["pull", "-q", ...names]));
  if (args.build) steps.push(compose("build the images", ["build", ...(args.nocache ? ["--no-cache"] : []), ...names]));
  // Through a manager compose can lose a container that it makes anew (its network may be gone): so it is removed
  // here, and compose then only has to make a new one. On the host's own engine compose keeps anonymous volumes.
  const gone = project.engine.address.startsWith("tcp:")
    ? goals.flatMap(({ diverged }) => diverged.filter(({ id }) => id !== ""))
    : [];
  if (gone.length > 0) {
    const ids = gone.map(({ id }) => id);
    steps.push({
      name: `remove ${gone.map(({ name }) => name).join(", ")}`,
      script: sh`${cli} stop -t ${args.timeout} ${ids} || exit 1
${cli} rm -f ${ids} || exit 1`,
    });
  }
  if (orphans.length > 0) {
    steps.push({ name: "remove orphans", script: sh`${cli} rm -f ${orphans.map(({ id }) => id)} || exit 1` });
  }
  // docker-compose 1 counts only the stopped containers of a service when it starts some, and makes as many more as
  // seem to be missing: so they are started here, and it finds all of them running.
  const asleep = args.stopped ? [] : goals.flatMap(({ idle }) => idle.filter(({ id }) => id !== ""));
  if (asleep.length > 0) {
    steps.push({
      name: `start ${asleep.map(({ name }) => name).join(", ")}`,
      script: sh`${cli} start ${asleep.map(({ id }) => id)} || exit 1`,
    });
  }
  if (raising.length > 0 || args.pull || args.build) {
    const recreate =
      args.recreate === "always" ? ["--force-recreate"] : args.recreate === "never" ? ["--no-recreate"] : [];
    const deps = args.dependencies ? [] : ["--no-deps"];
    steps.push(
      compose("bring it up", [
        "up",
        ...(args.stopped ? ["--no-start"] : ["-d"]),
        ...recreate,
        ...deps,
        "-t",
        String(args.timeout),
        ...scales,
        ...names,
      ]),
    );
  }
  if (stopping.length > 0)
    steps.push(compose("stop it", ["stop", "-t", String(args.timeout), ...stopping.map(({ service }) => service)]));
  if (restarting.length > 0) {
    steps.push(
      compose("restart it", ["restart", "-t", String(args.timeout), ...restarting.map(({ service }) => service)]),
    );
  }
  steps.push({ name: "list its containers", script: sh`${listContainers(project)}` });

  const before: Dict = {};
  const after: Dict = {};
  for (const each of goals) {
    before[each.service] = summary(each.existing);
    after[each.service] = { containers: each.count, running: args.stopped ? 0 : each.count };
    if (each.diverged.length > 0) after[`${each.service}: made anew`] = each.diverged.map(({ name }) => name);
  }
  for (const each of restarting) after[`${each.service}: restarted`] = each.running.map(({ name }) => name);
  for (const each of orphans) after[`${each.service}: removed`] = each.name;
  return {
    result,
    change: {
      ...(acts ? {} : { uncertain: "images are pulled or built then, and may be newer ones" }),
      diff: acts ? [{ before, after }] : [],
      steps,
      effects: [
        ...goals.map(({ service, count }) => serviceEffect(project, service, { count, running: !args.stopped })),
        ...goals.flatMap(({ service, count }) =>
          containerNames(project, service, count, services.get(service)).map((name) => ({
            kind: "container",
            subject: subjectOf(project.engine, name),
            unknown: `the container ${name} is made before`,
          })),
        ),
        { opens: ["consul"], because: `the containers of ${project.name}` },
      ],
      finish(replies) {
        const now = decodeContainers(replies.at(-1)?.stdout.toString() ?? "");
        const changes = actions(state.containers, now);
        return { services: describe(now), actions: changes, ...(acts ? {} : { changed: changes.length > 0 }) };
      },
    },
  };
}

function containerNames(
  project: Project,
  service: string,
  count: number,
  definition: ServiceDefinition | undefined,
): string[] {
  if (definition?.containerName !== undefined) return [definition.containerName];
  return Array.from({ length: count }, (_, index) => `${project.name}_${service}_${index + 1}`);
}

function downPlan(args: Arguments, project: Project, state: ProjectState): Plan {
  const exists = state.containers.length > 0 || state.networks || (args.remove_volumes && state.volumes);
  if (!exists) return { result: { services: {}, actions: [] } };
  const options = [
    ...(args.remove_images === undefined ? [] : ["--rmi", args.remove_images]),
    ...(args.remove_volumes ? ["-v"] : []),
    ...(args.remove_orphans ? ["--remove-orphans"] : []),
    "-t",
    String(args.timeout),
  ];
  const services = [...new Set(state.containers.map(({ service }) => service))];
  return {
    result: { services: {} },
    change: {
      diff: [{ before: summaries(state.containers), after: {} }],
      steps: [
        {
          name: "take it down",
          timeout: 3600,
          script: sh`${composeFunction(project, project.files.length === 0)}
dc ${["down", ...options]} || exit 1`,
          ...(project.files.length === 0 && project.stdin !== undefined ? { stdin: project.stdin } : {}),
        },
      ],
      effects: [
        ...services.map((service) => serviceEffect(project, service, { count: 0, running: false })),
        ...state.containers.map(({ name }) => ({
          kind: "container",
          subject: subjectOf(project.engine, name),
          state: { found: undefined },
        })),
      ],
      finish: () => ({
        actions: state.containers.map(({ name }) => ({ what: "container", id: name, status: "Removed" })),
      }),
    },
  };
}
