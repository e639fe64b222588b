import { array, type Json, type JsonObject, number, object, parse, text } from "../json.ts";
import { bodyOf, type Call, type Route, sendJson } from "./api.ts";
import type { Cluster, Located } from "./cluster.ts";
import { createContainer, nameTaken } from "./create.ts";
import { capacity, type Engine, patience } from "./engine.ts";
import { HttpFailure } from "./failure.ts";
import { engineOfExecution, pass, rememberExecution } from "./proxy.ts";
import { releaseEndpoints } from "./reschedule.ts";

export const containerRoutes: readonly Route[] = [
  ["GET", /^\/containers\/(?:json|ps)$/, async (call) => sendJson(call.response, await listContainers(call))],
  ["POST", /^\/containers\/create$/, create],
  ["POST", /^\/containers\/prune$/, prune],
  ["GET", /^\/containers\/(.+)\/json$/, inspect],
  ["POST", /^\/containers\/(.+)\/(start)$/, start],
  ["POST", /^\/containers\/(.+)\/(stop|restart|kill|pause|unpause|update)$/, change],
  ["POST", /^\/containers\/(.+)\/rename$/, rename],
  ["POST", /^\/containers\/(.+)\/exec$/, createExecution],
  ["*", /^\/containers\/(.+)\/(logs|top|stats|changes|export|wait|resize|attach|archive|copy)$/, forward],
  ["DELETE", /^\/containers\/(.+)$/, change],
  ["*", /^\/exec\/([0-9a-f]+)\/(start|resize|json)$/, execution],
];

/** The engine and container that a request names. @throws HttpFailure 404 */
export async function located(cluster: Cluster, name: string): Promise<Located> {
  const found = await cluster.locate(name);
  if (!found) throw new HttpFailure(404, `No such container: ${name}`);
  return found;
}

/** All engines' containers in one list, the youngest first, named `/node/name`. */
async function listContainers({ cluster, query }: Call): Promise<Json> {
  const asked = new URLSearchParams(query);
  asked.delete("limit");
  const lists = await Promise.all(
    cluster.engines.map(async (engine) => {
      if (!engine.healthy) return query.get("all") ? engine.known.map((each) => hostDown(engine, each.listed)) : [];
      const answer = await engine.client
        .send("GET", `/containers/json?${asked}`, { timeout: patience })
        .catch((error: Error) => {
          engine.suspect();
          throw new HttpFailure(
            500,
            `Cannot connect to the Docker daemon at tcp://${engine.address}: ${error.message}`,
          );
        });
      if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
      return array(answer.json()).map((each) => withNodeNames(engine, object(each)));
    }),
  );
  const all = lists.flat().sort((a, b) => number(b["Created"]) - number(a["Created"]));
  const limit = Number(query.get("limit") ?? 0);
  return limit > 0 ? all.slice(0, limit) : all;
}

function hostDown(engine: Engine, listed: JsonObject): JsonObject {
  return { ...withNodeNames(engine, listed), Status: "Host Down" };
}

/** A listed container as the manager shows it: the node before its names, the node's address at its ports. */
export function withNodeNames(engine: { name: string; ip: string }, listed: JsonObject): JsonObject {
  const ports = array(listed["Ports"])
    .map(object)
    .filter((port) => text(port["IP"]) !== "::")
    .map((port) => (text(port["IP"]) === "0.0.0.0" ? { ...port, IP: engine.ip } : port));
  return { ...listed, Names: array(listed["Names"]).map((name) => `/${engine.name}${text(name)}`), Ports: ports };
}

/** An inspected container with the object `Node` in it. */
export function withNode(engine: Engine, inspected: JsonObject): JsonObject {
  const { cpus, memory } = capacity(engine);
  const node = {
    ID: engine.id,
    IP: engine.ip,
    Addr: engine.address,
    Name: engine.name,
    Cpus: cpus,
    Memory: memory,
    Labels: engine.labels,
  };
  const settings = object(inspected["NetworkSettings"]);
  const ports: JsonObject = {};
  for (const [port, bindings] of Object.entries(object(settings["Ports"]))) {
    if (bindings === null) ports[port] = null;
    else {
      ports[port] = array(bindings)
        .map(object)
        .filter((binding) => text(binding["HostIp"]) !== "::")
        .map((binding) => (text(binding["HostIp"]) === "0.0.0.0" ? { ...binding, HostIp: engine.ip } : binding));
    }
  }
  return { ...inspected, Node: node, NetworkSettings: { ...settings, Ports: ports } };
}

