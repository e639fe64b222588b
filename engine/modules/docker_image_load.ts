import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { path } from "./argument-types.ts";
import { actionModule, ModuleFailure } from "./contract.ts";
import { engineAliases, engineArgs, engineOf, engineUnsupported, parseJsonLines } from "./docker.ts";

export default actionModule({
  name: "docker_image_load",
  collection: "community.docker.docker_image_load",
  summary: "Loads images from an archive on the host; changed where they were not all there before.",
  args: Type.Object({ ...engineArgs, path: path("The archive, on the host.") }),
  argAliases: engineAliases,
  unsupported: engineUnsupported,
  example: "- docker_image_load:\n    path: /srv/images.tar\n",
  returns: { image_names: "The loaded images' names.", images: "The images, as the engine describes them." },
  async run(args, context, host) {
    const engine = engineOf(args, context);
    const reply = await host.request(sh`before=$(${engine.cli} image ls -q --no-trunc) || exit 1
out=$(${engine.cli} image load -i ${args.path}) || exit 1
after=$(${engine.cli} image ls -q --no-trunc) || exit 1
[ "$before" = "$after" ] && echo same || echo other
printf '%s\n' "$out"
printf '%s\n' "$out" | sed -n 's/^Loaded image\( ID\)\{0,1\}: //p' | while read -r name; do
  ${engine.cli} image inspect --format '{{json .}}' "$name" || exit 1
done`);
    if (reply.status !== 0) throw new ModuleFailure(`Error loading archive: ${reply.stderr.toString().trim()}`);
    const [first = "", ...lines] = reply.stdout.toString().split("\n");
    const names = lines.flatMap((line) => /^Loaded image(?: ID)?: (.*)$/.exec(line)?.[1] ?? []);
    const images: Dict[] = parseJsonLines(lines.join("\n"));
    return {
      changed: first === "other",
      result: { image_names: names, images, stdout: lines.filter((line) => line.startsWith("Loaded")).join("\n") },
    };
  },
});
