import { posix } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tar } from "../../../../engine/lab/tar.ts";
import type { HttpClient } from "../http-client.ts";
import { array, type JsonObject, object, text, texts } from "../json.ts";
import { logError, logInfo, messageOf } from "../log.ts";
import { backendsOf } from "./backends.ts";
import { proxyConfiguration } from "./nginx-configuration.ts";
import type { ProxySettings } from "./settings.ts";

/** Milliseconds in which events that come together lead to one update. */
const together = 300;

/** Writes the file into every nginx of ours and has it read again, as often as asked, one update at a time. */
export class ProxyUpdater {
  readonly #client: HttpClient;
  readonly #proxies: readonly ProxySettings[];
  /** What each container's file holds, by the container's start: a new process has read nothing yet. */
  readonly #written = new Map<string, string>();
  #wanted = false;
  #running = false;

  constructor(client: HttpClient, proxies: readonly ProxySettings[]) {
    this.#client = client;
    this.#proxies = proxies;
  }

  /** Asks for an update; several requests in a short time make one. */
  request(): void {
    this.#wanted = true;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#wanted) {
      await delay(together);
      this.#wanted = false;
      try {
        await this.#update();
      } catch (error) {
        logError(`error updating proxy config: ${messageOf(error)}`, { ext: "nginx" });
        this.#wanted = true;
        await delay(2000);
      }
    }
    this.#running = false;
  }

  async #update(): Promise<void> {
    const answer = await this.#client.send("GET", "/containers/json", { timeout: 20_000 });
    if (!answer.ok) throw new Error(answer.message);
    const listed = array(answer.json()).map(object);
    const backends = backendsOf(listed);
    for (const container of listed) {
      if (texts(container["Labels"])["interlock.ext.name"] !== "nginx") continue;
      for (const settings of this.#proxies) {
        const configuration = proxyConfiguration(settings, backends);
        if (!(await this.#write(container, settings, configuration))) continue;
        for (const { domain, upstreams } of backends) {
          for (const upstream of upstreams) logInfo(`${domain}: upstream=${upstream}`, { ext: "nginx" });
        }
      }
    }
  }

  async #write(container: JsonObject, settings: ProxySettings, configuration: string): Promise<boolean> {
    const id = text(container["Id"]);
    const seen = await this.#client.send("GET", `/containers/${id}/json`, { timeout: 20_000 });
    if (!seen.ok) throw new Error(seen.message);
    const key = `${id} ${text(object(object(seen.json())["State"])["StartedAt"])} ${settings.configPath}`;
    if (this.#written.get(key) === configuration) return false;
    const folder = posix.dirname(settings.configPath);
    const body = tar([{ path: posix.basename(settings.configPath), mode: 0o644, content: configuration }]);
    const put = await this.#client.send("PUT", `/containers/${id}/archive?path=${encodeURIComponent(folder)}`, {
      body,
      type: "application/x-tar",
      timeout: 20_000,
    });
    if (!put.ok) throw new Error(put.message);
    const reload = await this.#client.send("POST", `/containers/${id}/kill?signal=HUP`, { timeout: 20_000 });
    if (!reload.ok) throw new Error(reload.message);
    this.#written.set(key, configuration);
    logInfo("configuration updated", { ext: "nginx" });
    logInfo(`restarted proxy container: id=${id.slice(0, 12)} name=${text(array(container["Names"])[0])}`, {
      ext: "nginx",
    });
    return true;
  }
}
