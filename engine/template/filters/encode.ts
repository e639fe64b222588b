import { createHash } from "node:crypto";
import { isVault, Vault } from "../../source/vault.ts";
import { fail, type Item, isItemDict, iterate, newDict, text } from "../item.ts";
import { requireInteger } from "../operators.ts";
import { passwordHash } from "../password-hash.ts";
import { type Family, plugin } from "../plugin.ts";
import { PythonRandom } from "../python-random.ts";

function digest(value: string, algorithm: string): string {
  try {
    return createHash(algorithm.replace(/^sha(\d{3})$/, "sha$1").replaceAll("_", "-"))
      .update(value)
      .digest("hex");
  } catch {
    return fail(`there is no hash '${algorithm}'`);
  }
}

const namespaceOfAnsible = "361e6d51-faec-444a-9079-341386da8e2e";

/** A UUID of version 5. */
function uuid5(name: string, namespace: string): string {
  const bytes = Buffer.from(namespace.replaceAll("-", ""), "hex");
  if (bytes.length !== 16) return fail(`'${namespace}' is no UUID`);
  const hash = createHash("sha1").update(bytes).update(name).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Python's `urllib.parse.quote`. */
function urlQuote(value: string, safe = "/"): string {
  return encodeURIComponent(value)
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%[\dA-F]{2}/g, (code) => (safe.includes(decodeSafely(code)) ? decodeSafely(code) : code));
}

function decodeSafely(code: string): string {
  const byte = Number.parseInt(code.slice(1), 16);
  return byte < 128 ? String.fromCharCode(byte) : "\0";
}

function urlencode(input: Item): string {
  if (typeof input === "string" || input === null || typeof input !== "object") return urlQuote(text(input));
  const pairs = isItemDict(input) ? Object.entries(input) : iterate(input).map((pair) => iterate(pair));
  const part = (item: Item | undefined): string => urlQuote(text(item ?? ""), "").replaceAll("%20", "+");
  return pairs.map(([key, value]) => `${part(key)}=${part(value)}`).join("&");
}

function urlSplit(url: string): { readonly [part: string]: Item } {
  const match = /^(?:([a-zA-Z][\w+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(url);
  const [, scheme = "", netloc = "", path = "", query = "", fragment = ""] = match ?? [];
  const at = netloc.lastIndexOf("@");
  const [username, password] =
    at < 0 ? [] : [netloc.slice(0, at).split(":")[0], netloc.slice(0, at).split(":").slice(1).join(":")];
  const host = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(netloc.slice(at + 1));
  const hostname = host?.[1]?.replace(/^\[|\]$/g, "").toLowerCase();
  return {
    fragment,
    hostname: hostname ? hostname : null,
    netloc,
    password: at >= 0 && netloc.slice(0, at).includes(":") ? (password ?? null) : null,
    path,
    port: host?.[2] ? Number(host[2]) : null,
    query,
    scheme: scheme.toLowerCase(),
    username: username ?? null,
  };
}

const optional = (item: Item | undefined): string | undefined =>
  item === undefined || item === null ? undefined : text(item);
const nodeEncoding = (name: string): BufferEncoding => {
  const normal = name.toLowerCase().replaceAll("_", "-");
  if (normal === "utf-16-le") return "utf16le";
  return normal === "latin-1" || normal === "iso-8859-1" || normal === "ascii" ? "latin1" : "utf8";
};

/** Filters that encode, hash and encrypt. */
export const encodeFilters: Family = {
  b64decode: plugin("encoding", (input, { encoding }) => {
    // Python skips what is no Base64, but wants the = that fill the last group of four.
    const letters = text(input).replace(/[^A-Za-z0-9+/=]/g, "");
    const used = letters.replace(/=+$/, "").length;
    if (used % 4 === 1 || letters.length < Math.ceil(used / 4) * 4)
      return fail("this is no Base64: its length is no multiple of four");
    return Buffer.from(letters, "base64").toString(nodeEncoding(optional(encoding) ?? "utf-8"));
  }),
  b64encode: plugin("encoding", (input, { encoding }) =>
    Buffer.from(text(input), nodeEncoding(optional(encoding) ?? "utf-8")).toString("base64"),
  ),
  checksum: plugin("", (input) => digest(text(input), "sha1")),
  hash: plugin("hashtype", (input, { hashtype }) => digest(text(input), optional(hashtype) ?? "sha1")),
  md5: plugin("", (input) => digest(text(input), "md5")),
  password_hash: plugin("hashtype salt salt_size rounds ident", (input, args) => {
    const number = (name: string): number | undefined =>
      args[name] === undefined || args[name] === null ? undefined : requireInteger(args[name], name);
    return passwordHash(text(input), optional(args["hashtype"]) ?? "sha512", {
      salt: optional(args["salt"]),
      saltSize: number("salt_size"),
      rounds: number("rounds"),
      ident: optional(args["ident"]),
    });
  }),
  random_mac: plugin("seed", (input, { seed }) => {
    const prefix = text(input).toLowerCase().split(":").filter(Boolean);
    if (prefix.length === 0 || prefix.length > 5 || prefix.some((part) => !/^[\da-f]{2}$/.test(part)))
      return fail(`'${text(input)}' is no start of a MAC address`);
    const random = new PythonRandom(seed);
    const rest = Array.from({ length: 6 - prefix.length }, () => random.below(256).toString(16).padStart(2, "0"));
    return [...prefix, ...rest].join(":");
  }),
  sha1: plugin("", (input) => digest(text(input), "sha1")),
  to_uuid: plugin("namespace", (input, { namespace }) => uuid5(text(input), optional(namespace) ?? namespaceOfAnsible)),
  unvault: plugin("secret vault_id vaultid", (input, { secret }) => {
    const value = text(input);
    return isVault(value) ? new Vault([{ id: "default", password: text(secret ?? "") }]).decrypt(value) : value;
  }),
  urldecode: plugin("", (input) => {
    try {
      return decodeURIComponent(text(input).replaceAll("+", " "));
    } catch {
      return fail(`'${text(input)}' is not URL-encoded`);
    }
  }),
  urlencode: plugin("", urlencode),
  urlsplit: plugin("query", (input, { query }) => {
    const parts = urlSplit(text(input));
    const wanted = optional(query);
    if (wanted === undefined || wanted === "") return newDict(Object.entries(parts));
    return Object.hasOwn(parts, wanted)
      ? (parts[wanted] ?? null)
      : fail(`urlsplit has no part '${wanted}'`, undefined, `It has: ${Object.keys(parts).join(", ")}.`);
  }),
  vault: plugin("secret salt vault_id wrap_object vaultid", (input, { secret, salt, vault_id }) => {
    const id = optional(vault_id) ?? "default";
    const vault = new Vault([
      { id: id === "filter_default" ? "default" : id, password: text(secret ?? fail("vault needs a secret")) },
    ]);
    const fixedSalt = optional(salt);
    return fixedSalt === undefined
      ? vault.encrypt(text(input))
      : vault.encrypt(text(input), undefined, Buffer.from(fixedSalt));
  }),
};
