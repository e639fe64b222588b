import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict, Value } from "../source/value.ts";
import { choice, flag, mapping, optional, path, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Step, stateModule } from "./contract.ts";
import {
  asDict,
  asList,
  at,
  dockerStep,
  type Engine,
  engineAliases,
  engineArgs,
  engineOf,
  engineUnsupported,
  inspectQuery,
  objectEffect,
  parseJson,
  subjectOf,
  words,
} from "./docker.ts";

const args = Type.Object({
  ...engineArgs,
  name: text("The image, with or without `:tag`."),
  tag: text("Its tag.", { default: "latest" }),
  state: choice(["present", "absent"], "Whether it should be there.", { default: "present" }),
  source: optional(choice(["build", "load", "pull", "local"], "Where a missing image comes from.")),
  build: optional(
    mapping("path, dockerfile, args, labels, target, nocache, pull, network, cache_from, etc_hosts, platform …"),
  ),
  pull: optional(mapping("platform")),
  load_path: optional(path("Archive of source load, on the host.")),
  archive_path: optional(path("Save the image there, on the host.")),
  repository: optional(text("Another name to give it, `repository[:tag]`.")),
  push: flag("Push it to the registry of its name (or of repository)."),
  force_source: flag("Build, load or pull it even when it is there."),
  force_absent: flag("Remove it even when other names or containers use it."),
  force_tag: flag("Give it the other name even when that is another image's."),
});
type Arguments = (typeof args)["static"];

export default stateModule({
  name: "docker_image",
  collection: "community.docker.docker_image",
  summary: "Manages images of a docker engine.",
  args,
  argAliases: engineAliases,
  requiredIf: [
    ["source", "build", ["build"]],
    ["source", "load", ["load_path"]],
  ],
  unsupported: engineUnsupported,
  example: "- docker_image:\n    name: nginx\n    tag: latest\n    source: pull\n",
  returns: {
    image: "The image, as the engine describes it.",
    actions: "What was done.",
    stdout: "What the build printed.",
  },
  look: (args, context) => look(args, engineOf(args, context)),
  outcome: (args) => [
    {
      kind: "image",
      subject: `${args.docker_host ?? ""} ${fullName(args.name, args.tag)}`.trim(),
      unknown: "known after the run",
    },
  ],
});

/** `name` with its tag; a tag or digest in the name itself counts. */
export function fullName(name: string, tag: string): string {
  if (name.includes("@") || /^sha256:[0-9a-f]{64}$/.test(name)) return name;
  return /:[^/]+$/.test(name) ? name : `${name}:${tag}`;
}

function* look(args: Arguments, engine: Engine): Look<Plan> {
  const name = fullName(args.name, args.tag);
  const { found } = yield* ask(inspectQuery(engine, "image", name));
  if (args.state === "absent") {
    if (!found) return { result: { image: {}, actions: [] } };
    return {
      result: { image: {}, actions: [`Removed image ${name}`] },
      change: {
        diff: [{ before: { exists: true, id: at(found, "Id") ?? "" }, after: { exists: false } }],
        steps: [dockerStep(engine, "remove the image", ["image", "rm", ...(args.force_absent ? ["-f"] : []), name])],
        effects: [objectEffect(engine, "image", name, undefined)],
      },
    };
  }
  const steps: Step[] = [];
  const actions: string[] = [];
  const fetches = found === undefined || (args.force_source && args.source !== "local" && args.source !== undefined);
  if (fetches) {
    const [step, action] = sourceStep(args, engine, name);
    steps.push(step);
    actions.push(action);
  }
  const other = args.repository === undefined ? undefined : fullName(args.repository, args.tag);
  if (other !== undefined) {
    const tagged = (yield* ask(inspectQuery(engine, "image", other))).found;
    if (fetches || !tagged || (args.force_tag && at(tagged, "Id") !== at(found, "Id"))) {
      steps.push(dockerStep(engine, `tag it as ${other}`, ["image", "tag", name, other]));
      actions.push(`Tagged image ${name} to ${other}`);
    }
  }
  if (args.push) {
    steps.push(dockerStep(engine, "push it", ["push", other ?? name]));
    actions.push(`Pushed image ${other ?? name}`);
  }
  if (args.archive_path !== undefined) {
    const exists = yield* ask({
      kind: "docker-archive",
      subject: args.archive_path,
      script: sh`[ -f ${args.archive_path} ] && echo yes || echo no`,
      decode: (reply) => reply.stdout.toString().trim() === "yes",
    });
    if (fetches || !exists) {
      steps.push(dockerStep(engine, "save it", ["image", "save", "-o", args.archive_path, name]));
      actions.push(`Archived image ${name} to ${args.archive_path}`);
    }
  }
  if (steps.length === 0) return { result: { image: found ?? {}, actions: [] } };
  const inspect = dockerStep(engine, "look at it", ["image", "inspect", "--format", "{{json .}}", name]);
  // A forced build or pull may yield the image that was there.
  const forced = steps.length === 1 && fetches && found !== undefined;
  return {
    result: { actions },
    change: {
      ...(forced ? { uncertain: `${actions[0]}: it may be the image that is there` } : {}),
      diff: [
        {
          before: found ? { exists: true, id: at(found, "Id") ?? "" } : { exists: false },
          after: { exists: true, actions },
        },
      ],
      steps: [...steps, inspect],
      effects: [
        { kind: "image", subject: subjectOf(engine, name), unknown: `the image ${name}` },
        ...(other === undefined
          ? []
          : [{ kind: "image", subject: subjectOf(engine, other), unknown: `the image ${other}` }]),
      ],
      finish(replies) {
        const image = asDict(parseJson(replies.at(-1)?.stdout.toString() ?? "{}"));
        const same = forced && at(found, "Id") === at(image, "Id");
        return {
          image,
          actions: same ? [] : actions,
          stdout: replies[0]?.stdout.toString() ?? "",
          ...(same ? { changed: false } : {}),
        };
      },
    },
  };
}

