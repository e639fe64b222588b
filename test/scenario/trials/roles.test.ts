import { expect, it, vi } from "vitest";
import { playTest, root } from "../project.ts";

// A deadline only for what would never end: the later roles stand on all that come before.
vi.setConfig({ testTimeout: 1_500_000 });

it.each([
  "docker-engine",
  "compose",
  "systemd-socket",
  "consul",
  "swarm-manager",
  "swarm-join",
  "overlay-net",
  "web-image",
  "mysql",
  "interlock-nginx",
  "ha-reschedule",
  "swarm",
])("play test %s", async (name) => {
  const said = await playTest(root, [name]);
  process.stderr.write(said.stdout); // the table of what each phase took
  expect(said.stdout + said.stderr).toContain("1 scenario passed, 0 failed");
  expect(said.code).toBe(0);
});
