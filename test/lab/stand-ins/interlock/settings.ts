import { array, type JsonObject, object, text } from "../json.ts";
import { parseToml } from "./toml.ts";

/** What an extension section says about the nginx that it configures. */
export interface ProxySettings {
  readonly configPath: string;
  readonly pidPath: string;
  readonly maxConnections: number;
  readonly port: number;
  readonly user: string;
  readonly workerProcesses: number;
}

export interface Settings {
  readonly listenAddress: string;
  readonly dockerUrl: string;
  readonly proxies: readonly ProxySettings[];
}

/** Reads Interlock's TOML; keys in any case, as the genuine program takes them. @throws Error */
export function readSettings(source: string): Settings {
  const root = lowered(parseToml(source));
  const extensions = array(root["extensions"]).map((each) => lowered(object(each)));
  const known = extensions.filter((each) => text(each["name"]) === "nginx");
  for (const other of extensions) {
    if (!known.includes(other)) throw new Error(`unsupported extension: name=${text(other["name"])}`);
  }
  const dockerUrl = text(root["dockerurl"]);
  if (dockerUrl === "") throw new Error("DockerURL is not set");
  return {
    listenAddress: text(root["listenaddr"]) || ":8080",
    dockerUrl,
    proxies: known.map((each) => ({
      configPath: text(each["configpath"]) || "/etc/nginx/nginx.conf",
      pidPath: text(each["pidpath"]) || "/var/run/nginx.pid",
      maxConnections: count(each["maxconn"], 1024),
      port: count(each["port"], 80),
      user: text(each["user"]) || "www-data",
      workerProcesses: count(each["workerprocesses"], 2),
    })),
  };
}

function count(value: unknown, fallback: number): number {
  return typeof value === "number" && value > 0 ? value : fallback;
}

function lowered(table: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key.toLowerCase(), value]));
}
