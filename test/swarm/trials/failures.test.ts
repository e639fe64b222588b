import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { projectLab } from "../../lab/hosts.ts";
import { containersOf, on, page, until, upstreams, wholeAgain } from "../cluster.ts";
import { play, root } from "../site.ts";
import { quick, site, standing } from "../standing.ts";

// A deadline only for what would never end: on a busy machine a run of the whole site takes minutes.
vi.setConfig({ testTimeout: 900_000 });

interface Drift {
  readonly name: string;
  readonly host: string;
  readonly line: string;
  /** What `--check` has to name; the run mends the same. */
  readonly names: readonly string[];
}

const drifts: readonly Drift[] = [
  {
    name: "the overlay network removed",
    host: "swarm-01",
    line: `for each in db swarm_web_1 swarm_web_2 swarm_web_3 swarm_web_4; do
      docker -H tcp://10.77.0.11:8333 network disconnect -f my-multi-host-network $each || exit 1
    done
    docker network rm my-multi-host-network`,
    names: [
      "overlay-net : Make the network, once for all hosts [swarm-01]",
      "mysql : Start the database [swarm-01]",
      "interlock-nginx : Start web containers, Interlock and nginx [swarm-01]",
    ],
  },
  {
    name: "env.yml edited by hand",
    host: "swarm-02",
    line: "echo '# by hand' >> /opt/swarm/env.yml",
    names: ["swarm-join : Describe the services in env.yml [swarm-02]"],
  },
  {
    name: "a stopped container",
    host: "swarm-01",
    line: "docker -H tcp://10.77.0.11:8333 stop -t 1 swarm_web_2",
    names: ["interlock-nginx : Start web containers, Interlock and nginx [swarm-01]"],
  },
  {
    name: "the label taken out of the drop-in",
    host: "swarm-01",
    line: "sed -i 's/ --label storage=ssd//' /etc/systemd/system/docker.service.d/swarm.conf",
    names: [
      "systemd-socket : Give the engine its options [swarm-01]",
      "systemd-socket : Restart the engine [swarm-01]",
    ],
  },
];

describe("drift", () => {
  beforeAll(standing, 1_200_000);

  const mends = async (expected: readonly string[]) => {
    const check = await site({ check: true, diff: true });
    expect(check.failures).toEqual([]);
    expect([...check.changed].sort()).toEqual([...expected].sort());
    const run = await site();
    expect(run.failures).toEqual([]);
    expect([...run.changed].sort()).toEqual([...expected].sort());
    await wholeAgain();
    expect((await site()).changed).toEqual([]);
  };

  it.each(drifts)("$name", async ({ host, line, names }) => {
    await on(host, line);
    await mends(names);
  });

  it("all of it together", async () => {
    for (const { host, line } of drifts) await on(host, line);
    await mends([...new Set(drifts.flatMap(({ names }) => names))]);
  });
});

describe("scale", () => {
  beforeAll(standing, 1_200_000);

  it.each([6, 2, 4])("to %i: nginx follows, the others are not restarted", async (scale) => {
    const started = () =>
      on("swarm-01", "docker -H tcp://10.77.0.11:8333 inspect -f '{{.State.StartedAt}}' db nginx interlock");
    const before = await started();
    const run = await play("scale.yml", { extraVars: { ...quick, web_scale: scale } });
    expect(run.failures).toEqual([]);
    expect(await containersOf("web")).toHaveLength(scale);
    expect(await upstreams()).toHaveLength(scale);
    expect(await started()).toBe(before);
  });
});

describe("failures", () => {
  beforeAll(standing, 1_200_000);

  it("a web container that is killed comes back", async () => {
    const [victim = ""] = await containersOf("web");
    const [node = "", name = ""] = victim.split("/");
    const state = () => on(node, `docker inspect -f '{{.State.Running}} {{.State.Pid}}' ${name}`);
    const before = await state();
    await on(node, `kill -9 ${before.split(" ")[1]}`);
    await until(`${name} runs again`, state, (now) => now.startsWith("true") && now !== before);
    await wholeAgain();
  });

  it("a store that is restarted is found again", async () => {
    await on("swarm-01", "docker restart -t 5 myconsul");
    await wholeAgain();
    expect((await site()).changed).toEqual([]);
  });

  it("engines are restarted one by one: restart.yml", async () => {
    const run = await play("restart.yml", { extraVars: quick });
    expect(run.failures).toEqual([]);
    await wholeAgain();
    expect((await site()).changed).toEqual([]);
  });

  it("a host that is cut off is stood in for by the other, and is taken back", async () => {
    const lab = await projectLab();
    await lab.cut("swarm-02");
    try {
      await until(
        "web containers on swarm-01 alone",
        () => containersOf("web"),
        (found) => found.length === 4 && found.every((name) => name.startsWith("swarm-01/")),
      );
      await until("the page", page, (text) => text.includes("Connected to MySQL"));
    } finally {
      await lab.reconnect("swarm-02");
    }
    await wholeAgain();
    await until(
      "no doubles",
      () => on("swarm-02", "docker ps -aq --filter label=com.docker.compose.service=web"),
      (ids) => ids === "",
    );
    expect((await site()).failures).toEqual([]);
    expect((await site()).changed).toEqual([]);
  });
});

// Last, because the last of them takes the swarm down.
describe("docs/swarm.md", () => {
  beforeAll(standing, 1_200_000);

  const page = readFileSync(`${root}docs/swarm.md`, "utf8");
  const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.trim().split("\n"));

  it("has commands", () => {
    expect(commands.length).toBeGreaterThan(5);
  });

  it.each(commands)(
    "%s",
    async (command) => {
      const { status, output } = await shell(command);
      expect(status, output.slice(-3000)).toBe(0);
    },
    600_000,
  );

  it("leaves the data behind, and nothing else to take down", async () => {
    expect(await on("swarm-01", "docker ps -q; docker network ls -q --filter driver=overlay")).toBe("");
    expect(await on("swarm-01", "ls /var/lib/mysql")).toContain("mysql");
    expect((await play("teardown.yml")).changed).toEqual([]);
  });
});

/** Runs a line in the project's folder, as a reader of the page would. */
async function shell(line: string): Promise<{ status: number | null; output: string }> {
  const child = spawn("sh", ["-c", line], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [status] = (await once(child, "close")) as [number | null];
  return { status, output };
}
