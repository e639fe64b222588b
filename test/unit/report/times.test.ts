import { describe, expect, test } from "vitest";
import { runTimes } from "../../../engine/report/times.ts";
import type { Event } from "../../../engine/run/events.ts";
import { emptySummary } from "../../../engine/run/summary.ts";

const at = { file: "site.yml", line: 1, column: 1 };
/** A task that each of two hosts comes to, the first of them with a change. */
function* task(id: number, name: string, role: string | undefined, from: number, to: number): Iterable<Event> {
  const named = { task: role === undefined ? name : `${role} : ${name}`, ...(role === undefined ? {} : { role }) };
  const rest = { module: "file", handler: false, at, tags: [], checkMode: false };
  yield { type: "task-start", id, ...named, ...rest, time: from };
  for (const [host, status] of [
    ["a", "changed"],
    ["b", "ok"],
  ] as const) {
    const result = { host, status, ignored: false, rescued: false, value: {}, diff: [], noLog: false, warnings: [] };
    yield { type: "result", id, result: { ...result, seconds: 1 }, time: to };
  }
}

function linesOf(tasks: readonly Iterable<Event>[]): string[] {
  const times = runTimes();
  times.report({ type: "run-start", playbooks: ["site.yml"], checkMode: false, time: 0 });
  for (const events of tasks) for (const event of events) times.report(event);
  return times.lines({ a: { ...emptySummary(), seconds: 4 }, b: { ...emptySummary(), seconds: 70 } });
}

describe("times after the recap", () => {
  test("each role has its time and its changes, in the order in which they ran", () => {
    const lines = linesOf([
      task(1, "facts", undefined, 0, 1),
      task(2, "install", "web", 1, 3),
      task(3, "start", "db", 3, 3.06),
      task(4, "configure", "web", 4, 100),
    ]);
    expect(lines.join("\n")).toBe(`
1 min 40 s in all; busy: b 1 min 10 s, a 4.0 s
roles:
   1 min 38 s  web  changed=2
        0.1 s  db   changed=1
slowest tasks:
   1 min 36 s  web : configure
        2.0 s  web : install
        1.0 s  facts`);
  });

  test("one role alone is the whole run", () => {
    expect(linesOf([task(1, "install", "web", 0, 1)]).join("\n")).not.toContain("roles:");
  });
});
