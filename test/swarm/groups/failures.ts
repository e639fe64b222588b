import { beforeAll, describe, expect, it } from "vitest";
import { projectLab } from "../../lab/hosts.ts";
import { containersOf, on, page, until, wholeAgain } from "../cluster.ts";
import { quick, site, standing } from "../standing.ts";

/** The services that `ha-reschedule` lets move. */
const moving = ["nginx", "interlock", "web"];

describe("failures", () => {
  beforeAll(standing, 1_200_000);

  it("a web container that is killed comes back", async () => {
    const [victim = ""] = await containersOf("web");
    const [node = "", name = ""] = victim.split("/");
    const state = () => on(node, `docker inspect -f '{{.State.Running}} {{.State.Pid}}' ${name}`);
    const before = await state();
    await on(node, `kill -9 ${before.split(" ")[1]}`);
    await until(`${name} runs again`, state, (now) => now.startsWith("true") && now !== before);
    // By the engine's own clock, so that it does not matter how busy this machine is with asking.
    const times = await on(node, `docker inspect -f '{{.State.FinishedAt}} {{.State.StartedAt}}' ${name}`);
    const [finished = Number.NaN, started = Number.NaN] = times.split(" ").map((time) => Date.parse(time));
    expect(started - finished, times).toBeLessThan(5000);
    await wholeAgain();
  });

  it("a store that is restarted is found again", async () => {
    await on("swarm-01", "docker restart -t 5 myconsul");
    await wholeAgain();
  });

  it("an overlay that has lost the way to the other host is found out, and mended", async () => {
    // What is left after an engine answered before it knew its own address: neighbours, and no tunnel to them.
    await on(
      "swarm-02",
      `id=$(docker network inspect -f '{{.Id}}' my-multi-host-network | cut -c 1-10)
      for space in /var/run/docker/netns/*-$id; do
        nsenter --net=$space bridge fdb show dev vxlan0 | sed -n 's/ .*dst .*//p' | while read -r mac; do
          nsenter --net=$space bridge fdb del $mac dev vxlan0
        done
      done`,
    );
    const run = await site({ tags: ["interlock-nginx"] });
    expect(run.changed).toEqual(["interlock-nginx : Bring the containers back onto the overlay [swarm-01]"]);
    await wholeAgain();
    expect((await site({ tags: ["interlock-nginx"] })).changed).toEqual([]);
  });

  it("a host that is cut off is stood in for by the other, and is taken back", async () => {
    const lab = await projectLab();
    const placed = { extraVars: { ...quick, interlock_preferred_node: "swarm-02" } };
    expect((await site({ ...placed, tags: ["interlock-nginx", "ha-reschedule"] })).failures).toEqual([]);
    await wholeAgain();
    for (const service of moving.slice(0, 2)) expect(await containersOf(service)).toEqual([`swarm-02/${service}`]);
    await lab.hosts.cut("swarm-02");
    const cut = Date.now();
    try {
      for (const service of moving) {
        await until(
          `${service} on swarm-01 alone`,
          () => containersOf(service),
          (found) =>
            found.length === (service === "web" ? 4 : 1) && found.every((name) => name.startsWith("swarm-01/")),
        );
      }
      await until("the page", page, (text) => text.includes("Connected to MySQL"));
      process.stderr.write(`from the cut to the page on the other host: ${Math.round((Date.now() - cut) / 1000)} s\n`);
    } finally {
      await lab.hosts.reconnect("swarm-02");
    }
    await wholeAgain();
    for (const service of moving) {
      await until(
        `no double of ${service}`,
        () => on("swarm-02", `docker ps -aq --filter label=com.docker.compose.service=${service}`),
        (ids) => ids === "",
      );
    }
    expect((await site(placed)).failures).toEqual([]);
    expect((await site(placed)).changed).toEqual([]);
  });
});
