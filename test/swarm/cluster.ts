import { request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { projectLab } from "../lab/hosts.ts";
import { inside } from "../lab/inside.ts";

export const roles = [
  "docker-engine",
  "compose",
  "systemd-socket",
  "consul",
  "swarm-manager",
  "swarm-join",
  "overlay-net",
  "web-image",
  "mysql",
  "interlock-nginx",
  "ha-reschedule",
] as const;

const managerUrl = "http://10.77.0.11:8333";

/** Two hosts with nothing on them. */
export async function bareHosts(): Promise<void> {
  const lab = await projectLab();
  await lab.hosts.remove();
  await lab.hosts.up();
}

/** Runs a shell line on a host behind play's back. */
export async function on(host: string, line: string): Promise<string> {
  return (await inside(`${(await projectLab()).network}-${host}`, line)).trim();
}

/** What the manager's API answers. Asked directly: the docker command costs a fifth of a second of a processor. */
async function manager<T>(path: string): Promise<T> {
  return JSON.parse(await get(`${managerUrl}${path}`)) as T; // the Engine API's own types, as far as they are read here
}

/** The body of a web page. @throws Error when nobody answers within 10 seconds */
function get(url: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, agent: false, timeout: 10_000 }, (answer) => {
      text(answer).then(resolve, reject);
    });
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error(`${url}: no answer within 10 s`)));
    asked.end();
  });
}

interface ListedContainer {
  readonly Names: readonly string[];
  readonly Ports: readonly { readonly IP?: string; readonly PrivatePort: number; readonly PublicPort?: number }[];
}

function listed(service: string): Promise<ListedContainer[]> {
  const filters = JSON.stringify({ label: [`com.docker.compose.service=${service}`] });
  return manager(`/containers/json?filters=${encodeURIComponent(filters)}`);
}

/** `node/name`. */
function nameOf({ Names: [name = ""] }: ListedContainer): string {
  return name.replace(/^\//, "");
}

/** Names of the running containers of a compose service, as the manager has them, with their nodes. */
export async function containersOf(service: string): Promise<string[]> {
  return (await listed(service)).map(nameOf).sort();
}

/** How many nodes the manager calls Healthy. */
export async function healthyNodes(): Promise<number> {
  const { SystemStatus } = await manager<{ SystemStatus: readonly (readonly [string, string])[] }>("/info");
  return SystemStatus.filter(([key, value]) => key.trim().endsWith("Status") && value === "Healthy").length;
}

/** The servers that nginx has been told of. */
export async function upstreams(): Promise<string[]> {
  const file = await on(
    "swarm-01",
    `docker -H ${managerUrl.replace("http", "tcp")} exec nginx cat /etc/nginx/nginx.conf`,
  );
  return [...file.matchAll(/server (\d+\.\d+\.\d+\.\d+:\d+);/g)].map((match) => match[1] ?? "").sort();
}

/** The page, from whichever host nginx is on. */
export async function page(): Promise<string> {
  const [place = ""] = await containersOf("nginx");
  const address = place.startsWith("swarm-02/") ? "10.77.0.12" : "10.77.0.11";
  return get(`http://${address}/`, { Host: "test.local" });
}

/** What every web container says at its own published port: `node/name: page`, one line each. */
export async function ownPages(): Promise<string[]> {
  return Promise.all(
    (await listed("web")).map(async (container) => {
      const port = container.Ports.find(({ PrivatePort }) => PrivatePort === 80);
      const said = await get(`http://${port?.IP}:${port?.PublicPort}/`);
      return `${nameOf(container)}: ${said.replaceAll("\n", " ")}`;
    }),
  );
}

/**
 * Asks until the answer is as it should be. The deadline is generous: it only ends a test that would never end.
 * @throws Error with the last answer
 */
export async function until<T>(what: string, ask: () => Promise<T>, good: (answer: T) => boolean, seconds = 240) {
  const end = Date.now() + seconds * 1000;
  let last = "never answered";
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (good(answer)) return answer;
      last = JSON.stringify(answer);
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(500);
  }
  throw new Error(`${what}: not within ${seconds} s; last: ${last}`);
}

/** Waits until the whole system is as it was built: nodes, containers, upstreams, each web container's page, nginx's. */
export async function wholeAgain(scale = 4): Promise<void> {
  await until("both nodes Healthy", healthyNodes, (count) => count === 2);
  await until(
    "web containers",
    () => containersOf("web"),
    (found) => found.length === scale,
  );
  await until("nginx's upstreams", upstreams, (found) => found.length === scale);
  await until(
    "the page of every web container",
    ownPages,
    (found) => found.length === scale && found.every((text) => text.includes("Connected to MySQL")),
  );
  await until("the page", page, (text) => text.includes("Connected to MySQL"));
}
