import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { projectLab } from "../lab/hosts.ts";
import { bareHosts, containersOf, on, page, roles, until, upstreams, wholeAgain } from "./cluster.ts";
import { type Played, play, root, wrongPredictions } from "./site.ts";

// A deadline only for what would never end: on a busy machine a run of the whole site takes minutes.
vi.setConfig({ testTimeout: 900_000 });

/** What nobody can know on bare hosts: the answers of what the run only then starts. */
const knownAfterTheRun = [
  "consul : Wait until Consul has a leader",
  "docker-engine : Enable and start the engine",
  "ha-reschedule : Start the services with their policies",
  "interlock-nginx : Start web containers, Interlock and nginx",
  "interlock-nginx : Wait until nginx lists every web container",
  "mysql : Make the folder of the data",
  "mysql : Start the database",
  "mysql : Wait until the database answers",
  "overlay-net : See it from every host",
  "swarm-join : Wait until every node is Healthy",
  "swarm-manager : Wait until the manager answers",
  "systemd-socket : Enable Docker's socket",
];

let predicted: Played;
let built: Played;

// A lost node is noticed sooner than by default, so that the tests of failures are not all waiting.
const quick = { swarm_manager_refresh_min: "3s", swarm_manager_refresh_max: "6s", swarm_manager_failure_retry: 2 };
const site = (options = {}) => play("site.yml", { extraVars: quick, ...options });

/** The swarm stands: made where the tests before have not. */
async function standing(): Promise<void> {
  await (await projectLab()).up();
  const run = await site();
  if (run.failures.length > 0) throw new Error(run.failures.join("\n"));
  await wholeAgain();
}

describe("from bare hosts", () => {
  beforeAll(async () => {
    await bareHosts();
    predicted = await site({ check: true });
    built = await site();
  }, 1_200_000);

  it("predicts the whole run, without one wrong word", () => {
    expect(predicted.failures).toEqual([]);
    expect(built.failures).toEqual([]);
    expect(wrongPredictions(predicted, built)).toEqual([]);
  });

  it("leaves few tasks unknown, each of which waits for something that only the run starts", () => {
    expect(predicted.unknown.filter((task) => !knownAfterTheRun.includes(task))).toEqual([]);
  });

  it("has nothing to change the second time", async () => {
    const again = await site();
    expect(again.failures).toEqual([]);
    expect(again.changed).toEqual([]);
  });

  it("has nothing to predict either", async () => {
    const again = await site({ check: true });
    expect(again.changed).toEqual([]);
  });

  it("is what the article says: verify.yml", async () => {
    const verified = await play("verify.yml", { extraVars: quick });
    expect(verified.failures).toEqual([]);
    expect(verified.changed).toEqual([]);
    expect(verified.exitCode).toBe(0);
  });

  it("shows the page from all web containers: demo.yml", async () => {
    const shown = await play("demo.yml", { extraVars: quick });
    expect(shown.failures).toEqual([]);
    const pages = shown.outcomes.find(({ task }) => task === "Get the page from all web containers in turn");
    expect(JSON.stringify(pages?.result.value)).toContain("Connected to MySQL");
  });

  it("starts an engine when a client speaks to its socket", async () => {
    expect(await on("swarm-02", "systemctl stop docker.service && docker version -f '{{.Server.Version}}'")).toMatch(
      /^20\./,
    );
    await wholeAgain();
  });
});

describe("tags", () => {
  beforeAll(standing, 1_200_000);

  it.each(roles)("-t %s changes nothing, and touches that role alone", async (role) => {
    const run = await site({ tags: [role] });
    expect(run.failures).toEqual([]);
    expect(run.changed).toEqual([]);
    // Arguments of all roles are validated, as Ansible does; that is no look at a host.
    const own = (task: string) => task.startsWith(`${role} : `) || / : Validating arguments /.test(task);
    const others = run.outcomes.filter(({ task }) => !own(task) && task !== "Gathering Facts");
    expect(others.map(({ task }) => task)).toEqual([]);
    expect(run.outcomes.some(({ task }) => task.startsWith(`${role} : `) && !/Validating/.test(task))).toBe(true);
  });

  it("--skip-tags docker-engine leaves that role out", async () => {
    const run = await site({ skipTags: ["docker-engine"] });
    expect(run.changed).toEqual([]);
    const work = run.outcomes.filter(({ task }) => !/ : Validating arguments /.test(task));
    expect(work.some(({ task }) => task.startsWith("docker-engine : "))).toBe(false);
    expect(run.outcomes.some(({ task }) => task.startsWith("compose : "))).toBe(true);
  });
});

describe("refusals, before anything is changed", () => {
  beforeAll(standing, 1_200_000);

  it.each([
    ["a label that no host has", "mysql", { mysql_constraint: "storage==tape" }, /label storage=tape/],
    ["a label that two hosts have", "mysql", { engine_labels: ["storage=ssd"] }, /swarm-01, swarm-02 has it/],
    ["an address that is not the host's", "swarm-join", { swarm_address: "10.77.0.99" }, /10\.77\.0\.99/],
    ["an engine without cluster store", "docker-engine", { docker_engine_version: "26.1.5" }, /docker\.io 20\.10\.5/],
    ["a download without checksum", "compose", { compose_source: "download" }, /compose_checksum/],
    ["a subnet that is none", "overlay-net", { overlay_subnet: "10.0.9" }, /overlay_subnet/],
    ["no web container at all", "interlock-nginx", { web_scale: 0 }, /web_scale/],
    ["moving the database", "ha-reschedule", { ha_services: ["db"] }, /any host/],
  ])("%s", async (_what, role, extraVars, message) => {
    const run = await site({ tags: [role], extraVars: { ...quick, ...extraVars } });
    expect(run.failures.join("\n")).toMatch(message);
    expect(run.changed).toEqual([]);
  });
});

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