function sourceStep(args: Arguments, engine: Engine, name: string): readonly [Step, string] {
  if (args.source === "build") {
    const path = words(args.build?.["path"] ?? "");
    if (path === "") throw new ModuleFailure("missing required argument of build: path");
    return [
      { ...dockerStep(engine, "build it", buildWords(asDict(args.build), name)), timeout: 3600 },
      `Built image ${name} from ${path}`,
    ];
  }
  if (args.source === "load" && args.load_path !== undefined) {
    return [
      { ...dockerStep(engine, "load it", ["image", "load", "-i", args.load_path]), timeout: 3600 },
      `Loaded image ${name} from ${args.load_path}`,
    ];
  }
  if (args.source === "pull") {
    const platform = at(args.pull, "platform");
    const words = ["pull", "--quiet", ...(typeof platform === "string" ? ["--platform", platform] : []), name];
    return [{ ...dockerStep(engine, "pull it", words), timeout: 3600 }, `Pulled image ${name}`];
  }
  if (args.source === "local") throw new ModuleFailure(`Cannot find the image ${name} locally.`);
  throw new ModuleFailure(`The image ${name} is not there, and source does not say where to get it from.`);
}

const buildKeys = new Set(
  "path dockerfile args nocache pull labels network target cache_from etc_hosts platform rm shm_size http_timeout container_limits use_config_proxy extra_hosts".split(
    " ",
  ),
);

function buildWords(build: Dict, name: string): string[] {
  for (const key of Object.keys(build)) {
    if (!buildKeys.has(key)) throw new ModuleFailure(`Unsupported parameter of build: ${key}`);
  }
  const path = words(build["path"] ?? "");
  const given = (key: string, flagName: string) => {
    const value = build[key];
    return value === undefined || value === null ? [] : [`${flagName}=${words(value)}`];
  };
  const pairs = (value: Value | undefined, flagName: string, joint = "=") =>
    Object.entries(asDict(value)).map(([key, each]) => `${flagName}=${key}${joint}${words(each)}`);
  const dockerfile = build["dockerfile"];
  const file =
    dockerfile === undefined || dockerfile === null
      ? []
      : ["-f", words(dockerfile).startsWith("/") ? words(dockerfile) : `${path}/${words(dockerfile)}`];
  return [
    "build",
    "-t",
    name,
    ...file,
    ...(build["nocache"] === true ? ["--no-cache"] : []),
    ...(build["pull"] === true ? ["--pull"] : []),
    ...(build["rm"] === false ? ["--rm=false"] : []),
    ...pairs(build["args"], "--build-arg"),
    ...pairs(build["labels"], "--label"),
    ...pairs(build["etc_hosts"] ?? build["extra_hosts"], "--add-host", ":"),
    ...given("network", "--network"),
    ...given("target", "--target"),
    ...given("platform", "--platform"),
    ...given("shm_size", "--shm-size"),
    ...asList(build["cache_from"]).map((each) => `--cache-from=${words(each)}`),
    path,
  ];
}
