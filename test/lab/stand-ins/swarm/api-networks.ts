import { array, type JsonObject, object, parse, text } from "../json.ts";
import { bodyOf, type Call, type Route, sendJson } from "./api.ts";
import { anyEngine } from "./api-system.ts";
import type { Cluster } from "./cluster.ts";
import { type Engine, patience } from "./engine.ts";
import { HttpFailure } from "./failure.ts";

export const networkRoutes: readonly Route[] = [
  ["GET", /^\/networks$/, list],
  ["POST", /^\/networks\/create$/, create],
  ["GET", /^\/networks\/(.+)$/, inspect],
  ["POST", /^\/networks\/(.+)\/(connect|disconnect)$/, connect],
  ["DELETE", /^\/networks\/(.+)$/, remove],
  ["GET", /^\/volumes$/, listVolumes],
  ["POST", /^\/volumes\/create$/, createVolume],
  ["GET", /^\/volumes\/(.+)$/, inspectVolume],
  ["DELETE", /^\/volumes\/(.+)$/, removeVolume],
];

interface Network {
  /** Engines that know it: all of them for a global one. */
  readonly engines: readonly Engine[];
  /** As an engine describes it, with the containers of all engines in it. */
  readonly described: JsonObject;
  /** `node/name` for a local one. */
  readonly name: string;
}

/** The networks of all engines; one that is global (an overlay) counts once. */
async function networks(cluster: Cluster, query = ""): Promise<Network[]> {
  const found = new Map<string, Network>();
  const lists = await Promise.all(
    cluster.healthy.map(async (engine) => {
      const answer = await engine.client.send("GET", `/networks${query}`, { timeout: patience });
      return { engine, list: answer.ok ? array(answer.json()).map(object) : [] };
    }),
  );
  for (const { engine, list: own } of lists) {
    for (const described of own) {
      const id = text(described["Id"]);
      const global = text(described["Scope"]) === "global";
      const other = found.get(id);
      if (global && other) {
        const containers = { ...object(other.described["Containers"]), ...object(described["Containers"]) };
        found.set(id, {
          ...other,
          engines: [...other.engines, engine],
          described: { ...other.described, Containers: containers },
        });
      } else {
        const name = global ? text(described["Name"]) : `${engine.name}/${text(described["Name"])}`;
        found.set(id, { engines: [engine], described, name });
      }
    }
  }
  return [...found.values()];
}

async function find(cluster: Cluster, reference: string): Promise<Network> {
  const all = await networks(cluster);
  const found =
    all.find((each) => each.name === reference || text(each.described["Id"]) === reference) ??
    all.find((each) => reference.length >= 4 && text(each.described["Id"]).startsWith(reference)) ??
    all.find((each) => text(each.described["Name"]) === reference && each.engines.length > 0);
  if (!found) throw new HttpFailure(404, `No such network: ${reference}`);
  return found;
}

async function list({ cluster, response, query }: Call): Promise<void> {
  const search = query.size > 0 ? `?${query}` : "";
  sendJson(
    response,
    (await networks(cluster, search)).map((each) => ({ ...each.described, Name: each.name })),
  );
}

/** A container is listed under a global network by every engine that runs one; only `inspect` asks them all. */
async function inspect({ cluster, response, parts, query }: Call): Promise<void> {
  const network = await find(cluster, parts[0] ?? "");
  const containers: JsonObject = {};
  let described = network.described;
  for (const engine of network.engines) {
    const answer = await engine.send("GET", `/networks/${text(network.described["Id"])}?${query}`);
    if (!answer.ok) continue;
    described = object(answer.json());
    for (const [id, endpoint] of Object.entries(object(described["Containers"]))) {
      if (!id.startsWith("ep-")) containers[id] = endpoint;
    }
  }
  sendJson(response, { ...described, Name: network.name, Containers: containers });
}

