import { type Answer, HttpClient } from "../http-client.ts";
import { array, type Json, type JsonObject, number, object, text, texts } from "../json.ts";
import { logError, logInfo, messageOf } from "../log.ts";
import { wantedHostPorts } from "./container-config.ts";
import type { Candidate, Placed } from "./schedule.ts";

export interface EngineSettings {
  /** Milliseconds between two looks at an engine: a random time from min to max. */
  readonly refreshMin: number;
  readonly refreshMax: number;
  /** So many looks in a row have to fail. */
  readonly failureRetry: number;
}

/** What an engine tells those who watch it. */
export interface EngineWatcher {
  /** It answers, for the first time or again. */
  onConnect(engine: Engine): void;
  /** It has stopped answering. */
  onFailure(engine: Engine): void;
  onEvent(engine: Engine, event: JsonObject): void;
}

export interface KnownContainer extends Placed {
  /** As `/containers/json` lists it. */
  readonly listed: JsonObject;
  /** As `/containers/ID/json` describes it. */
  readonly inspected: JsonObject;
}

/** Milliseconds for an answer that needs no work from the engine. */
export const patience = 10_000;

/** One Docker engine of the cluster: its health, what runs on it, its events. */
export class Engine implements Candidate {
  readonly address: string;
  readonly client: HttpClient;
  info: JsonObject = {};
  version: JsonObject = {};
  updatedAt = new Date();
  healthy = false;
  known: readonly KnownContainer[] = [];
  images: string[] = [];
  /** Containers that are being made here; the scheduler counts them. */
  readonly coming = new Set<Placed>();
  readonly #settings: EngineSettings;
  readonly #watcher: EngineWatcher;
  readonly #stop = new AbortController();
  #failures = 0;
  #connected = false;
  #monitoring = false;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;
  #again = false;

  constructor(address: string, settings: EngineSettings, watcher: EngineWatcher) {
    this.address = address;
    this.client = new HttpClient(address);
    this.#settings = settings;
    this.#watcher = watcher;
  }

  get name(): string {
    return text(this.info["Name"]);
  }

  get id(): string {
    return `${text(this.info["ID"])}|${this.address}`;
  }

  get ip(): string {
    return this.client.host;
  }

  get containers(): readonly Placed[] {
    return [...this.known, ...this.coming];
  }

  /** The labels of the daemon, and those that every node has. */
  get labels(): Record<string, string> {
    const own = array(this.info["Labels"]).map((label) => {
      const [key = "", ...value] = text(label).split("=");
      return [key, value.join("=")] as const;
    });
    return {
      kernelversion: text(this.info["KernelVersion"]),
      operatingsystem: text(this.info["OperatingSystem"]),
      ostype: text(this.info["OSType"]),
      storagedriver: text(this.info["Driver"]),
      ...Object.fromEntries(own),
    };
  }

  get status(): "Healthy" | "Unhealthy" | "Pending" {
    if (this.healthy) return "Healthy";
    return this.#connected ? "Unhealthy" : "Pending";
  }

  /** Looks at the engine now, and from then on at random times. */
  async begin(): Promise<void> {
    await this.#look();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
    this.healthy = false;
  }

