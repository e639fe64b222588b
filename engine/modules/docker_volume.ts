import { Type } from "@sinclair/typebox";
import type { Dict } from "../source/value.ts";
import { choice, mapping, optional, text } from "./argument-types.ts";
import { ask, type Look, type Plan, stateModule } from "./contract.ts";
import {
  asDict,
  at,
  contains,
  dockerStep,
  engineAliases,
  engineArgs,
  engineOf,
  engineUnsupported,
  inspectQuery,
  objectEffect,
  parseJson,
  words,
} from "./docker.ts";

const args = Type.Object({
  ...engineArgs,
  volume_name: text("The volume."),
  state: choice(["present", "absent"], "Whether it should be there.", { default: "present" }),
  driver: text("Who keeps it.", { default: "local" }),
  driver_options: mapping("Options of the driver.", { default: {} }),
  labels: optional(mapping("Labels.")),
  recreate: choice(["always", "never", "options-changed"], "When an existing volume is made anew, losing its data.", {
    default: "never",
  }),
});

export default stateModule({
  name: "docker_volume",
  collection: "community.docker.docker_volume",
  summary: "Manages docker volumes.",
  args,
  argAliases: { ...engineAliases, name: "volume_name" },
  unsupported: { ...engineUnsupported, cluster_spec: "swarm mode is not managed" },
  example: "- docker_volume:\n    name: data\n",
  returns: { volume: "The volume, as the engine describes it." },
  *look(args, context): Look<Plan> {
    const engine = engineOf(args, context);
    const name = args.volume_name;
    const { found } = yield* ask(inspectQuery(engine, "volume", name));
    const remove = dockerStep(engine, "remove the volume", ["volume", "rm", name]);
    if (args.state === "absent") {
      if (!found) return { result: {} };
      return {
        change: {
          diff: [{ before: { exists: true }, after: { exists: false } }],
          steps: [remove],
          effects: [objectEffect(engine, "volume", name, undefined)],
        },
      };
    }
    const differs =
      found !== undefined &&
      (at(found, "Driver") !== args.driver ||
        !contains(at(found, "Options"), args.driver_options) ||
        (args.labels !== undefined && !contains(at(found, "Labels"), args.labels)));
    const anew =
      found !== undefined && (args.recreate === "always" || (args.recreate === "options-changed" && differs));
    if (found && !anew) return { result: { volume: found } };
    const pairs = (flagName: string, given: Dict | undefined) =>
      Object.entries(given ?? {}).flatMap(([key, value]) => [flagName, `${key}=${words(value)}`]);
    const create = [
      "volume",
      "create",
      "--driver",
      args.driver,
      ...pairs("--opt", args.driver_options),
      ...pairs("--label", args.labels),
      name,
    ];
    const shown = (volume: Dict | undefined): Dict =>
      volume
        ? {
            driver: at(volume, "Driver") ?? "",
            driver_options: asDict(at(volume, "Options")),
            labels: asDict(at(volume, "Labels")),
          }
        : { exists: false };
    const after: Dict = { Name: name, Driver: args.driver, Options: args.driver_options, Labels: args.labels ?? {} };
    return {
      change: {
        diff: [{ before: shown(found), after: shown(after) }],
        steps: [
          ...(anew ? [remove] : []),
          dockerStep(engine, "create the volume", create),
          dockerStep(engine, "look at it", ["volume", "inspect", "--format", "{{json .}}", name]),
        ],
        effects: [objectEffect(engine, "volume", name, after)],
        finish: (replies) => ({ volume: asDict(parseJson(replies.at(-1)?.stdout.toString() ?? "{}")) }),
      },
    };
  },
});
