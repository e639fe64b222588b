import { beforeAll, describe, expect, it } from "vitest";
import { containersOf, on, upstreams } from "../cluster.ts";
import { play } from "../site.ts";
import { quick, standing } from "../standing.ts";

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
