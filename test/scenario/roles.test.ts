import { it, vi } from "vitest";
import { passes } from "./passes.ts";

// A deadline only for what would never end: the later roles stand on all that come before.
vi.setConfig({ testTimeout: 1_500_000 });

// Two at a time (vitest.config.ts), since much of a scenario is waiting; the long ones first, so that both end together.
it.concurrent.each([
  "ha-reschedule",
  "interlock-nginx",
  "web-image/default",
  "mysql",
  "swarm-join",
  "overlay-net",
  "swarm-manager",
  "consul",
  "compose/default",
  "systemd-socket",
  "docker-engine",
  "compose/download",
])("play test %s", passes);
