import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { discoverScenarios } from "../../engine/scenario/discover.ts";
import { playTest, root } from "./project.ts";

it("every role has a scenario, and so has the whole swarm", () => {
  const { scenarios } = discoverScenarios(root, []);
  const names = scenarios.map((each) => each.name);
  expect(names).toEqual(expect.arrayContaining(readdirSync(join(root, "roles")).map((role) => `${role}/default`)));
  expect(names).toContain("playbooks/swarm");
});

it("the playbooks of all of them load", async () => {
  const said = await playTest(root, ["syntax"]);
  expect(said.stdout + said.stderr).not.toContain("✖");
  expect(said.code).toBe(0);
});
