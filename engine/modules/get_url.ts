import { createHash, randomUUID } from "node:crypto";
import { posix } from "node:path";
import { Transform } from "node:stream";
import { type Static, Type } from "@sinclair/typebox";
import { joinScripts, sh } from "../host/script.ts";
import { dict } from "../source/value.ts";
import { flag, integer, mapping, maybeFlag, optional, path, text } from "./argument-types.ts";
import { finishing } from "./content.ts";
import {
  type ActionResult,
  actionModule,
  ask,
  type Look,
  ModuleFailure,
  type Plan,
  type StepContext,
} from "./contract.ts";
import { bodyOf, exchange, type HttpRequest } from "./http.ts";
import { lookNow } from "./look-now.ts";
import {
  attributeArguments,
  attributeRefusals,
  attributeResult,
  attributeScript,
  sameAttributes,
  withAttributes,
} from "./ownership.ts";
import { assign, remotePath } from "./path-names.ts";
import { created, lookAt, type PathState } from "./paths.ts";

const args = Type.Object({
  url: text("The address."),
  dest: path("The file, or the folder that takes it under its own name."),
  checksum: optional(text("ALGORITHM:DIGEST, or ALGORITHM:ADDRESS of a list of digests.")),
  force: flag("Load it although the file is there."),
  backup: flag("Keep the replaced file under another name."),
  headers: mapping("Headers by name.", { default: {} }),
  timeout: integer("Seconds until the answer begins.", { default: 10 }),
  url_username: optional(text("The user.")),
  url_password: optional(text("The password.")),
  force_basic_auth: flag("Send user and password at once."),
  validate_certs: flag("Check the server's certificate.", true),
  http_agent: text("User-Agent.", { default: "ansible-httpget" }),
  use_proxy: maybeFlag("No effect: requests leave from the host itself."),
  tmp_dest: optional(path("No effect: it is loaded beside its place.")),
  ...attributeArguments,
});
type Arguments = Static<typeof args>;

export default actionModule<typeof args>({
  name: "get_url",
  summary: "Load a file from the web onto the host.",
  collection: "ansible.builtin.get_url",
  args,
  argAliases: { username: "url_username", password: "url_password" },
  secret: ["url_password"],
  unsupported: {
    ...attributeRefusals,
    use_gssapi: "GSSAPI is not spoken",
    use_netrc: "netrc files are not read",
    client_cert: "use the uri module",
    client_key: "use the uri module",
    unredirected_headers: "headers other than credentials follow redirects",
    ciphers: "Node's own are used",
    decompress: "files are stored as they are sent",
  },
  example:
    "- ansible.builtin.get_url:\n    url: https://example.org/app.tar.gz\n    dest: /opt/app.tar.gz\n    checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
  returns: { dest: "the file", checksum_dest: "its SHA-1", status_code: "the server's status" },

  /** Nothing to do where the file is there and has the digest, or none was asked for. */
  *guard(args) {
    const state = yield* present(args);
    if (!state.exists || state.type !== "file") return { run: true };
    const after = yield* withAttributes(state, args);
    if (!sameAttributes(state, after)) return { run: true };
    const result = dict([
      ["dest", state.path],
      ["url", args.url],
      ["msg", "file already exists"],
    ]);
    const done = { run: false as const, result: { ...result, ...attributeResult(state) } };
    const wanted = digestOf(args);
    if (wanted === undefined) return args.force || args.checksum !== undefined ? { run: true } : done;
    return (yield* ask(digestQuery(state.real, wanted.algorithm))) === wanted.digest ? done : { run: true };
  },

  effects(args) {
    const because = `${args.url} is loaded to ${args.dest}`;
    return args.dest.startsWith("/")
      ? [{ kind: "path", subject: posix.normalize(args.dest).replace(/(.)\/$/, "$1"), unknown: because }]
      : [];
  },

  async run(args, _context, host) {
    const wanted = digestOf(args) ?? (await digestFromList(args, host));
    const before = await nowAt(args, host);
    if (before.exists && before.type === "file") {
      const right = wanted !== undefined && (await digestNow(host, before.real, wanted.algorithm)) === wanted.digest;
      if (right || (wanted === undefined && !args.force)) return await attributesOnly(args, before, host);
    }
    return await load(args, before, wanted, host);
  },
});

