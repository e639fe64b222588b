import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { bareHosts, on, roles, wholeAgain } from "../cluster.ts";
import { play, root } from "../site.ts";

// A deadline only for what would never end: on a busy machine a run of the whole site takes minutes.
vi.setConfig({ testTimeout: 900_000 });

beforeAll(bareHosts, 900_000);

/** Starts `./play site.yml` and kills it, without a chance to clean up, when it prints a banner that matches. */
async function killedAt(banner: RegExp): Promise<string> {
  const child: ChildProcess = spawn("./play", ["site.yml", "-i", "inventory.yml"], { cwd: root, stdio: "pipe" });
  let printed = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
    if (banner.test(printed)) child.kill("SIGKILL");
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await once(child, "close");
  return printed;
}

describe("a play that is killed", () => {
  // From bare hosts, each run goes on where the last one was cut; the banner says that the role has begun to work.
  it.each(roles)(
    "in %s is taken up by the next run",
    async (role) => {
      const printed = await killedAt(new RegExp(`TASK \\[${role} : (?!Validating|Refuse)`));
      expect(printed).toContain(`TASK [${role} : `);
      expect(printed).not.toContain("PLAY RECAP");
    },
    600_000,
  );

  it("converges, with the engine's options in force, and has nothing to do after that", async () => {
    const run = await play("site.yml");
    expect(run.failures).toEqual([]);
    await wholeAgain();
    expect(await on("swarm-01", "docker info -f '{{.ClusterStore}} {{.Labels}}'")).toBe(
      "consul://10.77.0.11:8500 [storage=ssd]",
    );
    expect(await on("swarm-02", "docker info -f '{{.ClusterStore}} {{.Labels}}'")).toBe("consul://10.77.0.11:8500 []");
    const again = await play("site.yml");
    expect(again.failures).toEqual([]);
    expect(again.changed).toEqual([]);
  });

  it("before a handler ran: the next run runs it", async () => {
    const drop = "/etc/systemd/system/docker.service.d/swarm.conf";
    await on(
      "swarm-02",
      `sed -i 's/ --tls=false/ --tls=false --label by=hand/' ${drop} && systemctl daemon-reload && systemctl restart docker`,
    );
    const printed = await killedAt(/RUNNING HANDLER \[systemd-socket : Restart the engine\]/);
    expect(printed).not.toContain("PLAY RECAP");
    const run = await play("site.yml");
    expect(run.failures).toEqual([]);
    expect(await on("swarm-02", "docker info -f '{{.Labels}}'")).toBe("[]");
    await wholeAgain();
    expect((await play("site.yml")).changed).toEqual([]);
  });
});
