import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connect } from "../../../engine/host/connect.ts";
import type { Connection } from "../../../engine/host/contract.ts";
import { runIn } from "./play.ts";

/** Counts how many probes are under way at once. */
function counting(): { readonly connect: typeof connect; most: number; all: number } {
  const counts = { most: 0, all: 0 };
  let now = 0;
  return Object.assign(counts, {
    connect: ((target, options): Connection => {
      const real = connect(target, options);
      return {
        target,
        forward: (address, port) => real.forward(address, port),
        reset: () => real.reset(),
        close: () => real.close(),
        async session(become) {
          const session = await real.session(become);
          return {
            upload: (content, path, more) => session.upload(content, path, more),
            download: (path, more) => session.download(path, more),
            async request(script, more) {
              if (more?.kind !== "probe") return session.request(script, more);
              counts.all++;
              counts.most = Math.max(counts.most, ++now);
              try {
                return await session.request(script, more);
              } finally {
                now--;
              }
            },
          };
        },
      };
    }) satisfies typeof connect,
  });
}

test("while nothing changes, the questions of tasks to come travel with the present one's, and none is asked twice", async () => {
  const folder = mkdtempSync(join(tmpdir(), "play-ahead-"));
  try {
    const play = `
- hosts: all
  tasks:
${["a", "b", "c", "d", "e"].map((name) => `    - {name: ${name}, file: {path: "{{ dir }}/${name}", state: directory}}`).join("\n")}
`;
    await runIn(folder, play);
    const on = counting();
    const ahead = await runIn(folder, play, { connect: on.connect });
    const off = counting();
    const plain = await runIn(folder, play, { connect: off.connect, readAhead: false });
    expect(ahead.lines).toEqual(plain.lines);
    expect(off.most).toBe(1);
    // The first task opens the session; from the second on they travel together.
    expect(on.most).toBeGreaterThanOrEqual(4);
    expect(on.all).toBeLessThanOrEqual(off.all);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
