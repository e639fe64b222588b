import { it, vi } from "vitest";
import { passes } from "../passes.ts";

// A deadline only for what would never end: the later roles stand on all that come before.
vi.setConfig({ testTimeout: 1_500_000 });

const names = ["swarm", "ha-reschedule", "interlock-nginx", "mysql", "web-image", "overlay-net"];

// Those that nobody has seen pass twice (docs/testing.md); two at a time, the long ones first.
it.concurrent.each(names)("play test %s", passes);
