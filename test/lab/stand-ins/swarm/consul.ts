import { HttpClient } from "../http-client.ts";
import { array, object, text } from "../json.ts";

/** Where discovery happens: `consul://host:port[/prefix]`. */
export interface DiscoveryAddress {
  readonly client: HttpClient;
  /** Folder of the nodes' entries; `docker/swarm/nodes` beneath the prefix. */
  readonly path: string;
  readonly url: string;
}

export function discoveryAddress(url: string): DiscoveryAddress {
  const match = /^consul:\/\/([^/]+)(?:\/(.*))?$/.exec(url);
  if (!match?.[1]) throw new Error(`discovery service not supported: ${url} (this stand-in knows consul://)`);
  const first = match[1].split(",")[0] ?? "";
  const prefix = match[2] ? `${match[2].replace(/\/$/, "")}/` : "";
  return { client: new HttpClient(first), path: `${prefix}docker/swarm/nodes`, url };
}

/** The addresses under discovery; with `index` it waits until they differ from what that index stood for. */
export async function listNodes(
  { client, path }: DiscoveryAddress,
  index = 0,
): Promise<{ readonly nodes: string[]; readonly index: number }> {
  const wait = index > 0 ? `&index=${index}&wait=20s` : "";
  const answer = await client.send("GET", `/v1/kv/${path}/?recurse${wait}`, { timeout: 40_000 });
  const next = Number(answer.headers["x-consul-index"] ?? 0);
  if (answer.status === 404) return { nodes: [], index: next };
  if (!answer.ok) throw new Error(`consul answered ${answer.status}: ${answer.message}`);
  const nodes = array(answer.json())
    .map((entry) => Buffer.from(text(object(entry)["Value"]), "base64").toString("utf8"))
    .filter((value) => value !== "");
  return { nodes: [...new Set(nodes)].sort(), index: next };
}

/** An entry that consul deletes when it has not been renewed for `ttl` seconds. */
export class Registration {
  readonly #discovery: DiscoveryAddress;
  readonly #address: string;
  readonly #ttl: number;
  #session = "";

  constructor(discovery: DiscoveryAddress, address: string, ttl: number) {
    this.#discovery = discovery;
    this.#address = address;
    this.#ttl = ttl;
  }

  async renew(): Promise<void> {
    const { client, path } = this.#discovery;
    if (this.#session !== "") {
      const renewed = await client.send("PUT", `/v1/session/renew/${this.#session}`, { timeout: 10_000 });
      if (!renewed.ok) this.#session = "";
    }
    if (this.#session === "") {
      // consul waits up to twice the time of a session; it knows no shorter one than ten seconds
      const ttl = `${Math.max(10, Math.floor(this.#ttl / 2))}s`;
      const body = { Name: "swarm", Behavior: "delete", LockDelay: "0s", TTL: ttl };
      const created = await client.send("PUT", "/v1/session/create", { body, timeout: 10_000 });
      if (!created.ok) throw new Error(`consul gives no session: ${created.message}`);
      this.#session = text(object(created.json())["ID"]);
    }
    const put = `/v1/kv/${path}/${this.#address}?acquire=${this.#session}`;
    const stored = await client.send("PUT", put, { body: Buffer.from(this.#address), timeout: 10_000 });
    if (stored.body.toString("utf8").trim() === "true") return;
    if (!stored.ok) throw new Error(`consul stores nothing: ${stored.message}`);
    await this.#release(path);
    const again = await client.send("PUT", put, { body: Buffer.from(this.#address), timeout: 10_000 });
    if (again.body.toString("utf8").trim() !== "true") throw new Error("the entry is held by another session");
  }

  /** The session of an agent that was killed still holds the entry; it is ended, for the address is ours. */
  async #release(path: string): Promise<void> {
    const { client } = this.#discovery;
    const found = await client.send("GET", `/v1/kv/${path}/${this.#address}`, { timeout: 10_000 });
    if (!found.ok) return;
    const holder = text(object(array(found.json())[0])["Session"]);
    if (holder !== "" && holder !== this.#session) {
      await client.send("PUT", `/v1/session/destroy/${holder}`, { timeout: 10_000 });
    }
  }
}
