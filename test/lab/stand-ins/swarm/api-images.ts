import { array, type Json, type JsonObject, object, text } from "../json.ts";
import { bodyOf, type Call, type Route, sendJson } from "./api.ts";
import { anyEngine } from "./api-system.ts";
import type { Cluster } from "./cluster.ts";
import { withTag } from "./create.ts";
import { type Engine, patience } from "./engine.ts";
import { HttpFailure } from "./failure.ts";
import { pass } from "./proxy.ts";

export const imageRoutes: readonly Route[] = [
  ["GET", /^\/images\/json$/, list],
  ["POST", /^\/images\/create$/, pull],
  ["POST", /^\/images\/load$/, load],
  ["GET", /^\/images\/(.+)\/(json|history|get)$/, ofOne],
  ["POST", /^\/images\/(.+)\/push$/, (call) => ofOne({ ...call, parts: [call.parts[0] ?? "", "push"] })],
  ["POST", /^\/images\/(.+)\/(tag)$/, ofAll],
  ["DELETE", /^\/images\/(.+)$/, ofAll],
  ["POST", /^\/build$/, build],
];

async function list({ cluster, response, query }: Call): Promise<void> {
  const lists = await Promise.all(
    cluster.healthy.map((engine) => engine.client.send("GET", `/images/json?${query}`, { timeout: patience })),
  );
  const unique = new Map<string, JsonObject>();
  for (const answer of lists) {
    for (const image of answer.ok ? array(answer.json()).map(object) : []) {
      unique.set(`${text(image["Id"])} ${JSON.stringify(image["RepoTags"])}`, image);
    }
  }
  sendJson(response, [...unique.values()]);
}

/** Pulls on every node at once; each reports under its own name. */
async function pull({ cluster, request, response, query, version }: Call): Promise<void> {
  await bodyOf(request);
  const engines = cluster.healthy;
  if (engines.length === 0) throw new HttpFailure(500, "No healthy node available in the cluster");
  const image = query.get("fromImage") ?? "";
  const tag = query.get("tag") ?? "";
  const name = tag === "" ? withTag(image) : `${image}${tag.includes(":") ? "@" : ":"}${tag}`;
  response.writeHead(200, { "Content-Type": "application/json" });
  const say = (value: Json) => response.write(`${JSON.stringify(value)}\r\n`);
  const asked = new URLSearchParams(query);
  if (tag === "" && !image.includes("@")) asked.set("tag", withTag(image).replace(/^.*:/, ""));
  asked.set("fromImage", image.includes("@") ? image : image.replace(/:[^:/]+$/, ""));
  await Promise.all(
    engines.map(async (engine) => {
      say({ id: engine.name, status: `Pulling ${name}...` });
      const problem = await pullOn(engine, `${version}/images/create?${asked}`);
      if (problem === undefined) say({ id: engine.name, status: `Pulling ${name}... : downloaded` });
      else say({ id: engine.name, errorDetail: { message: problem }, error: problem });
    }),
  );
  response.end();
}

async function pullOn(engine: Engine, path: string): Promise<string | undefined> {
  try {
    const answer = await engine.send("POST", path);
    await engine.refreshImages();
    if (!answer.ok) return answer.message;
    const said = /"error":"((?:[^"\\]|\\.)*)"/.exec(answer.body.toString("utf8"))?.[1];
    return said === undefined ? undefined : (JSON.parse(`"${said}"`) as string);
  } catch (error) {
    engine.suspect();
    return error instanceof Error ? error.message : String(error);
  }
}

async function load({ cluster, request, response, version, query }: Call): Promise<void> {
  const body = await bodyOf(request);
  response.writeHead(200, { "Content-Type": "application/json" });
  for (const engine of cluster.healthy) {
    const path = `${version}/images/load?${query}`;
    const answer = await engine.client.send("POST", path, { body, type: "application/x-tar" });
    const status = answer.ok ? "loaded" : answer.message;
    response.write(`${JSON.stringify({ id: engine.name, status: `Loading image... : ${status}` })}\r\n`);
    await engine.refreshImages();
  }
  response.end();
}

/**
 * The engines that have an image. That none has it is said only where all that could have it were asked: whoever hears
 * it pulls the image, and one that was built here is in no registry.
 */
export async function holders(cluster: Cluster, name: string): Promise<Engine[]> {
  const answers = await Promise.all(
    cluster.healthy.map(async (engine) => {
      const answer = await engine.client.send("GET", `/images/${name}/json`, { timeout: patience });
      return answer.ok ? [engine] : [];
    }),
  );
  const found = answers.flat();
  if (found.length > 0) return found;
  if (cluster.healthy.length === 0) throw new HttpFailure(500, "No healthy node available in the cluster");
  const lost = cluster.engines.find((engine) => !engine.healthy && engine.images.includes(withTag(name)));
  if (lost) throw new HttpFailure(500, `The image ${name} is on ${lost.name}, which is not healthy`);
  throw new HttpFailure(404, `No such image: ${name}`);
}

async function ofOne(call: Call): Promise<void> {
  const name = call.parts[0] ?? "";
  const [engine] = await holders(call.cluster, name);
  if (!engine) return;
  await pass(engine, `${call.version}/images/${name}/${call.parts[1]}?${call.query}`, call.request, call.response);
}

async function ofAll(call: Call): Promise<void> {
  await bodyOf(call.request);
  const name = call.parts[0] ?? "";
  const action = call.parts[1] === undefined ? "" : `/${call.parts[1]}`;
  const results: Json[] = [];
  let status = 200;
  for (const engine of await holders(call.cluster, name)) {
    const path = `${call.version}/images/${name}${action}?${call.query}`;
    const answer = await engine.send(call.request.method ?? "POST", path);
    if (!answer.ok) throw new HttpFailure(answer.status, answer.message);
    status = answer.status;
    results.push(...array(answer.json()));
    await engine.refreshImages();
  }
  if (action === "") sendJson(call.response, results, status);
  else call.response.writeHead(status).end();
}

async function build({ cluster, request, response, query, version }: Call): Promise<void> {
  const engine = anyEngine(cluster);
  await pass(engine, `${version}/build?${query}`, request, response);
  await engine.refreshImages();
}
