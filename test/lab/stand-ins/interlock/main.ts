import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { HttpClient, hostAndPort } from "../http-client.ts";
import { type Json, object, text } from "../json.ts";
import { logError, logInfo, messageOf } from "../log.ts";
import { ProxyUpdater } from "./proxy-updater.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Actions of containers after which the proxy's file may be another. */
const matters = ["start", "unpause", "die", "kill", "stop", "pause", "destroy", "rename", "restart", "update"];

function main(): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
  process.on("unhandledRejection", (reason) => logError(`unexpected: ${messageOf(reason)}`));
  process.on("uncaughtException", (error) => logError(`unexpected: ${error.stack ?? error.message}`));
  const settings = readSettings(settingsSource(process.argv.slice(2), process.env));
  logInfo("interlock 1.5.0-dev (stand-in)");
  const { host, port } = hostAndPort(settings.listenAddress, 8080);
  createServer((_request, response) => response.end("interlock\n")).listen(port, host === "" ? undefined : host);
  for (const proxy of settings.proxies) logInfo("loading extension", { name: "nginx", config: proxy.configPath });
  void follow(settings);
}

/** `-c FILE`, else the environment's INTERLOCK_CONFIG. */
function settingsSource(args: readonly string[], env: Readonly<Record<string, string | undefined>>): string {
  if (!args.includes("run")) {
    process.stdout.write("Usage: interlock [-D] run [-c CONFIG]\n");
    process.exit(0);
  }
  const at = args.findIndex((arg) => arg === "-c" || arg === "--config");
  const file = at >= 0 ? args[at + 1] : undefined;
  const source = file !== undefined ? readFileSync(file, "utf8") : env["INTERLOCK_CONFIG"];
  if (!source) throw new Error("you must specify a config from a file, environment variable, or key value store");
  return source;
}

/** Follows the events of the manager for good; each new connection begins with a look at everything. */
async function follow(settings: Settings): Promise<void> {
  const client = new HttpClient(settings.dockerUrl);
  const updater = new ProxyUpdater(client, settings.proxies);
  let silent = false;
  for (;;) {
    try {
      const stream = await client.open("GET", "/events", { timeout: 10_000 });
      logInfo(`connected to ${settings.dockerUrl}`);
      silent = false;
      updater.request();
      let rest = "";
      for await (const chunk of stream) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines.filter((each) => each.trim() !== "")) {
          const action = text(object(JSON.parse(line) as Json)["Action"]);
          if (matters.includes(action) || action.startsWith("engine_")) updater.request();
        }
      }
      throw new Error("unexpected EOF");
    } catch (error) {
      if (!silent) logError(`event stream: ${messageOf(error)}; trying again`);
      silent = true;
      await delay(1000);
    }
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}
