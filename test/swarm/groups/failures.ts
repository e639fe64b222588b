import { beforeAll, describe, expect, it } from "vitest";
import { projectLab } from "../../lab/hosts.ts";
import { containersOf, on, page, until, wholeAgain } from "../cluster.ts";
import { play } from "../site.ts";
import { quick, site, standing } from "../standing.ts";

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
