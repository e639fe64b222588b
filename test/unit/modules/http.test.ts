import { execFileSync } from "node:child_process";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validateArguments } from "../../../engine/modules/arguments.ts";
import type { ActionResult, StepContext } from "../../../engine/modules/contract.ts";
import { bodyOf, exchange } from "../../../engine/modules/http.ts";
import { findModule } from "../../../engine/modules/registry.ts";
import type { Dict } from "../../../engine/source/value.ts";
import { context, runScript } from "./driver.ts";

// A real server; the host is this machine.

let server: Server;
let base = "";

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await read(request);
    const url = new URL(request.url ?? "/", "http://x");
    if (url.pathname === "/redirect") return void response.writeHead(302, { Location: "/echo" }).end();
    if (url.pathname === "/loop") return void response.writeHead(302, { Location: "/loop" }).end();
    if (url.pathname === "/secret" && request.headers.authorization !== "Basic dTpw") {
      return void response.writeHead(401, { "WWW-Authenticate": "Basic" }).end();
    }
    if (url.pathname === "/cut") {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("half");
      return void response.socket?.destroy();
    }
    if (url.pathname === "/missing") return void response.writeHead(404).end("no such thing");
    response.writeHead(200, { "Content-Type": "application/json", "Set-Cookie": ["a=1; Path=/", "b=2"] });
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server has such an address
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

const here: StepContext = {
  signal: new AbortController().signal,
  request: async (script, options) => runScript(script, options?.stdin),
  upload: async () => {},
  download: async () => Readable.from([]),
  forward: (address, port) =>
    new Promise((resolve, reject) => {
      const socket = connect(port, address, () => resolve(socket));
      socket.once("error", reject);
    }),
  reconnect: async () => {},
  temporaryPath: async () => "/nowhere",
  sleep: async () => {},
  log() {},
};

/** A key and the certificate that it signed itself. */
function certificate(): { key: string; cert: string } {
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const pem = execFileSync("openssl", [...args, "-subj", "/CN=only-there.invalid", "-keyout", "-"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [key = "", cert = ""] = pem.split(/(?=-----BEGIN CERTIFICATE)/);
  return { key, cert };
}

const request = { method: "GET", headers: {}, timeout: 20, redirects: "safe", validateCertificates: true } as const;

describe("exchange", () => {
  test.each(["http", "https"])("over %s nothing leaves but through the host", async (scheme) => {
    // A name that this machine cannot resolve: only the host knows the way.
    const asked: string[] = [];
    const secured = createSecureServer(certificate(), (_request, response) => response.end("secured"));
    await new Promise<void>((resolve) => secured.listen(0, "127.0.0.1", resolve));
    const port = { http: Number(new URL(base).port), https: (secured.address() as AddressInfo).port }[scheme] ?? 0;
    const host: StepContext = {
      ...here,
      forward: (address, wanted) => {
        asked.push(`${address}:${wanted}`);
        return here.forward("127.0.0.1", port);
      },
    };
    const url = `${scheme}://only-there.invalid:8443/echo`;
    const response = await exchange(host, { ...request, url, validateCertificates: false });
    expect((await bodyOf(response)).toString()).toMatch(scheme === "https" ? /^secured$/ : /only-there\.invalid:8443/);
    expect(asked).toEqual(["only-there.invalid:8443"]);
    await new Promise((resolve) => secured.close(resolve));
  });

  test("follows redirects, and not where it must not", async () => {
    const followed = await exchange(here, { ...request, url: `${base}/redirect` });
    expect(followed).toMatchObject({ status: 200, url: `${base}/echo`, redirected: true });
    followed.body.resume();
    const stayed = await exchange(here, { ...request, url: `${base}/redirect`, redirects: "none" });
    expect(stayed.status).toBe(302);
    stayed.body.resume();
    const posted = await exchange(here, { ...request, method: "POST", url: `${base}/redirect`, redirects: "safe" });
    expect(posted.status).toBe(302);
    posted.body.resume();
    await expect(exchange(here, { ...request, url: `${base}/loop` })).rejects.toThrow(/redirects/);
  });

  test("gives credentials when they are asked for", async () => {
    const response = await exchange(here, { ...request, url: `${base}/secret`, user: "u", password: "p" });
    expect(response.status).toBe(200);
    response.body.resume();
  });

  test("a refused connection and a body that is cut off fail", async () => {
    await expect(exchange(here, { ...request, url: "http://127.0.0.1:1/" })).rejects.toThrow(/Request failed/);
    await expect(exchange(here, { ...request, url: "ftp://x/" })).rejects.toThrow(/http and https/);
    const cut = async () => bodyOf(await exchange(here, { ...request, url: `${base}/cut` }));
    await expect(cut()).rejects.toThrow();
  });
});

async function uri(given: Dict): Promise<ActionResult> {
  const module = await findModule("uri");
  if (module?.sort !== "action") throw new Error();
  const { args, errors } = validateArguments(module, given);
  expect(errors).toEqual([]);
  return await module.run(args, context, here);
}

describe("uri", () => {
  test("JSON there and back", async () => {
    const { result, changed } = await uri({
      url: `${base}/x?y=1`,
      method: "PUT",
      body: { a: [1, true, null] },
      body_format: "json",
      headers: { "X-Own": 1 },
      return_content: true,
    });
    expect(changed).toBe(false);
    expect(result).toMatchObject({
      status: 200,
      json: {
        method: "PUT",
        url: "/x?y=1",
        body: '{"a": [1, true, null]}',
        headers: { "x-own": "1", "content-type": "application/json" },
      },
      cookies: { a: "1", b: "2" },
      content_type: "application/json",
    });
    expect(result["content"]).toContain('"method":"PUT"');
  });

  test("forms", async () => {
    const form = await uri({
      url: base,
      method: "POST",
      body: { a: "x y", b: ["1", "2"] },
      body_format: "form-urlencoded",
    });
    expect(form.result["json"]).toMatchObject({ body: "a=x+y&b=1&b=2" });
    const parts = await uri({
      url: base,
      method: "POST",
      body: { a: "x", f: { filename: "f.txt", content: "hello", mime_type: "text/css" } },
      body_format: "form-multipart",
    });
    expect(parts.result["json"]).toMatchObject({
      body: expect.stringContaining('name="f"; filename="f.txt"\r\nContent-Type: text/css\r\n\r\nhello'),
    });
  });

  test("another status than expected fails, with the body where it is asked for", async () => {
    const done = await uri({ url: `${base}/missing`, return_content: true });
    expect(done).toMatchObject({ failed: true, result: { status: 404, content: "no such thing" } });
    expect(done.result["msg"]).toMatch(/^Status code was 404 and not \[200\]/);
    expect((await uri({ url: `${base}/missing` })).result).not.toHaveProperty("content");
    expect((await uri({ url: `${base}/missing`, status_code: "200,404" })).failed).toBeUndefined();
  });
});
