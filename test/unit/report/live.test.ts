import { expect, it, vi } from "vitest";
import { palette } from "../../../engine/report/colour.ts";
import { liveView } from "../../../engine/report/live.ts";
import type { Event } from "../../../engine/run/events.ts";

const at = { file: "a.yml", line: 1, column: 1 };

function screen(rows: number) {
  const written: string[] = [];
  return { written, view: { rows: () => rows, columns: () => 40, write: (text: string) => void written.push(text) } };
}

function start(hosts: string[]): Event[] {
  return [
    { type: "play-start", play: "p", hosts, at, time: 0 },
    {
      type: "task-start",
      id: 1,
      task: "work",
      module: "command",
      handler: false,
      at,
      tags: [],
      checkMode: false,
      time: 0,
    },
    ...hosts.map((host): Event => ({ type: "host-start", id: 1, host, time: 0 })),
  ];
}

it("shows busy hosts below the lines, and counts those that do not fit", () => {
  vi.useFakeTimers();
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
  vi.useRealTimers();
});

it("cuts rows to the width of the terminal", () => {
  vi.useFakeTimers();
  const { written, view } = screen(24);
  const live = liveView(view, palette(false), () => 0);
  const long = start(["h".repeat(60)]);
  for (const event of long) live.report(event);
  live.write("x\n");
  for (const row of (written[0] ?? "").split("\n")) expect(row.length).toBeLessThanOrEqual(39);
  live.end?.();
  vi.useRealTimers();
});
