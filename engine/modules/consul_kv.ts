import { Type } from "@sinclair/typebox";
import { isDict, type Value } from "../source/value.ts";
import { choice, flag, integer, optional, text } from "./argument-types.ts";
import { actionModule, ModuleFailure, type StepContext } from "./contract.ts";
import { bodyOf, exchange } from "./http.ts";

const args = Type.Object({
  key: text("The key."),
  value: optional(text("Its value.")),
  state: choice(["present", "absent", "acquire", "release"], "What the key should be.", { default: "present" }),
  retrieve: flag("Bring the key's entry along.", true),
  recurse: flag("The keys below it too."),
  cas: optional(text("Write only if the key's ModifyIndex is this.")),
  flags: optional(text("A number kept beside the value.")),
  session: optional(text("Session of acquire and release.")),
  token: optional(text("Token.")),
  datacenter: optional(text("Data centre.")),
  host: text("Consul's address, as the host sees it.", { default: "localhost" }),
  port: integer("Its port.", { default: 8500 }),
  scheme: text("http or https.", { default: "http" }),
  validate_certs: flag("Check the server's certificate.", true),
});
type Arguments = (typeof args)["static"];

export default actionModule({
  name: "consul_kv",
  collection: "community.general.consul_kv",
  summary: "Reads and writes keys of consul, over the host's own network.",
  args,
  secret: ["token"],
  unsupported: { ca_path: "validate_certs uses the controller's authorities" },
  example: "- consul_kv:\n    key: shop/colour\n    value: blue\n",
  returns: { key: "The key.", data: "Its entry, or with recurse the list of entries.", index: "Consul's index." },
  readOnly: (args) => args.state === "present" && args.value === undefined,
  async run(args, _context, host) {
    if (args.state === "absent") {
      const before = await read(args, host);
      if (before.entries.length > 0) await call(args, host, "DELETE", args.recurse ? "recurse=true" : "");
      return {
        changed: before.entries.length > 0,
        result: { key: args.key, data: before.entries, index: before.index },
      };
    }
    if (args.state === "acquire" || args.state === "release") {
      if (args.session === undefined)
        throw new ModuleFailure(`${args.state} of lock for ${args.key} requested but no session supplied`);
      const answer = await call(
        args,
        host,
        "PUT",
        `${args.state}=${encodeURIComponent(args.session)}`,
        args.value ?? "",
      );
      return { changed: answer.body.trim() === "true", result: { key: args.key, index: answer.index } };
    }
    const before = await read(args, host);
    const old = before.entries.find((entry) => isDict(entry) && entry["Key"] === args.key);
    const is = isDict(old) ? old["Value"] : undefined;
    const changed = args.value !== undefined && is !== args.value;
    if (changed) {
      const query = [
        args.cas === undefined ? "" : `cas=${encodeURIComponent(args.cas)}`,
        args.flags === undefined ? "" : `flags=${encodeURIComponent(args.flags)}`,
      ];
      const answer = await call(args, host, "PUT", query.filter((part) => part !== "").join("&"), args.value);
      if (answer.body.trim() !== "true")
        return { changed: false, result: { key: args.key, data: before.entries, index: before.index } };
    }
    const after = changed && args.retrieve ? await read(args, host) : before;
    const data: Value = args.recurse ? after.entries : (after.entries[0] ?? null);
    return { changed, result: { key: args.key, index: after.index, ...(args.retrieve ? { data } : {}) } };
  },
});

async function read(args: Arguments, host: StepContext): Promise<{ entries: Value[]; index: string }> {
  const answer = await call(args, host, "GET", args.recurse ? "recurse=true" : "");
  if (answer.status === 404) return { entries: [], index: answer.index };
  const entries = JSON.parse(answer.body) as Value; // JSON holds nothing that is no Value
  return {
    index: answer.index,
    entries: (Array.isArray(entries) ? entries : []).map((entry) => {
      if (!isDict(entry)) return entry;
      const value = entry["Value"];
      return { ...entry, Value: typeof value === "string" ? Buffer.from(value, "base64").toString() : null };
    }),
  };
}

async function call(args: Arguments, host: StepContext, method: string, query: string, body?: string) {
  const name = args.host.includes(":") && !args.host.startsWith("[") ? `[${args.host}]` : args.host;
  const parts = [query, args.datacenter === undefined ? "" : `dc=${encodeURIComponent(args.datacenter)}`].filter(
    (part) => part !== "",
  );
  const path = args.key.split("/").map(encodeURIComponent).join("/");
  const response = await exchange(host, {
    url: `${args.scheme}://${name}:${args.port}/v1/kv/${path}${parts.length > 0 ? `?${parts.join("&")}` : ""}`,
    method,
    headers: args.token === undefined ? {} : { "X-Consul-Token": args.token },
    body: body === undefined ? undefined : Buffer.from(body),
    timeout: 30,
    redirects: "all",
    validateCertificates: args.validate_certs,
  });
  const answer = (await bodyOf(response)).toString();
  if (response.status >= 400 && response.status !== 404) {
    throw new ModuleFailure(`consul answered ${response.status}: ${answer.trim()}`, { status: response.status });
  }
  return { status: response.status, body: answer, index: response.headers["x-consul-index"] ?? "0" };
}
