import { beforeAll, describe, expect, it } from "vitest";
import { bareHosts, on, wholeAgain } from "../cluster.ts";
import { type Played, play, wrongPredictions } from "../site.ts";
import { quick, site } from "../standing.ts";

/** What nobody can know on bare hosts: the answers of what the run only then starts. */
const knownAfterTheRun = [
  "consul : Wait until Consul has a leader",
  "docker-engine : Enable and start the engine",
  "ha-reschedule : Start the services with their policies",
  "interlock-nginx : Start web containers, Interlock and nginx",
  "interlock-nginx : Wait until every web container reaches the database",
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
