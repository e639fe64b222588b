import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { flag, mapping } from "./argument-types.ts";
import { actionModule } from "./contract.ts";
import {
  asDict,
  engineAliases,
  engineArgs,
  engineOf,
  engineUnsupported,
  parseJson,
  parseJsonLines,
  words,
} from "./docker.ts";
import { askEngine } from "./docker-info.ts";

export default actionModule({
  name: "docker_host_info",
  aliases: ["docker_info"],
  collection: "community.docker.docker_host_info",
  summary: "Says what an engine is, and what it holds.",
  args: Type.Object({
    ...engineArgs,
    containers: flag("List its containers."),
    containers_all: flag("Stopped ones too."),
    containers_filters: mapping("Filters of the list.", { default: {} }),
    images: flag("List its images."),
    images_filters: mapping("Filters of the list.", { default: {} }),
    networks: flag("List its networks."),
    networks_filters: mapping("Filters of the list.", { default: {} }),
    volumes: flag("List its volumes."),
    volumes_filters: mapping("Filters of the list.", { default: {} }),
    disk_usage: flag("What takes how much room."),
    verbose_output: flag("Accepted: the lists are always whole."),
  }),
  argAliases: engineAliases,
  unsupported: engineUnsupported,
  example: "- docker_host_info:\n    containers: true\n  register: engine\n",
  returns: {
    host_info: "docker info.",
    containers: "The containers.",
    images: "The images.",
    networks: "The networks.",
    volumes: "The volumes.",
  },
  readOnly: () => true,
  async run(args, context, host) {
    const { cli } = engineOf(args, context);
    const info = asDict(parseJson((await askEngine(host, sh`${cli} info --format '{{json .}}'`)) ?? "{}"));
    const result: Dict = { can_talk_to_docker: true, host_info: info };
    const filters = (given: Dict) =>
      Object.entries(given).flatMap(([key, value]) =>
        (Array.isArray(value) ? value : [value]).map((each) => `--filter=${key}=${words(each)}`),
      );
    const listing = async (command: readonly string[]) =>
      parseJsonLines((await askEngine(host, sh`${cli} ${[...command, "--format", "{{json .}}"]}`)) ?? "");
    if (args.containers)
      result["containers"] = await listing([
        "ps",
        "--no-trunc",
        ...(args.containers_all ? ["-a"] : []),
        ...filters(args.containers_filters),
      ]);
    if (args.images) result["images"] = await listing(["image", "ls", "--no-trunc", ...filters(args.images_filters)]);
    if (args.networks)
      result["networks"] = await listing(["network", "ls", "--no-trunc", ...filters(args.networks_filters)]);
    if (args.volumes) result["volumes"] = await listing(["volume", "ls", ...filters(args.volumes_filters)]);
    if (args.disk_usage) result["disk_usage"] = await listing(["system", "df"]);
    return { changed: false, result };
  },
});
