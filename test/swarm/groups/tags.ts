import { beforeAll, describe, expect, it } from "vitest";
import { roles } from "../cluster.ts";
import { site, standing } from "../standing.ts";

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
