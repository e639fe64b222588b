import { posix } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { toJson } from "../source/to-json.ts";
import { type Dict, dict, isDict, type Value } from "../source/value.ts";
import { anything, choice, flag, integer, list, mapping, maybeFlag, optional, path, text } from "./argument-types.ts";
import { guardOf } from "./command-line.ts";
import { actionModule, type ModuleContext, ModuleFailure, type StepContext } from "./contract.ts";
import { sourceBytes } from "./controller-files.ts";
import { bodyOf, exchange, type HttpResponse } from "./http.ts";
import { landFile } from "./land-file.ts";
import { lookNow } from "./look-now.ts";
import { multipart } from "./multipart.ts";
import { attributeArguments, attributeRefusals } from "./ownership.ts";

const args = Type.Object({
  url: text("The address."),
  method: text("GET, POST, PUT …", { default: "GET" }),
  body: optional(anything("What is sent.")),
  body_format: choice(["raw", "json", "form-urlencoded", "form-multipart"], "How body is written.", { default: "raw" }),
  src: optional(path("A file that is sent as the body.")),
  remote_src: flag("src is on the host."),
  headers: mapping("Headers by name.", { default: {} }),
  status_code: list(integer("A status."), "What counts as success.", { default: [200] }),
  return_content: flag("Return the body as `content`."),
  dest: optional(path("A file of the host that takes the body.")),
  creates: optional(path("Nothing is sent where this is there.")),
  removes: optional(path("Nothing is sent where this is not there.")),
  timeout: integer("Seconds.", { default: 30 }),
  follow_redirects: choice(["all", "safe", "none", "urllib2", "yes", "no"], "Which redirects are followed.", {
    default: "safe",
  }),
  force_basic_auth: flag("Send user and password at once."),
  url_username: optional(text("The user.")),
  url_password: optional(text("The password.")),
  validate_certs: flag("Check the server's certificate.", true),
  http_agent: text("User-Agent.", { default: "ansible-httpget" }),
  force: flag("Bypass caches on the way."),
  use_proxy: maybeFlag("No effect: requests leave from the host itself."),
  unix_socket: optional(path("Speak to this socket of the host.")),
  ca_path: optional(path("Certificates of the controller to trust.")),
  client_cert: optional(path("A client certificate of the controller.")),
  client_key: optional(path("Its key.")),
  ...attributeArguments,
});
type Arguments = Static<typeof args>;

export default actionModule<typeof args>({
  name: "uri",
  summary: "Speak to a web service, from the host.",
  collection: "ansible.builtin.uri",
  args,
  argAliases: { user: "url_username", password: "url_password" },
  secret: ["url_password"],
  mutuallyExclusive: [["body", "src"]],
  unsupported: {
    ...attributeRefusals,
    use_gssapi: "GSSAPI is not spoken",
    use_netrc: "netrc files are not read",
    unredirected_headers: "headers other than credentials follow redirects",
    ciphers: "Node's own are used",
    decompress: "bodies are decompressed always",
  },
  example: "- ansible.builtin.uri:\n    url: http://127.0.0.1:8500/v1/status/leader\n    return_content: true\n",
  returns: { status: "the status", content: "the body, where asked", json: "the body as data, where it is JSON" },

  *guard(args) {
    const guard = yield* guardOf(args, args.url);
    if (guard.run) return guard;
    const path = String(guard.result["msg"]).replace("Did not run command since", "skipped, since");
    return {
      run: false as const,
      result: dict([
        ["stdout", path],
        ["stdout_lines", [path]],
      ]),
    };
  },
  readOnly: (args) => ["GET", "HEAD", "OPTIONS"].includes(args.method.toUpperCase()) && args.dest === undefined,
  effects: (args) =>
    args.dest === undefined ? [] : [{ opens: ["path"], because: `${args.url} is read into ${args.dest}` }],

  async run(args, context, host) {
    const { body, type } = await bodyToSend(args, context, host);
    const headers: { [name: string]: string } = { "User-Agent": args.http_agent };
    if (args.force) headers["Cache-Control"] = "no-cache";
    if (type !== undefined) headers["Content-Type"] = type;
    for (const [name, value] of Object.entries(args.headers)) headers[name] = String(value);
    // As Python's library names what comes without a name.
    if (body !== undefined && !Object.keys(headers).some((name) => name.toLowerCase() === "content-type"))
      headers["Content-Type"] = "application/x-www-form-urlencoded";
    const redirects =
      args.follow_redirects === "yes" || args.follow_redirects === "all"
        ? "all"
        : ["no", "none"].includes(args.follow_redirects)
          ? "none"
          : "safe";
    const request = {
      url: args.url,
      method: args.method.toUpperCase(),
      headers,
      body,
      timeout: args.timeout,
      redirects,
      validateCertificates: args.validate_certs,
      user: args.url_username,
      password: args.url_password,
      forceBasic: args.force_basic_auth,
      unixSocket: args.unix_socket,
      tls: {
        ...(args.ca_path === undefined ? {} : { ca: context.readFile(args.ca_path) }),
        ...(args.client_cert === undefined ? {} : { cert: context.readFile(args.client_cert) }),
        ...(args.client_key === undefined ? {} : { key: context.readFile(args.client_key) }),
      },
    } as const;
    const response = await exchange(host, request).catch((error: unknown) => {
      throw error instanceof ModuleFailure
        ? new ModuleFailure(error.message, { redirected: false, ...error.result })
        : error;
    });
    const content = await bodyOf(response);
    const result = resultOf(response, content, args);
    if (!args.status_code.includes(response.status)) {
      const expected = args.status_code.join(", ");
      result["msg"] = `Status code was ${response.status} and not [${expected}]: ${result["msg"]}`;
      return { changed: false, failed: true, result };
    }
    if (args.dest === undefined) return { changed: false, result };
    const name = posix.basename(new URL(response.url).pathname) || "index.html";
    const landed = await lookNow(
      landFile({ ...args, dest: args.dest, force: true, backup: false }, sourceBytes(content, name)),
      host,
    );
    return {
      changed: landed.changed,
      result: { ...result, ...attributesOf(landed.result), path: landed.result["dest"] ?? args.dest },
    };
  },
});

