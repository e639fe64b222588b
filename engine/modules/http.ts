import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { ModuleFailure, type StepContext } from "./contract.ts";

/*
 * A small HTTP client whose bytes travel through the host: `forward` gives a stream to an address as the host sees
 * it, so no host needs curl, wget or Python.
 */

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: Buffer | undefined;
  /** Seconds for the whole of one exchange up to the end of the headers. */
  readonly timeout: number;
  readonly redirects: "all" | "safe" | "none";
  readonly validateCertificates: boolean;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Sends the credentials before they are asked for. */
  readonly forceBasic?: boolean;
  /** A path of the host. */
  readonly unixSocket?: string | undefined;
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  /** Lower-case names; several of one name are joined. */
  readonly headers: { readonly [name: string]: string };
  readonly cookies: readonly string[];
  /** Where it came from in the end. */
  readonly url: string;
  readonly redirected: boolean;
  readonly body: IncomingMessage;
}

const most = 20;

/**
 * Sends a request and follows redirects. @throws ModuleFailure where no answer comes; any status is an answer.
 */
export async function exchange(host: StepContext, request: HttpRequest): Promise<HttpResponse> {
  let current = request;
  let credentials = request.forceBasic ?? false;
  for (let hop = 0; hop <= most; hop++) {
    const response = await once(host, current, credentials);
    const status = response.statusCode ?? 0;
    if (status === 401 && !credentials && current.user !== undefined) {
      credentials = true;
      response.resume();
      continue;
    }
    const location = response.headers.location;
    const follows =
      [301, 302, 303, 307, 308].includes(status) &&
      location !== undefined &&
      (current.redirects === "all" || (current.redirects === "safe" && ["GET", "HEAD"].includes(current.method)));
    if (!follows) return answer(response, current.url, hop > 0);
    response.resume();
    current = redirected(current, new URL(location, current.url), status);
  }
  throw new ModuleFailure(`Request failed: more than ${most} redirects`, { url: request.url, status: -1 });
}

/** The whole body, up to `limit` bytes. */
export async function bodyOf(response: HttpResponse, limit = 256 * 2 ** 20): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) throw new ModuleFailure(`The answer of ${response.url} is larger than ${limit} bytes.`);
    chunks.push(bytes);
  }
  if (!response.body.complete) throw new ModuleFailure(`The answer of ${response.url} was cut off.`);
  return Buffer.concat(chunks);
}

function redirected(request: HttpRequest, target: URL, status: number): HttpRequest {
  const becomesGet = status === 303 || ((status === 301 || status === 302) && request.method === "POST");
  const elsewhere = new URL(request.url).host !== target.host;
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => {
      const lower = name.toLowerCase();
      // Credentials are meant for one server; a body that is dropped takes its description with it.
      return (
        !(elsewhere && ["authorization", "cookie"].includes(lower)) && !(becomesGet && lower.startsWith("content-"))
      );
    }),
  );
  return {
    ...request,
    url: target.href,
    headers,
    ...(becomesGet ? { method: "GET", body: undefined } : {}),
    ...(elsewhere ? { user: undefined, password: undefined } : {}),
  };
}

async function once(host: StepContext, request: HttpRequest, credentials: boolean): Promise<IncomingMessage> {
  const url = parse(request.url);
  const secure = url.protocol === "https:";
  const port = Number(url.port || (secure ? 443 : 80));
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const deadline = AbortSignal.any([host.signal, AbortSignal.timeout(request.timeout * 1000)]);
  const failure = (error: unknown) => {
    const reason =
      deadline.aborted && !host.signal.aborted ? "timed out" : error instanceof Error ? error.message : String(error);
    return new ModuleFailure(`Status code was -1 and not [200]: Request failed: <urlopen error ${reason}>`, {
      url: request.url,
      status: -1,
    });
  };
  let stream: Duplex;
  try {
    stream = await within(
      deadline,
      host.forward(request.unixSocket ?? name, request.unixSocket === undefined ? port : 0),
    );
    if (secure) stream = await within(deadline, secured(stream, name, request));
  } catch (error) {
    throw failure(error);
  }
  return await new Promise((resolve, reject) => {
    const user = request.user ?? (url.username === "" ? undefined : decodeURIComponent(url.username));
    const password = request.password ?? decodeURIComponent(url.password);
    const sending: ClientRequest = httpRequest({
      // Without an agent: one, even `agent: false`, would open a connection of its own, and not from the host.
      createConnection: () => stream as never, // node asks for a Socket but uses what a Duplex has
      method: request.method,
      path: `${url.pathname}${url.search}`,
      host: name,
      port,
      headers: {
        Connection: "close",
        ...(credentials && user !== undefined
          ? { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` }
          : {}),
        ...(request.body ? { "Content-Length": String(request.body.length) } : {}),
        ...request.headers,
        ...(Object.keys(request.headers).some((each) => each.toLowerCase() === "host") ? {} : { Host: url.host }),
      },
      signal: deadline,
    });
    sending.once("response", (response) => {
      response.once("close", () => stream.destroy());
      resolve(response);
    });
    sending.once("error", (error) => {
      stream.destroy();
      reject(failure(error));
    });
    sending.end(request.body);
  });
}

function parse(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ModuleFailure(`'${text}' is no URL.`, { url: text, status: -1 });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ModuleFailure(`play speaks http and https, not ${url.protocol.replace(":", "")}.`, {
      url: text,
      status: -1,
    });
  }
  return url;
}

function secured(stream: Duplex, name: string, request: HttpRequest): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const isAddress = /^[\d.]+$/.test(name) || name.includes(":");
    const socket = tlsConnect({
      socket: stream,
      ...(isAddress ? {} : { servername: name }),
      host: name,
      rejectUnauthorized: request.validateCertificates,
      ...request.tls,
    });
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", (error) => {
      stream.destroy();
      reject(error);
    });
  });
}

function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error("timed out"));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function answer(response: IncomingMessage, url: string, wasRedirected: boolean): HttpResponse {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? "",
    headers,
    cookies: response.headers["set-cookie"] ?? [],
    url,
    redirected: wasRedirected,
    body: response,
  };
}
