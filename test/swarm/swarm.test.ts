import { beforeAll, describe, expect, it, vi } from "vitest";
import { bareHosts, on, roles, wholeAgain } from "./cluster.ts";
import { type Played, play, wrongPredictions } from "./site.ts";
import { quick, site, standing } from "./standing.ts";

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
