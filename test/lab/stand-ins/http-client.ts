import { Agent, type IncomingMessage, request } from "node:http";
import { type Json, parse } from "./json.ts";

/** One HTTP server that is asked over and over: a Docker engine, consul, the manager. */
export class HttpClient {
  readonly host: string;
  readonly port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  /** `address` is `host:port`, with or without `tcp://` or `http://` before it. */
  constructor(address: string) {
    const { host, port } = hostAndPort(address);
    this.host = host;
    this.port = port;
  }

  /** Sends one request and reads the whole answer. @throws Error when no answer comes within `timeout` ms. */
  async send(
    method: string,
    path: string,
    options: { readonly body?: Json | Buffer; readonly timeout?: number; readonly type?: string } = {},
  ): Promise<Answer> {
    const response = await this.open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return new Answer(response.statusCode ?? 0, response.headers, Buffer.concat(chunks));
  }

  /** Sends one request and leaves the answer's body to be streamed; `timeout` counts until its head has come. */
  open(
    method: string,
    path: string,
    options: {
      readonly body?: Json | Buffer;
      readonly timeout?: number;
      readonly type?: string;
      signal?: AbortSignal;
    } = {},
  ): Promise<IncomingMessage> {
    const body =
      options.body === undefined || Buffer.isBuffer(options.body) ? options.body : JSON.stringify(options.body);
    const headers: Record<string, string | number> = { host: `${this.host}:${this.port}` };
    if (body !== undefined) {
      headers["content-type"] = options.type ?? "application/json";
      headers["content-length"] = Buffer.byteLength(body);
    }
    const { host, port } = this;
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    return new Promise((resolve, reject) => {
      const outgoing = request({ host, port, method, path, headers, agent: this.#agent, ...signal });
      const limit = setTimeout(
        () => outgoing.destroy(new Error(`no answer from ${host}:${port} within ${options.timeout} ms`)),
        options.timeout ?? 2 ** 31 - 1,
      );
      outgoing.once("response", (response) => {
        clearTimeout(limit);
        response.socket.setKeepAlive(true, 5000);
        resolve(response);
      });
      outgoing.once("error", (error) => {
        clearTimeout(limit);
        reject(error);
      });
      outgoing.end(body);
    });
  }
}

export class Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  constructor(status: number, headers: IncomingMessage["headers"], body: Buffer) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  json(): Json {
    return parse(this.body);
  }

  /** What an engine says about a failure. */
  get message(): string {
    const said = this.body.toString("utf8").trim();
    try {
      const parsed: unknown = JSON.parse(said);
      if (typeof parsed === "object" && parsed !== null && "message" in parsed) return String(parsed.message);
    } catch {
      // not JSON: the text itself
    }
    return said;
  }
}

export function hostAndPort(address: string, defaultPort = 2375): { host: string; port: number } {
  const bare = address.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "");
  const at = bare.lastIndexOf(":");
  if (at < 0) return { host: bare, port: defaultPort };
  return { host: bare.slice(0, at), port: Number(bare.slice(at + 1)) };
}
