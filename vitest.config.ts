import { defineConfig } from "vitest/config";

// One project a layer (docs/testing.md). Only `unit` needs nothing but Node; the others run on container hosts of
// the lab, one file at a time, because the machine that carries the hosts runs the tests too. The limits are only for
// what would never end; a busy machine takes long to make images and hosts. There, and only there, a failed test is
// tried once more.
const onHosts = {
  pool: "forks",
  fileParallelism: false,
  testTimeout: 900_000,
  hookTimeout: 1_500_000,
  retry: 1,
} as const;

const twoFiles = { fileParallelism: true, maxWorkers: 2 } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      // A person's side: play in a real terminal (tmux), one at a time.
      {
        test: {
          name: "terminal",
          include: ["test/terminal/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      { test: { name: "host", include: ["test/host/*.test.ts"], ...onHosts } },
      { test: { name: "fleet", include: ["test/fleet/*.test.ts"], ...onHosts } },
      // A law's host keeps one processor busy.
      { test: { name: "modules", include: ["test/modules/**/*.test.ts"], ...onHosts, ...twoFiles } },
      { test: { name: "scenario", include: ["test/scenario/*.test.ts"], ...onHosts, maxConcurrency: 2 } },
      { test: { name: "parity", include: ["test/parity/*.test.ts"], ...onHosts, retry: 0, maxConcurrency: 2 } },
      { test: { name: "swarm", include: ["test/swarm/*.test.ts"], ...onHosts } },
      // What takes long and tells little more than the layers above: `npm test -- trials` (docs/testing.md).
      {
        test: {
          name: "trials",
          include: ["test/{swarm,scenario}/trials/*.test.ts"],
          ...onHosts,
          retry: 0,
          maxConcurrency: 2,
        },
      },
    ],
  },
});