/** What a result says of the file, without what copy says of the copying. */
function attributesOf(landed: Dict): Dict {
  const { checksum: _checksum, md5sum: _md5sum, dest: _dest, ...attributes } = landed;
  return attributes;
}

async function bodyToSend(
  args: Arguments,
  context: ModuleContext,
  host: StepContext,
): Promise<{ body?: Buffer; type?: string }> {
  if (args.src !== undefined) {
    if (!args.remote_src) return { body: context.readFile(context.findFile(args.src, "files")) };
    const chunks: Buffer[] = [];
    for await (const chunk of await host.download(args.src)) chunks.push(Buffer.from(chunk));
    return { body: Buffer.concat(chunks) };
  }
  const body = args.body;
  if (body === undefined || body === null) return {};
  switch (args.body_format) {
    case "json":
      return { body: Buffer.from(typeof body === "string" ? body : toJson(body)), type: "application/json" };
    case "form-urlencoded":
      return {
        body: Buffer.from(typeof body === "string" ? body : urlencoded(body)),
        type: "application/x-www-form-urlencoded",
      };
    case "form-multipart": {
      if (!isDict(body)) throw new ModuleFailure("failed to parse body as form-multipart: it must be a mapping");
      return multipart(body, (file) => context.readFile(context.findFile(file, "files")));
    }
    default:
      return { body: Buffer.from(typeof body === "string" ? body : toJson(body)) };
  }
}

function urlencoded(body: Value): string {
  const form = new URLSearchParams();
  const pairs: (readonly [string, Value])[] = isDict(body)
    ? Object.entries(body)
    : Array.isArray(body)
      ? body.flatMap((pair) => (Array.isArray(pair) ? [[String(pair[0]), pair[1] ?? ""] as const] : []))
      : [];
  for (const [name, value] of pairs) {
    for (const each of Array.isArray(value) ? value : [value]) form.append(name, String(each));
  }
  return form.toString();
}

function resultOf(response: HttpResponse, content: Buffer, args: Arguments): Dict {
  const result = dict([
    ["url", response.url],
    ["status", response.status],
    ["redirected", response.redirected && response.url !== new URL(args.url).href],
    ["elapsed", 0],
  ]);
  if (response.status < 300) {
    result["cookies"] = cookiesOf(response);
    result["cookies_string"] = response.cookies.map((cookie) => cookie.split(";")[0]).join("; ");
    result["msg"] = `OK (${response.headers["content-length"] ?? "unknown"} bytes)`;
  } else result["msg"] = `HTTP Error ${response.status}: ${response.reason}`;
  for (const [name, value] of Object.entries(response.headers)) {
    const key = name.replaceAll("-", "_");
    if (result[key] === undefined) result[key] = value;
  }
  if (typeof result["location"] === "string") result["location"] = new URL(result["location"], response.url).href;
  if (args.return_content) result["content"] = content.toString();
  const isJson = /\b(json|javascript)\b/.test(response.headers["content-type"] ?? "");
  if (response.status >= 300 && !isJson && !args.return_content && args.status_code.includes(response.status))
    result["body"] = content.toString();
  if (isJson) {
    try {
      result["json"] = JSON.parse(content.toString()) as Value; // JSON is made of values
    } catch {
      // Not what it calls itself: there is no `json` then, as in Ansible.
    }
  }
  return result;
}

function cookiesOf(response: HttpResponse): Dict {
  const cookies = dict();
  for (const cookie of response.cookies) {
    const [pair = ""] = cookie.split(";");
    cookies[pair.slice(0, pair.indexOf("="))] = pair.slice(pair.indexOf("=") + 1);
  }
  return cookies;
}