interface Wanted {
  readonly algorithm: string;
  readonly digest: string;
}

function digestOf(args: Arguments): Wanted | undefined {
  const [algorithm = "", ...rest] = (args.checksum ?? "").split(":");
  const digest = rest.join(":").trim().toLowerCase();
  if (args.checksum === undefined || args.checksum === "" || /^https?:/.test(digest)) return undefined;
  if (!/^[0-9a-f]+$/.test(digest)) {
    throw new ModuleFailure("The checksum parameter has to be in format <algorithm>:<checksum>");
  }
  return { algorithm: algorithm.toLowerCase(), digest };
}

/** A list such as SHA256SUMS: the line that names the file, or the only digest. */
async function digestFromList(args: Arguments, host: StepContext): Promise<Wanted | undefined> {
  const colon = args.checksum?.indexOf(":") ?? -1;
  if (args.checksum === undefined || colon < 0) return undefined;
  const response = await exchange(host, requestOf(args, args.checksum.slice(colon + 1)));
  const lines = (await bodyOf(response))
    .toString()
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (response.status !== 200)
    throw new ModuleFailure(`Unable to read the digests: status ${response.status}`, {
      url: args.checksum.slice(colon + 1),
    });
  const name = posix.basename(new URL(args.url).pathname);
  const pairs = lines.map((line) => line.trim().split(/\s+\*?/));
  const digest =
    pairs.find(([, file]) => file !== undefined && posix.basename(file) === name)?.[0] ??
    (pairs.length === 1 ? pairs[0]?.[0] : undefined);
  if (digest === undefined)
    throw new ModuleFailure(`Unable to find a checksum for file '${name}' in '${args.checksum.slice(colon + 1)}'`);
  return { algorithm: args.checksum.slice(0, colon).toLowerCase(), digest: digest.toLowerCase() };
}

function requestOf(args: Arguments, url: string): HttpRequest {
  const headers: { [name: string]: string } = { "User-Agent": args.http_agent };
  for (const [name, value] of Object.entries(args.headers)) headers[name] = String(value);
  return {
    url,
    method: "GET",
    headers,
    timeout: args.timeout,
    redirects: "all",
    validateCertificates: args.validate_certs,
    user: args.url_username,
    password: args.url_password,
    forceBasic: args.force_basic_auth,
  };
}

function* present(args: Arguments): Look<PathState> {
  const dest = yield* remotePath(args.dest);
  const state = yield* lookAt(dest, { follow: true });
  const folder = args.dest.endsWith("/") || (state.exists && state.type === "directory");
  return folder ? yield* lookAt(posix.join(dest, nameOf(args.url)), { follow: true }) : state;
}

function nameOf(url: string): string {
  return posix.basename(new URL(url).pathname) || "index.html";
}

function digestQuery(path: string, algorithm: string) {
  return {
    kind: "digest",
    subject: `${algorithm} ${path}`,
    script: sh`${assign("p", path)}
exec ${`${algorithm}sum`} < "$p"`,
    decode: (reply: { stdout: Buffer }) => reply.stdout.toString().split(" ")[0]?.trim() ?? "",
  };
}

async function digestNow(host: StepContext, path: string, algorithm: string): Promise<string> {
  const query = digestQuery(path, algorithm);
  return query.decode(await host.request(query.script));
}

/** Runs a look of one answer inside the action. */
async function nowAt(args: Arguments, host: StepContext): Promise<PathState> {
  let found: PathState | undefined;
  await lookNow(
    (function* (): Look<Plan> {
      found = yield* present(args);
      return {};
    })(),
    host,
  );
  if (!found) throw new ModuleFailure(`Cannot look at ${args.dest}`);
  return found;
}

async function attributesOnly(
  args: Arguments,
  before: PathState & { exists: true },
  host: StepContext,
): Promise<ActionResult> {
  const done = await lookNow(
    (function* (): Look<Plan> {
      const after = yield* withAttributes(before, args);
      const result = { dest: before.path, url: args.url, msg: "file already exists", ...attributeResult(after) };
      if (sameAttributes(before, after)) return { result };
      const script = joinScripts([assign("p", before.real), attributeScript(before, after)]);
      return { result, change: { diff: [], effects: [], steps: [{ name: "change owner or permissions", script }] } };
    })(),
    host,
  );
  return { changed: done.changed, result: done.result };
}

