import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Json } from "../json.ts";
import { logError, messageOf } from "../log.ts";
import { containerRoutes } from "./api-containers.ts";
import { imageRoutes } from "./api-images.ts";
import { networkRoutes } from "./api-networks.ts";
import { systemRoutes } from "./api-system.ts";
import type { Cluster } from "./cluster.ts";
import { HttpFailure } from "./failure.ts";
import { tunnel } from "./proxy.ts";

/** One request: what was asked, by whom, and where the answer goes. */
export interface Call {
  readonly cluster: Cluster;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** With the version prefix, as an engine is to get it: `/v1.40`. */
  readonly version: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** What the route's groups matched. */
  readonly parts: readonly string[];
}

/** Method, path (a whole match), and what answers. The first that fits counts. */
export type Route = readonly [method: string, path: RegExp, handler: (call: Call) => Promise<void>];

const routes: readonly Route[] = [...systemRoutes, ...containerRoutes, ...networkRoutes, ...imageRoutes];

/** The manager's server: the Docker API over the whole cluster. */
export function serveApi(cluster: Cluster): Server {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void answer(cluster, request, response);
  });
  server.requestTimeout = 0; // a build or a long wait may take its time
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    tunnel(cluster, request, socket, head).catch((error) => {
      const status = error instanceof HttpFailure ? error.status : 500;
      const body = JSON.stringify({ message: messageOf(error) });
      socket.end(`HTTP/1.1 ${status} Error\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${body}\n`);
    });
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  return server;
}

/** Splits a request's address into the version prefix, the path and the query. */
export function parseTarget(target: string): { version: string; path: string; query: URLSearchParams } {
  const url = new URL(target, "http://swarm");
  const match = /^(\/v[\d.]+)?(\/.*)$/.exec(url.pathname);
  return { version: match?.[1] ?? "", path: decodeURIComponent(match?.[2] ?? "/"), query: url.searchParams };
}

async function answer(cluster: Cluster, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader("Api-Version", "1.40");
  response.on("error", () => {});
  try {
    const target = parseTarget(request.url ?? "/");
    for (const [method, pattern, handler] of routes) {
      if (method !== request.method && method !== "*") continue;
      const parts = pattern.exec(target.path);
      if (!parts) continue;
      await handler({ cluster, request, response, ...target, parts: parts.slice(1) });
      return;
    }
    throw new HttpFailure(404, "page not found");
  } catch (error) {
    const status = error instanceof HttpFailure ? error.status : 500;
    logError(`HTTP error: ${messageOf(error)}`, { status });
    if (response.headersSent) response.destroy();
    else sendJson(response, { message: messageOf(error) }, status);
  }
}

export function sendJson(response: ServerResponse, value: Json, status = 200): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
