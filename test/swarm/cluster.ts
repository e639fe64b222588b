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

const manager = "tcp://10.77.0.11:8333";

/** Two hosts with nothing on them. */
export async function bareHosts(): Promise<void> {
  const lab = await projectLab();
  await lab.down({});
  await lab.up();
}

/** Runs a shell line on a host behind play's back. */
export async function on(host: string, line: string): Promise<string> {
  return (await inside(`${(await projectLab()).network}-${host}`, line)).trim();
}

/** Names of the running containers of a compose service, as the manager has them, with their nodes. */
export async function containersOf(service: string): Promise<string[]> {
  const format = `--filter label=com.docker.compose.service=${service} --format '{{.Names}}'`;
  const names = await on("swarm-01", `docker -H ${manager} ps ${format}`);
  return names === "" ? [] : names.split("\n").sort();
}

/** How many nodes the manager calls Healthy. */
export async function healthyNodes(): Promise<number> {
  const info = await on("swarm-01", `docker -H ${manager} info 2>/dev/null`);
  return info.split("\n").filter((line) => /Status: Healthy/.test(line)).length;
}

/** The servers that nginx has been told of. */
export async function upstreams(): Promise<string[]> {
  const file = await on("swarm-01", `docker -H ${manager} exec nginx cat /etc/nginx/nginx.conf`);
  return [...file.matchAll(/server (\d+\.\d+\.\d+\.\d+:\d+);/g)].map((match) => match[1] ?? "").sort();
}

/** The page, from whichever host nginx is on. */
export async function page(): Promise<string> {
  const [place = ""] = await containersOf("nginx");
  const address = place.startsWith("swarm-02/") ? "10.77.0.12" : "10.77.0.11";
  return on("swarm-01", `curl -s -m 10 -H 'Host: test.local' http://${address}/`);
}

/** What every web container says at its own published port: `node/name: page`, one line each. */
export async function ownPages(): Promise<string[]> {
  const format = "--filter label=com.docker.compose.service=web --format '{{.Names}} {{.Ports}}'";
  const lines = await on("swarm-01", `docker -H ${manager} ps ${format}`);
  return Promise.all(
    lines.split("\n").map(async (line) => {
      const [, name = "", published = ""] = /^(\S+) (\d[\d.]*:\d+)->80/.exec(line) ?? [];
      const said = await on("swarm-01", `curl -s -m 10 http://${published}/ | tr '\\n' ' '`);
      return `${name || line}: ${said}`;
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
