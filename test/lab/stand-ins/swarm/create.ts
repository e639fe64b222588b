import { array, type JsonObject, object, text } from "../json.ts";
import { logInfo } from "../log.ts";
import type { Cluster } from "./cluster.ts";
import { demandsOf, wantedHostPorts, withDemandsAsLabels } from "./container-config.ts";
import type { Engine } from "./engine.ts";
import { HttpFailure } from "./failure.ts";
import { chooseNode, type Placed, type Wish } from "./schedule.ts";

export interface Created {
  readonly engine: Engine;
  readonly id: string;
  /** What the engine answered. */
  readonly answer: JsonObject;
}

/** Makes a container on the node that suits it; its name must be free in the whole cluster. */
export async function createContainer(cluster: Cluster, name: string, asked: JsonObject): Promise<Created> {
  if (name !== "") {
    const taken = cluster.containers.some(({ container }) => container.name === name);
    if (taken || cluster.reserved.has(name)) throw new HttpFailure(409, nameTaken(name));
    cluster.reserved.add(name);
  }
  try {
    const request = withDemandsAsLabels(asked);
    const labels = object(request["Labels"]) as Record<string, string>;
    const hostConfig = object(request["HostConfig"]);
    const { constraints, affinities } = demandsOf(labels);
    const hostPorts = wantedHostPorts(hostConfig);
    const wish: Wish = { constraints, affinities, hostPorts, dependencies: dependencies(hostConfig) };
    const engine = chooseNode(cluster.healthy, wish, cluster.strategy);
    const coming: Placed = { id: "", name, labels, hostPorts };
    engine.coming.add(coming);
    try {
      return await createOn(engine, name, request);
    } finally {
      engine.coming.delete(coming);
    }
  } finally {
    cluster.reserved.delete(name);
  }
}

export function nameTaken(name: string): string {
  return `Conflict. The name "${name}" is already assigned. You have to delete (or rename) that container to be able to assign "${name}" to a container again.`;
}

async function createOn(engine: Engine, name: string, request: JsonObject): Promise<Created> {
  const path = `/containers/create${name === "" ? "" : `?name=${encodeURIComponent(name)}`}`;
  let answer = await engine.send("POST", path, request);
  if (answer.status === 404 && /no such image/i.test(answer.message)) {
    const image = text(request["Image"]);
    logInfo(`Pulling ${image} on ${engine.name}`);
    const pull = await engine.send("POST", `/images/create?fromImage=${encodeURIComponent(withTag(image))}`);
    const failed = /"error":"((?:[^"\\]|\\.)*)"/.exec(pull.body.toString("utf8"))?.[1];
    if (!pull.ok || failed !== undefined) throw new HttpFailure(404, failed ?? pull.message);
    answer = await engine.send("POST", path, request);
  }
  if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
  const created = object(answer.json());
  await engine.refreshContainers();
  return { engine, id: text(created["Id"]), answer: created };
}

/** An image without a tag would be pulled with all its tags. */
export function withTag(image: string): string {
  return /@|:[^/]+$/.test(image) ? image : `${image}:latest`;
}

function dependencies(hostConfig: JsonObject): string[] {
  const needed = [...array(hostConfig["VolumesFrom"]), ...array(hostConfig["Links"])].map(
    (each) => text(each).split(":")[0] ?? "",
  );
  const shared = /^container:(.+)$/.exec(text(hostConfig["NetworkMode"]))?.[1];
  return shared === undefined ? needed : [...needed, shared];
}
