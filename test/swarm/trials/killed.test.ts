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
  "ha-reschedule": ["TASK [ha-reschedule : Start the services with their policies]", 1000],
};

describe("a play that is killed", () => {
  beforeAll(bareHosts, 900_000);

  // Each role begins where the last one has come to: the runs before it are the snapshot that it starts from.
  it.each(roles)("before %s and in it: the next run converges, the run after that has nothing to do", async (role) => {
    const before = roles[roles.indexOf(role) - 1];
    const between = await killedAt(`TASK [${role} : `, before === undefined ? [role] : [before, role]);
    expect(between).not.toContain("PLAY RECAP");
    const [banner, after] = moments[role];
    const within = await killedAt(banner, [role], after);
    expect(within).toContain(banner);
    expect(within).not.toContain("PLAY RECAP");

    const next = await site({ tags: [role] });
    expect(next.failures).toEqual([]);
    const last = await site({ tags: [role] });
    expect(last.failures).toEqual([]);
    expect(last.changed).toEqual([]);
  });

  it("after a change, before its handler: the next run runs it", async () => {
    const drop = "/etc/systemd/system/docker.service.d/swarm.conf";
    await on(
      "swarm-02",
      `sed -i 's/^\\(ExecStart=.*dockerd.*\\)$/\\1 --label by=hand/' ${drop} && systemctl daemon-reload && systemctl restart docker`,
    );
    expect(await on("swarm-02", "docker info -f '{{.Labels}}'")).toBe("[by=hand]");
    await wholeAgain();
    const printed = await killedAt("changed: [swarm-02]", ["systemd-socket"]);
    expect(printed).toContain("TASK [systemd-socket : Give the engine its options]");
    const next = await site();
    expect(next.failures).toEqual([]);
    // The kill comes a moment after the change; only a handler that had begun by then may have done its work already.
    if (!printed.includes("RUNNING HANDLER")) {
      expect(next.changed).toContain("systemd-socket : Restart the engine [swarm-02]");
    }
    expect(await on("swarm-02", "docker info -f '{{.Labels}}'")).toBe("[]");
    await wholeAgain();
    expect((await site()).changed).toEqual([]);
  });

  it("leaves a system like one that was never disturbed", async () => {
    await wholeAgain();
    const disturbed = await running();
    await bareHosts();
    expect((await site()).failures).toEqual([]);
    await wholeAgain();
    expect(disturbed).toBe(await running());
  });
});

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
    '{{json .HostConfig.Binds}} {{.HostConfig.NetworkMode}} {{index .Config.Labels "com.docker.compose.config-hash"}}';
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
    containers.push(...(await say(`docker inspect -f '${container}' $(docker ps -aq)`)).split("\n"));
  }
  return [...hosts, ...containers.sort()].join("\n");
}
