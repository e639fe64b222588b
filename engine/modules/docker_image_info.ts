import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { list } from "./argument-types.ts";
import { actionModule } from "./contract.ts";
import { engineAliases, engineArgs, engineOf, engineUnsupported, parseJsonLines } from "./docker.ts";
import { fullName } from "./docker_image.ts";
import { askEngine, inspect } from "./docker-info.ts";

export default actionModule({
  name: "docker_image_info",
  collection: "community.docker.docker_image_info",
  summary: "Says what the engine knows of images.",
  args: Type.Object({
    ...engineArgs,
    name: list(Type.String(), "Images; none: all that have a name.", { default: [] }),
  }),
  argAliases: engineAliases,
  unsupported: engineUnsupported,
  example: "- docker_image_info:\n    name: nginx:latest\n  register: found\n",
  returns: { images: "What the engine says of each that it has." },
  readOnly: () => true,
  async run(args, context, host) {
    const engine = engineOf(args, context);
    if (args.name.length === 0) {
      const all = await askEngine(
        host,
        sh`ids=$(${engine.cli} image ls -q --no-trunc --filter dangling=false | sort -u) || exit 1
[ -z "$ids" ] || ${engine.cli} image inspect --format '{{json .}}' $ids`,
      );
      return { changed: false, result: { images: parseJsonLines(all ?? "") } };
    }
    const images: Dict[] = [];
    for (const name of args.name) {
      const found = await inspect(engine, "image", fullName(name, "latest"), host);
      if (found) images.push(found);
    }
    return { changed: false, result: { images } };
  },
});
