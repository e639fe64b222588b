import { setTimeout as delay } from "node:timers/promises";
import { type JsonObject, object, text } from "../json.ts";
import { logError, logInfo, messageOf } from "../log.ts";
import { type DiscoveryAddress, listNodes } from "./consul.ts";
import { Engine, type EngineSettings, type EngineWatcher, type KnownContainer } from "./engine.ts";
import { moveContainers, removeDoubles } from "./reschedule.ts";
import type { Strategy } from "./schedule.ts";

/** A container, and the engine on which it is. */
export interface Located {
  readonly engine: Engine;
  readonly container: KnownContainer;
}

/** Milliseconds that a healthy engine stays after its entry vanished: consul may have lost it, the agent renews it. */
const grace = 90_000;

/** All engines under discovery. */
export class Cluster implements EngineWatcher {
  readonly strategy: Strategy;
  readonly #settings: EngineSettings;
  readonly #engines = new Map<string, Engine>();
  readonly #vanished = new Map<string, number>();
  readonly #listeners = new Set<(event: JsonObject) => void>();
  /** Names of containers that are being made. */
  readonly reserved = new Set<string>();
  /** Node failures and returns are dealt with one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(strategy: Strategy, settings: EngineSettings) {
    this.strategy = strategy;
    this.#settings = settings;
  }

  /** Every engine that has answered once, by name. */
  get engines(): Engine[] {
    return [...this.#engines.values()]
      .filter((engine) => engine.name !== "")
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Those that have an entry but never answered. */
  get pending(): Engine[] {
    return [...this.#engines.values()].filter((engine) => engine.name === "");
  }

  get healthy(): Engine[] {
    return this.engines.filter((engine) => engine.healthy);
  }

  get containers(): Located[] {
    return this.engines.flatMap((engine) => engine.known.map((container) => ({ engine, container })));
  }

  /** Finds a container by identifier, its beginning, name, or `node/name`. */
  find(reference: string): Located | undefined {
    const name = reference.replace(/^\//, "");
    const all = this.containers;
    const exact = all.find(
      ({ engine, container }) =>
        container.id === name || container.name === name || `${engine.name}/${container.name}` === name,
    );
    if (exact) return exact;
    const begins = name.length > 0 ? all.filter(({ container }) => container.id.startsWith(name)) : [];
    return begins.length === 1 ? begins[0] : undefined;
  }

  /** As {@link find}, after looking at all engines where it is not known yet. */
  async locate(reference: string): Promise<Located | undefined> {
    const found = this.find(reference);
    if (found) return found;
    await Promise.all(this.healthy.map((engine) => engine.refreshContainers().catch(() => engine.suspect())));
    return this.find(reference);
  }

  /** Follows discovery for good. */
  async follow(discovery: DiscoveryAddress): Promise<void> {
    let index = 0;
    let silent = false;
    for (;;) {
      try {
        const found = await listNodes(discovery, index);
        index = found.index;
        silent = false;
        this.update(found.nodes);
      } catch (error) {
        if (!silent) logError("Discovery error", { error: messageOf(error) });
        silent = true;
        index = 0;
        await delay(1000);
      }
    }
  }

  /** Takes in what discovery lists now. */
  update(addresses: readonly string[]): void {
    for (const address of addresses) {
      this.#vanished.delete(address);
      if (this.#engines.has(address)) continue;
      const engine = new Engine(address, this.#settings, this);
      this.#engines.set(address, engine);
      void engine.begin();
    }
    for (const [address, engine] of this.#engines) {
      if (addresses.includes(address)) continue;
      const since = this.#vanished.get(address) ?? Date.now();
      this.#vanished.set(address, since);
      if (engine.healthy && Date.now() - since < grace) continue;
      engine.end();
      this.#engines.delete(address);
      this.#vanished.delete(address);
      logInfo(`Removed Engine ${engine.name || address}`);
    }
  }

  /** @returns a function that ends the listening. */
  listen(listener: (event: JsonObject) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onConnect(engine: Engine): void {
    this.#after(() => removeDoubles(this, engine));
    this.#say(engine, "engine_connect");
  }

  onFailure(engine: Engine): void {
    this.#after(() => moveContainers(this, engine));
    this.#say(engine, "engine_disconnect");
  }

  onEvent(engine: Engine, event: JsonObject): void {
    const marked = withNode(engine, event);
    for (const listener of this.#listeners) listener(marked);
  }

  #say(engine: Engine, status: string): void {
    const now = Date.now();
    const base = { status, from: "swarm", Type: "swarm", Action: status, Actor: { ID: "", Attributes: {} } };
    this.onEvent(engine, { ...base, id: "", time: Math.floor(now / 1000), timeNano: now * 1e6 });
  }

  #after(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error) => logError(messageOf(error)));
  }
}

/** An engine's event with the node in it, as the manager passes it on. */
export function withNode(engine: Engine, event: JsonObject): JsonObject {
  const actor = object(event["Actor"]);
  const from = text(event["from"]);
  return {
    ...event,
    from: `${from} node:${engine.name}`,
    Actor: {
      ...actor,
      Attributes: {
        ...object(actor["Attributes"]),
        "node.addr": engine.address,
        "node.id": engine.id,
        "node.ip": engine.ip,
        "node.name": engine.name,
      },
    },
    node: { Name: engine.name, Id: engine.id, Addr: engine.address, Ip: engine.ip },
  };
}
