import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { palette } from "../../../engine/report/colour.ts";
import { liveView } from "../../../engine/report/live.ts";
import type { Event } from "../../../engine/run/events.ts";

const at = { file: "a.yml", line: 1, column: 1 };

/** A screen that records what it is told; its width can change. */
function screen(rows: number, columns = 40) {
  const written: string[] = [];
  const size = { columns };
  const view = { rows: () => rows, columns: () => size.columns, write: (text: string) => void written.push(text) };
  return { written, view, size };
}

function start(hosts: string[], task = "work"): Event[] {
  return [
    { type: "play-start", play: "p", hosts, at, time: 0 },
    { type: "task-start", id: 1, task, module: "command", handler: false, at, tags: [], checkMode: false, time: 0 },
    ...hosts.map((host): Event => ({ type: "host-start", id: 1, host, time: 0 })),
  ];
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("shows busy hosts below the lines, and counts those that do not fit", () => {
  const { written, view } = screen(12);
  const live = liveView(view, palette(false), () => 5);
  const hosts = Array.from({ length: 50 }, (_, index) => `host-${index}`);
  for (const event of start(hosts)) live.report(event);
  live.write("a line\n");
  const [first = ""] = written;
  expect(first.split("\n")).toEqual([
    "a line",
    "  host-0  work  5.0 s",
    "  host-1  work  5.0 s",
    "  host-2  work  5.0 s",
    "  … and 47 more of 50 hosts",
    "",
  ]);
  live.end?.();
  expect(written.at(-1)).toBe("\u001b[4A\u001b[0J");
});

it.each([
  ["long names", "h".repeat(60), "work"],
  ["wide characters", "中".repeat(30), "漢字".repeat(20)],
  ["characters of several units", "😀".repeat(30), "👩‍👩‍👧‍👦".repeat(10)],
])("cuts rows to the width of the terminal: %s", async (_, host, task) => {
  const { written, view } = screen(24);
  const live = liveView(view, palette(false), () => 0);
  for (const event of start([host], task)) live.report(event);
  live.write("x\n");
  const { default: stringWidth } = await import("string-width");
  for (const row of (written[0] ?? "").split("\n")) {
    expect(stringWidth(row)).toBeLessThanOrEqual(39);
    expect(Buffer.from(row).toString()).toBe(row); // no half of a character
  }
  live.end?.();
});

it("lets nothing in a name move the cursor", () => {
  const { written, view } = screen(24);
  const live = liveView(view, palette(false), () => 0);
  for (const event of start(["h\u001b[2Jx"], "one\ntwo\u009b")) live.report(event);
  live.write("x\n");
  expect(written[0]).toBe("x\n  h [2Jx  one two   0.0 s\n");
  live.end?.();
});

it("finds its first line again when the terminal became narrower", () => {
  const { written, view, size } = screen(24, 40);
  const live = liveView(view, palette(false), () => 0);
  for (const event of start(["host"], "a task with a long name")) live.report(event);
  live.write("x\n");
  size.columns = 20; // the row of 38 columns stands on two lines now
  live.write("y\n");
  expect(written[1]).toMatch(/^\u001b\[2A\u001b\[0Jy\n {2}host {2}a task/);
  live.end?.();
});

it("goes away for a prompt, and what was written meanwhile comes after it", async () => {
  const { written, view } = screen(24);
  const live = liveView(view, palette(false), () => 0);
  for (const event of start(["a", "b"])) live.report(event);
  live.write("before\n");
  const answer = await live.aside(async () => {
    expect(written.at(-1)).toBe("\u001b[2A\u001b[0J");
    live.write("meanwhile\n");
    await vi.advanceTimersByTimeAsync(1000);
    expect(written.at(-1)).toBe("\u001b[2A\u001b[0J");
    return "answer";
  });
  expect(answer).toBe("answer");
  expect(written.at(-1)).toBe("meanwhile\n  a  work  0.0 s\n  b  work  0.0 s\n");
  live.end?.();
});

it("waits for the end of a line, and at its end does not", () => {
  const { written, view } = screen(24);
  const live = liveView(view, palette(false), () => 0);
  for (const event of start(["a"])) live.report(event);
  live.write("one ");
  expect(written).toEqual([]);
  live.write("line\nhalf");
  vi.advanceTimersByTime(1000);
  expect(written[0]).toBe("one line\n  a  work  0.0 s\n");
  live.end?.();
  expect(written.slice(-2)).toEqual(["\u001b[1A\u001b[0J", "half"]);
});
