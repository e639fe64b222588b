import { it, vi } from "vitest";
import { passes } from "../passes.ts";

vi.setConfig({ testTimeout: 1_500_000 });

// The whole system again, as a scenario: test/swarm builds it from bare hosts too, and asks more of it.
it("play test swarm", () => passes("swarm"));