async function load(
  args: Arguments,
  before: PathState,
  wanted: Wanted | undefined,
  host: StepContext,
): Promise<ActionResult> {
  const headers: { [name: string]: string } = {};
  if (before.exists && before.mtime > 0 && !args.force && wanted === undefined) {
    headers["If-Modified-Since"] = new Date(before.mtime * 1000).toUTCString();
  }
  const request = requestOf(args, args.url);
  const response = await exchange(host, { ...request, headers: { ...request.headers, ...headers } });
  const base = dict([
    ["url", args.url],
    ["dest", before.path],
    ["status_code", response.status],
    ["elapsed", 0],
  ]);
  if (response.status === 304) {
    response.body.resume();
    return { changed: false, result: { ...base, msg: "HTTP Error 304: Not Modified" } };
  }
  if (response.status !== 200) {
    response.body.resume();
    const msg = `Request failed: HTTP Error ${response.status}: ${response.reason}`;
    return {
      changed: false,
      failed: true,
      result: { ...base, response: `HTTP Error ${response.status}: ${response.reason}`, msg },
    };
  }
  const folder = posix.dirname(before.real);
  const temporary = posix.join(folder, `.play-${randomUUID()}`);
  const sums = {
    sha1: createHash("sha1"),
    sha256: createHash("sha256"),
    md5: createHash("md5"),
    wanted: createHash(wanted?.algorithm ?? "sha1"),
  };
  let size = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      for (const each of Object.values(sums)) each.update(chunk);
      done(null, chunk);
    },
  });
  response.body.once("error", (error) => counted.destroy(error));
  response.body.pipe(counted);
  try {
    await host.upload(counted, temporary);
    const expected = Number(response.headers["content-length"] ?? Number.NaN);
    if (!response.body.complete || (Number.isFinite(expected) && size !== expected)) {
      throw new ModuleFailure(`The download of ${args.url} was cut off after ${size} bytes.`);
    }
    const digest = sums.wanted.digest("hex");
    if (wanted && digest !== wanted.digest) {
      throw new ModuleFailure(
        `The checksum for ${before.path} did not match ${wanted.digest}; it was ${digest}.`,
        base,
      );
    }
    // Of what was there before.
    const there = before.exists && before.type === "file" ? await digestNow(host, before.real, "sha1") : null;
    const done = await lookNow(place(args, before, { temporary, size, sha256: sums.sha256.digest("hex") }), host);
    const sha1 = sums.sha1.digest("hex");
    const told = { checksum_src: sha1, checksum_dest: there, md5sum: sums.md5.digest("hex") };
    const result = { ...base, ...done.result, ...told, msg: `OK (${size} bytes)` };
    return { changed: done.changed, result };
  } finally {
    await host.request(sh`rm -f -- ${temporary}`);
  }
}

/** Puts what was loaded in its place, unless it is what is there already. */
function* place(
  args: Arguments,
  before: PathState,
  loaded: { temporary: string; size: number; sha256: string },
): Look<Plan> {
  const own = before.exists ? yield* lookAt(before.real, { sha256: true }) : before;
  const bare =
    own.exists && own.type === "file"
      ? own
      : created(own.exists ? { ...own, exists: false, newcomer: { ...own, umask: 0o022 } } : own, "file", loaded.size);
  const after = yield* withAttributes({ ...bare, size: loaded.size }, args);
  const same = own.exists && own.sha256 === loaded.sha256;
  const result = { ...attributeResult(after), size: loaded.size };
  if (same && sameAttributes(own, after)) return { result };
  const script = joinScripts([
    assign("p", before.real),
    assign("q", loaded.temporary),
    sh`t=$q`,
    finishing({ before: own, attributes: args, backup: args.backup }, after),
  ]);
  return {
    result,
    change: {
      diff: [],
      effects: [],
      steps: [{ name: "put the file in its place", script }],
      finish(replies) {
        const name = replies.at(-1)?.stdout.toString() ?? "";
        return args.backup && name !== "" ? dict([["backup_file", name]]) : dict();
      },
    },
  };
}
