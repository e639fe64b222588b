import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { parseTarget } from "./api.ts";
import type { Cluster } from "./cluster.ts";
import type { Engine } from "./engine.ts";
import { HttpFailure } from "./failure.ts";

/** Which engine has a thing made by `POST /containers/X/exec`. */
const executions = new Map<string, Engine>();

export function rememberExecution(id: string, engine: Engine): void {
  executions.set(id, engine);
}

export async function engineOfExecution(cluster: Cluster, id: string): Promise<Engine> {
  const known = executions.get(id);
  if (known) return known;
  for (const engine of cluster.healthy) {
    if ((await engine.send("GET", `/exec/${id}/json`)).ok) return engine;
  }
  throw new HttpFailure(404, `No such exec instance: ${id}`);
}

/** Hands a request on to an engine and its answer back, both as streams. Resolves when all of it is through. */
export function pass(
  engine: Engine,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  body?: Buffer,
): Promise<number> {
  const headers = { ...request.headers, host: `${engine.client.host}:${engine.client.port}` };
  if (body) {
    delete headers["transfer-encoding"];
    headers["content-length"] = String(body.length);
  }
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: engine.client.host, port: engine.client.port, method: request.method, path, headers },
      (incoming) => {
        const status = incoming.statusCode ?? 500;
        response.writeHead(status, answerHeaders(incoming));
        response.flushHeaders();
        incoming.pipe(response);
        incoming.once("error", () => response.destroy());
        incoming.once("close", () => resolve(status));
        response.once("close", () => incoming.destroy());
      },
    );
    outgoing.once("error", (error) => {
      engine.suspect();
      reject(new HttpFailure(500, `Cannot connect to the Docker daemon at tcp://${engine.address}: ${error.message}`));
    });
    response.once("close", () => outgoing.destroy());
    if (body) outgoing.end(body);
    else request.pipe(outgoing);
  });
}

function answerHeaders(incoming: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !["connection", "keep-alive", "transfer-encoding", "api-version"].includes(name)) {
      headers[name] = value;
    }
  }
  return headers;
}

/** A hijacked connection (attach, exec): the bytes of both sides, each side's end passed on by itself. */
export async function tunnel(cluster: Cluster, request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
  const { version, path } = parseTarget(request.url ?? "/");
  const search = (request.url ?? "").includes("?") ? (request.url ?? "").replace(/^[^?]*/, "") : "";
  const { engine, target } = await hijackTarget(cluster, path);
  const upstream = connect({ host: engine.client.host, port: engine.client.port, allowHalfOpen: true });
  const lines = [`${request.method} ${version}${target}${search} HTTP/1.1`];
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? "";
    const value = name.toLowerCase() === "host" ? engine.address : request.rawHeaders[at + 1];
    lines.push(`${name}: ${value}`);
  }
  await new Promise<void>((resolve, reject) => {
    upstream.once("connect", resolve);
    upstream.once("error", reject);
  });
  client.allowHalfOpen = true;
  client.setNoDelay(true);
  upstream.setNoDelay(true);
  upstream.on("error", () => client.destroy());
  client.on("error", () => upstream.destroy());
  upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (head.length > 0) upstream.write(head);
  client.pipe(upstream);
  upstream.pipe(client);
  upstream.once("close", () => client.end());
  client.once("close", () => upstream.destroy());
}

async function hijackTarget(cluster: Cluster, path: string): Promise<{ engine: Engine; target: string }> {
  const execution = /^\/exec\/([0-9a-f]+)\/start$/.exec(path)?.[1];
  if (execution) return { engine: await engineOfExecution(cluster, execution), target: path };
  const [, name, rest] = /^\/containers\/(.+)\/(attach(?:\/ws)?)$/.exec(path) ?? [];
  if (name === undefined) throw new HttpFailure(404, "page not found");
  const found = await cluster.locate(name);
  if (!found) throw new HttpFailure(404, `No such container: ${name}`);
  return { engine: found.engine, target: `/containers/${found.container.id}/${rest}` };
}