async function inspect({ cluster, response, query, parts, version }: Call): Promise<void> {
  const { engine, container } = await located(cluster, parts[0] ?? "");
  if (!engine.healthy) return sendJson(response, withNode(engine, container.inspected));
  const answer = await engine.send("GET", `${version}/containers/${container.id}/json?${query}`);
  if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
  sendJson(response, withNode(engine, object(answer.json())));
}

async function create({ cluster, request, response, query }: Call): Promise<void> {
  const name = (query.get("name") ?? "").replace(/^\//, "");
  const made = await createContainer(cluster, name, object(parse(await bodyOf(request))));
  sendJson(response, made.answer, 201);
}

/** Starts a container; an overlay endpoint that a lost container of the same name left is removed first. */
async function start(call: Call): Promise<void> {
  const { engine, container } = await located(call.cluster, call.parts[0] ?? "");
  const body = await bodyOf(call.request);
  const path = `${call.version}/containers/${container.id}/start`;
  let answer = await engine.client.send("POST", path, body.length > 0 ? { body } : {});
  if (answer.status >= 400 && /endpoint with name \S+ already exists/.test(answer.message)) {
    await releaseEndpoints(call.cluster, container);
    answer = await engine.client.send("POST", path, body.length > 0 ? { body } : {});
  }
  await engine.refreshContainers().catch(() => engine.suspect());
  if (answer.status >= 400) throw new HttpFailure(answer.status, answer.message);
  call.response.writeHead(answer.status).end();
}

/** Hands on what changes a container; the cluster knows of it before the client does. */
async function change(call: Call): Promise<void> {
  const { engine, container } = await located(call.cluster, call.parts[0] ?? "");
  const body = await bodyOf(call.request);
  const action = call.parts[1] === undefined ? "" : `/${call.parts[1]}`;
  const path = `${call.version}/containers/${container.id}${action}?${call.query}`;
  const answer = await engine.client.send(call.request.method ?? "POST", path, body.length > 0 ? { body } : {});
  await engine.refreshContainers().catch(() => engine.suspect());
  if (answer.status >= 400) throw new HttpFailure(answer.status, answer.message);
  if (answer.body.length === 0) call.response.writeHead(answer.status).end();
  else sendJson(call.response, answer.json(), answer.status);
}

async function rename(call: Call): Promise<void> {
  const name = (call.query.get("name") ?? "").replace(/^\//, "");
  const holder = call.cluster.containers.find(({ container }) => container.name === name);
  const { container } = await located(call.cluster, call.parts[0] ?? "");
  if (holder && holder.container.id !== container.id) throw new HttpFailure(409, nameTaken(name));
  await change({ ...call, parts: [call.parts[0] ?? "", "rename"] });
}

async function createExecution(call: Call): Promise<void> {
  const { engine, container } = await located(call.cluster, call.parts[0] ?? "");
  const body = await bodyOf(call.request);
  const answer = await engine.client.send("POST", `${call.version}/containers/${container.id}/exec`, { body });
  if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
  const made = object(answer.json());
  rememberExecution(text(made["Id"]), engine);
  sendJson(call.response, made, 201);
}

async function execution(call: Call): Promise<void> {
  const engine = await engineOfExecution(call.cluster, call.parts[0] ?? "");
  await pass(engine, call.request.url ?? "", call.request, call.response);
}

async function forward(call: Call): Promise<void> {
  const { engine, container } = await located(call.cluster, call.parts[0] ?? "");
  const path = `${call.version}/containers/${container.id}/${call.parts[1]}?${call.query}`;
  await pass(engine, path, call.request, call.response);
}

async function prune({ cluster, request, response, query, version }: Call): Promise<void> {
  await bodyOf(request);
  const answers = await Promise.all(
    cluster.healthy.map((engine) => engine.send("POST", `${version}/containers/prune?${query}`)),
  );
  const results = answers.map((answer) => object(answer.json()));
  sendJson(response, {
    ContainersDeleted: results.flatMap((each) => array(each["ContainersDeleted"])),
    SpaceReclaimed: results.reduce((all, each) => all + number(each["SpaceReclaimed"]), 0),
  });
}
