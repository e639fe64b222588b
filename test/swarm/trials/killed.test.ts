import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { bareHosts, on, roles, wholeAgain } from "../cluster.ts";
import { root } from "../site.ts";
import { quick, site } from "../standing.ts";

// A deadline only for what would never end: on a busy machine a run of the whole site takes minutes.
vi.setConfig({ testTimeout: 900_000 });

/**
 * Where each role is killed: at the banner of the task that does its work, so that the work may be about to begin, under
 * way, or done; with milliseconds, in the middle of work that takes much longer than that.
 */
const moments: { readonly [role in (typeof roles)[number]]: readonly [banner: string, after?: number] } = {
  "docker-engine": ["TASK [docker-engine : Install the engine]", 2000],
  compose: ["TASK [compose : Install docker-compose]", 1000],
  "systemd-socket": ["RUNNING HANDLER [systemd-socket : Restart the engine]"],
  consul: ["TASK [consul : Start Consul]", 500],
  "swarm-manager": ["TASK [swarm-manager : Start the manager]", 500],
  "swarm-join": ["TASK [swarm-join : Start the agent]"],
  "overlay-net": ["TASK [overlay-net : Make the network, once for all hosts]"],
  "web-image": ["TASK [web-image : Build the image of the web server]", 3000],
  mysql: ["TASK [mysql : Start the database]", 500],
  "interlock-nginx": ["TASK [interlock-nginx : Start web containers, Interlock and nginx]", 1500],
  "ha-reschedule": ["TASK [ha-reschedule : Start the services with their policies]"],
};

// Three runs tell it of a role: one is killed in it; the next one converges it, and is killed between it and the role
// after it; the one after that finds nothing to do in it, and is the one that is killed in the role after it.
describe("a play that is killed", () => {
  beforeAll(bareHosts, 900_000);

  // Each role begins where the last one has come to: the runs before it are the snapshot that it starts from.
  for (const [at, role] of roles.entries()) {
    const [before, next] = [roles[at - 1], roles[at + 1]];

    it(`in ${role}: ${before === undefined ? "bare hosts" : `the run after the next has nothing to do in ${before}`}`, async () => {
      const [banner, after] = moments[role];
      const printed = await killedAt(banner, before === undefined ? [role] : [before, role], after);
      expect(printed).toContain(banner);
      expect(printed).not.toContain("PLAY RECAP");
      expect(troubles(printed, role, ["changed", "fatal", "failed"])).toEqual([]);
    });

    it(`between ${role} and ${next ?? "the end"}: the next run converges`, async () => {
      if (next === undefined) {
        expect((await site()).failures).toEqual([]);
        return;
      }
      const printed = await killedAt(`TASK [${next} : `, [role, next]);
      expect(printed).toContain(`TASK [${next} : `);
      expect(printed).not.toContain("PLAY RECAP");
      expect(troubles(printed, next, ["fatal", "failed"])).toEqual([]);
    });

    // Here nothing runs on the engines yet, which the restart by hand would disturb.
    if (role === "systemd-socket") it("after a change, before its handler: the next run runs it", afterItsChange);
  }

  it("has lost nothing: another run of all has nothing to do", async () => {
    await wholeAgain();
    const last = await site();
    expect(last.failures).toEqual([]);
    expect(last.changed).toEqual([]);
  });

  it("leaves a system like one that was never disturbed", async () => {
    const disturbed = await running();
    await bareHosts();
    expect((await site()).failures).toEqual([]);
    await wholeAgain();
    expect(disturbed).toBe(await running());
  });
});

async function afterItsChange(): Promise<void> {
  const drop = "/etc/systemd/system/docker.service.d/swarm.conf";
  await on(
    "swarm-02",
    `sed -i 's/^\\(ExecStart=.*dockerd.*\\)$/\\1 --label by=hand/' ${drop} && systemctl daemon-reload && systemctl restart docker`,
  );
  expect(await on("swarm-02", "docker info -f '{{.Labels}}'")).toBe("[by=hand]");
  const printed = await killedAt("changed: [swarm-02]", ["systemd-socket"]);
  expect(printed).toContain("TASK [systemd-socket : Give the engine its options]");
  const next = await site({ tags: ["systemd-socket"] });
  expect(next.failures).toEqual([]);
  // The kill comes a moment after the change; only a handler that had begun by then may have done its work already.
  if (!printed.includes("RUNNING HANDLER")) {
    expect(next.changed).toContain("systemd-socket : Restart the engine [swarm-02]");
  }
  expect(await on("swarm-02", "docker info -f '{{.Labels}}'")).toBe("[]");
}

/** Results of these kinds, before the tasks of a role. */
function troubles(printed: string, role: string, kinds: readonly string[]): string[] {
  const [earlier = ""] = printed.split(`TASK [${role} : `);
  return earlier.split("\n").filter((line) => kinds.some((kind) => line.startsWith(`${kind}: [`)));
}

/**
 * Starts `./play site.yml` and kills it, without a chance to clean up, `after` milliseconds from when it has printed
 * a text.
 * @returns all that it printed
 */
async function killedAt(text: string, tags: readonly string[], after = 0): Promise<string> {
  const args = ["site.yml", "-i", "inventory.yml", "-e", JSON.stringify(quick), "-t", tags.join(",")];
  const child = spawn("./play", args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  let printed = "";
  const heard = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes(text)) resolve();
      });
    }
  });
  await Promise.race([heard, ended]);
  if (after > 0) await Promise.race([delay(after), ended]);
  child.kill("SIGKILL");
  await ended;
  return printed;
}

/** What runs on both hosts, and with which options: engines, containers, networks, images of the roles. */
async function running(): Promise<string> {
  const engine = "{{.ServerVersion}} {{.Driver}} {{.ClusterStore}} {{.ClusterAdvertise}} {{.Labels}}";
  const container =
    "{{.Name}} {{.State.Status}} {{.Config.Image}} {{json .Config.Cmd}} {{json .HostConfig.RestartPolicy}} " +
    "{{json .HostConfig.Binds}} {{.HostConfig.NetworkMode}} {{json .HostConfig.PortBindings}} {{json .Config.Env}} " +
    '{{index .Config.Labels "com.docker.compose.config-hash"}}';
  const containers: string[] = [];
  const hosts: string[] = [];
  for (const host of ["swarm-01", "swarm-02"]) {
    const say = (line: string) => on(host, line);
    hosts.push(
      host,
      await say(`docker info -f '${engine}'`),
      await say("tr '\\0' ' ' < /proc/$(systemctl show -P MainPID docker)/cmdline"),
      await say("docker network ls --format '{{.Name}} {{.Driver}} {{.Scope}}' | sort"),
      await say("docker image ls --format '{{.Repository}}:{{.Tag}}' web | sort"),
      await say("cat /etc/systemd/system/docker.service.d/*.conf"),
    );
    // The manager spreads them as it finds the hosts, so which of them has which is another matter.
    const lines = (await say(`docker inspect -f '${container}' $(docker ps -aq)`)).split("\n");
    // compose's hash has the image's id in it, and web is built anew on bare hosts: another id, of the same content.
    containers.push(...lines.map((line) => (line.startsWith("/swarm_web_") ? line.replace(/ \w+$/, "") : line)));
  }
  return [...hosts, ...containers.sort()].join("\n");
}