  /** Looks soon: something failed that should not have. */
  suspect(): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), 500);
  }

  async send(method: string, path: string, body?: Json): Promise<Answer> {
    return this.client.send(method, path, body === undefined ? {} : { body });
  }

  /** Reads anew which containers there are. Calls that come meanwhile share the next reading. */
  async refreshContainers(): Promise<void> {
    if (this.#refreshing) {
      this.#again = true;
      await this.#refreshing;
      return;
    }
    this.#refreshing = (async () => {
      do {
        this.#again = false;
        await this.#readContainers();
      } while (this.#again);
    })();
    try {
      await this.#refreshing;
    } finally {
      this.#refreshing = undefined;
    }
  }

  async refreshImages(): Promise<void> {
    const answer = await this.client.send("GET", "/images/json", { timeout: patience });
    if (!answer.ok) return;
    this.images = array(answer.json()).flatMap((image) => array(object(image)["RepoTags"]).map(text));
  }

  /** Takes a container off the list without touching the engine, which cannot be reached. */
  forget(container: KnownContainer): void {
    this.known = this.known.filter((each) => each.id !== container.id);
  }

  /** Puts one back that was forgotten. */
  remember(container: KnownContainer): void {
    this.known = [...this.known, container];
  }

  async #look(): Promise<void> {
    try {
      const info = await this.client.send("GET", "/info", { timeout: patience });
      if (!info.ok) throw new Error(info.message);
      this.info = object(info.json());
      this.version = object((await this.client.send("GET", "/version", { timeout: patience })).json());
      await this.refreshContainers();
      await this.refreshImages();
      this.updatedAt = new Date();
      if (this.#stop.signal.aborted) return;
      this.#lookAgain();
      this.#succeeded();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#lookAgain();
      this.#failed(error);
    }
  }

  #lookAgain(): void {
    const { refreshMin, refreshMax } = this.#settings;
    let wait = refreshMin + Math.random() * Math.max(0, refreshMax - refreshMin);
    // One that is lost or not yet there is to be found as soon as it comes.
    if (!this.healthy) wait = Math.min(wait, 2000);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), wait);
  }

  #succeeded(): void {
    if (!this.healthy) {
      if (this.#connected) {
        const fields = { id: this.id, name: this.name };
        logInfo(`Engine came back to life after ${this.#failures} retries. Hooray!`, fields);
      } else logInfo(`Registered Engine ${this.name} at ${this.address}`);
      this.healthy = true;
      this.#connected = true;
      this.#failures = 0;
      this.#watcher.onConnect(this);
    }
    this.#failures = 0;
    if (!this.#monitoring) void this.#monitor();
  }

  #failed(error: unknown): void {
    this.#failures++;
    const fields = { id: this.id, name: this.name || this.address };
    if (!this.healthy) return;
    logError(`Update engine specs failed: ${messageOf(error)}`, fields);
    if (this.#failures < this.#settings.failureRetry) return;
    this.healthy = false;
    logError(`Flagging engine as unhealthy. Connect failed ${this.#failures} times`, fields);
    this.#watcher.onFailure(this);
  }

  /** Follows the engine's events until the stream breaks; the next successful look begins anew. */
  async #monitor(): Promise<void> {
    this.#monitoring = true;
    try {
      const stream = await this.client.open("GET", "/events", { signal: this.#stop.signal, timeout: patience });
      let rest = "";
      for await (const chunk of stream) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line.trim() !== "") this.#event(object(JSON.parse(line) as Json));
      }
      throw new Error("unexpected EOF");
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      logError("error monitoring events, will restart", { error: messageOf(error), id: this.id, name: this.name });
      this.suspect();
    } finally {
      this.#monitoring = false;
    }
  }

  #event(event: JsonObject): void {
    const refresh = text(event["Type"]) === "image" ? this.refreshImages() : this.refreshContainers();
    refresh.then(
      () => this.#watcher.onEvent(this, event),
      () => this.suspect(),
    );
  }

  async #readContainers(): Promise<void> {
    const answer = await this.client.send("GET", "/containers/json?all=1", { timeout: patience });
    if (!answer.ok) throw new Error(answer.message);
    const before = new Map(this.known.map((each) => [each.id, each]));
    const read = await Promise.all(
      array(answer.json()).map(async (entry) => {
        const listed = object(entry);
        const id = text(listed["Id"]);
        const old = before.get(id);
        if (old && unchanged(old.listed, listed)) return { ...old, listed };
        const inspection = await this.client.send("GET", `/containers/${id}/json`, { timeout: patience });
        return inspection.ok ? known(listed, object(inspection.json())) : undefined;
      }),
    );
    this.known = read.filter((each) => each !== undefined);
  }
}

function unchanged(old: JsonObject, now: JsonObject): boolean {
  const parts = ["State", "Names", "Ports", "NetworkSettings"];
  return parts.every((part) => JSON.stringify(old[part]) === JSON.stringify(now[part]));
}

function known(listed: JsonObject, inspected: JsonObject): KnownContainer {
  return {
    id: text(inspected["Id"]),
    name: text(inspected["Name"]).replace(/^\//, ""),
    labels: texts(object(inspected["Config"])["Labels"]),
    hostPorts: wantedHostPorts(object(inspected["HostConfig"])),
    listed,
    inspected,
  };
}

/** `2 / 4 GiB` and its kin want a size in the form of docker's own tables. */
export function memorySize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let size = bytes;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${Number(size.toPrecision(4))} ${units[unit]}`;
}

/** How many containers are in each state. */
export function counts(engine: Engine): { all: number; running: number; paused: number; stopped: number } {
  const states = engine.known.map((each) => text(each.listed["State"]));
  const running = states.filter((state) => state === "running").length;
  const paused = states.filter((state) => state === "paused").length;
  return { all: states.length, running, paused, stopped: states.length - running - paused };
}

/** Cores and bytes of memory that an engine has. */
export function capacity(engine: Engine): { cpus: number; memory: number } {
  return { cpus: number(engine.info["NCPU"]), memory: number(engine.info["MemTotal"]) };
}
