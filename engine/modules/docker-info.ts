import { Type } from "@sinclair/typebox";
import type { Script } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { text } from "./argument-types.ts";
import { actionModule, type Module, ModuleFailure, type StepContext } from "./contract.ts";
import {
  asDict,
  type Engine,
  engineAliases,
  engineArgs,
  engineOf,
  engineUnsupported,
  type ObjectKind,
  parseJson,
} from "./docker.ts";

/** Asks an engine something that changes nothing; undefined where there is no such object. */
export async function askEngine(host: StepContext, script: Script): Promise<string | undefined> {
  const reply =
    await host.request(sh`command -v docker >/dev/null 2>&1 || { echo 'docker is not installed on the host' >&2; exit 97; }
${script}`);
  if (reply.status === 0) return reply.stdout.toString();
  const errors = reply.stderr.toString().trim();
  if (/no such|not found/i.test(errors) && reply.status !== 97 && !/no such host/i.test(errors)) return undefined;
  throw new ModuleFailure(errors || `docker ended with status ${reply.status}`);
}

/** The module `docker_KIND_info`: one object by name. */
export function objectInfo(kind: ObjectKind): Module {
  const example = `- docker_${kind}_info:\n    name: example\n  register: found\n`;
  return actionModule({
    name: `docker_${kind}_info`,
    collection: `community.docker.docker_${kind}_info`,
    summary: `Says what the engine knows of a ${kind}.`,
    args: Type.Object({ ...engineArgs, name: text(`The ${kind}.`) }),
    argAliases: kind === "volume" ? { ...engineAliases, volume_name: "name" } : engineAliases,
    unsupported: engineUnsupported,
    example,
    returns: { exists: "Whether there is one.", [kind]: "What the engine says of it." },
    readOnly: () => true,
    async run(args, context, host) {
      const found = await inspect(engineOf(args, context), kind, args.name, host);
      return { changed: false, result: { exists: found !== undefined, [kind]: found ?? null } };
    },
  });
}

export async function inspect(
  engine: Engine,
  kind: ObjectKind,
  name: string,
  host: StepContext,
): Promise<Dict | undefined> {
  const answer = await askEngine(host, sh`${engine.cli} ${[kind, "inspect", "--format", "{{json .}}", name]}`);
  return answer === undefined ? undefined : asDict(parseJson(answer));
}