async function create({ cluster, request, response, version }: Call): Promise<void> {
  const asked = object(parse(await bodyOf(request)));
  const [node, ...rest] = text(asked["Name"]).split("/");
  const named = rest.length > 0 ? cluster.healthy.find((engine) => engine.name === node) : undefined;
  const name = named ? rest.join("/") : text(asked["Name"]);
  const existing = (await networks(cluster)).find((each) => each.name === name);
  if (existing && asked["CheckDuplicate"] === true) {
    throw new HttpFailure(409, `network with name ${name} already exists`);
  }
  const body = { ...asked, Name: name, Driver: text(asked["Driver"]) || "overlay" };
  const answer = await (named ?? anyEngine(cluster)).send("POST", `${version}/networks/create`, body);
  if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
  sendJson(response, answer.json(), 201);
}

/** The container decides which engine is asked; one that is gone is cut off by whichever engine answers. */
async function connect({ cluster, request, response, parts, version }: Call): Promise<void> {
  const asked = object(parse(await bodyOf(request)));
  const found = await cluster.locate(text(asked["Container"]));
  if (!found && !(parts[1] === "disconnect" && asked["Force"] === true)) {
    throw new HttpFailure(404, `No such container: ${text(asked["Container"])}`);
  }
  const engine = found?.engine ?? anyEngine(cluster);
  const network = (parts[0] ?? "").replace(`${engine.name}/`, "");
  const body = found ? { ...asked, Container: found.container.id } : asked;
  const answer = await engine.send("POST", `${version}/networks/${network}/${parts[1]}`, body);
  await engine.refreshContainers();
  if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
  response.writeHead(answer.status).end();
}

async function remove({ cluster, request, response, parts, version }: Call): Promise<void> {
  await bodyOf(request);
  const network = await find(cluster, parts[0] ?? "");
  const [engine] = network.engines;
  const answer = await (engine ?? anyEngine(cluster)).send(
    "DELETE",
    `${version}/networks/${text(network.described["Id"])}`,
  );
  if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
  response.writeHead(answer.status).end();
}

async function volumes(cluster: Cluster): Promise<{ engine: Engine; volume: JsonObject }[]> {
  const lists = await Promise.all(
    cluster.healthy.map(async (engine) => {
      const answer = await engine.client.send("GET", "/volumes", { timeout: patience });
      return array(object(answer.json())["Volumes"]).map((volume) => ({ engine, volume: object(volume) }));
    }),
  );
  return lists.flat();
}

async function volumesCalled(cluster: Cluster, name: string): Promise<{ engine: Engine; volume: JsonObject }[]> {
  const found = (await volumes(cluster)).filter(
    ({ engine, volume }) => volume["Name"] === name || `${engine.name}/${text(volume["Name"])}` === name,
  );
  if (found.length === 0) throw new HttpFailure(404, `get ${name}: no such volume`);
  return found;
}

async function listVolumes({ cluster, response }: Call): Promise<void> {
  const all = await volumes(cluster);
  sendJson(response, {
    Volumes: all.map(({ engine, volume }) => ({ ...volume, Name: `${engine.name}/${text(volume["Name"])}` })),
    Warnings: null,
  });
}

async function inspectVolume({ cluster, response, parts }: Call): Promise<void> {
  const [found] = await volumesCalled(cluster, parts[0] ?? "");
  sendJson(response, found?.volume ?? null);
}

/** A local volume is made on every node, for nobody knows yet where its container will be. */
async function createVolume({ cluster, request, response, version }: Call): Promise<void> {
  const asked = object(parse(await bodyOf(request)));
  const answers = await Promise.all(
    cluster.healthy.map((engine) => engine.send("POST", `${version}/volumes/create`, asked)),
  );
  const failed = answers.find((answer) => !answer.ok);
  if (failed) throw new HttpFailure(failed.status, failed.message);
  sendJson(response, answers[0]?.json() ?? null, 201);
}

async function removeVolume({ cluster, request, response, parts, query, version }: Call): Promise<void> {
  await bodyOf(request);
  for (const { engine, volume } of await volumesCalled(cluster, parts[0] ?? "")) {
    const answer = await engine.send("DELETE", `${version}/volumes/${text(volume["Name"])}?${query}`);
    if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
  }
  response.writeHead(204).end();
}
