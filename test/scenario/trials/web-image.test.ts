import { it, vi } from "vitest";
import { passes } from "../passes.ts";

vi.setConfig({ testTimeout: 1_500_000 });

// Apache and PHP are installed while the image is built, which takes minutes where forks are dear.
it("play test web-image/packages", () => passes("web-image/packages"));
