import { describe, expect, it } from "vitest";
import { palette } from "../../../engine/report/colour.ts";
import { plainReporter } from "../../../engine/report/plain.ts";
import type { Event, HostSummary, TaskResult } from "../../../engine/run/events.ts";
import { emptySummary } from "../../../engine/run/summary.ts";

const at = { file: "site.yml", line: 3, column: 5 };

function result(parts: Partial<TaskResult>): TaskResult {
  return {
    host: "web1",
    status: "ok",
    ignored: false,
    rescued: false,
    value: { changed: false },
    diff: [],
    noLog: false,
    seconds: 0.1,
    warnings: [],
    ...parts,
  };
}

function summary(parts: Partial<HostSummary> = {}): HostSummary {
  return { ...emptySummary(), ...parts };
}

function task(name: string, module = "file"): Event {
  return { type: "task-start", id: 1, task: name, module, handler: false, at, tags: [], checkMode: false, time: 0 };
}

function lines(events: Event[], options: { verbosity?: number; showSkipped?: boolean } = {}): string {
  let text = "";
  const reporter = plainReporter({
    write: (part) => {
      text += part;
    },
    writeError: (part) => {
      text += `ERR ${part}`;
    },
    colours: palette(false),
    columns: 79,
    verbosity: options.verbosity ?? 0,
    showDiff: true,
    showSkipped: options.showSkipped ?? true,
    showTimes: false,
  });
  for (const event of events) reporter.report(event);
  return text;
}

describe("plain lines", () => {
  it("head plays and tasks with banners of 79 columns", () => {
    const text = lines([{ type: "play-start", play: "Web", hosts: ["web1"], at, time: 0 }, task("nginx : install")]);
    expect(text).toBe(`\nPLAY [Web] ${"*".repeat(79 - 10)}\n\nTASK [nginx : install] ${"*".repeat(79 - 22)}\n`);
  });

  it.each<[string, Partial<TaskResult>, string]>([
    ["ok", {}, "ok: [web1]"],
    ["changed", { status: "changed" }, "changed: [web1]"],
    ["skipped", { status: "skipped" }, "skipping: [web1]"],
    [
      "failed",
      { status: "failed", value: { msg: "no", changed: false, diff: "", exception: "x" } },
      'fatal: [web1]: FAILED! => {"changed": false, "msg": "no"}',
    ],
    [
      "unreachable",
      { status: "unreachable", value: { changed: false, msg: "gone", unreachable: true } },
      'fatal: [web1]: UNREACHABLE! => {"changed": false, "msg": "gone", "unreachable": true}',
    ],
    ["delegated", { delegate: "db1" }, "ok: [web1 -> db1]"],
    ["unknown", { unknown: "the unit x" }, "ok: [web1] => known after the run (the unit x)"],
  ])("show %s", (_, parts, expected) => {
    expect(lines([task("t"), { type: "result", id: 1, result: result(parts), time: 1 }]).split("\n")[2]).toBe(expected);
  });

  it("say …ignoring below a failure that is ignored", () => {
    const text = lines([
      task("t"),
      { type: "result", id: 1, result: result({ status: "failed", ignored: true, value: {} }), time: 1 },
    ]);
    expect(text).toContain("fatal: [web1]: FAILED! => {}\n...ignoring\n");
  });

  it("show items, and not the whole of a loop that went well", () => {
    const text = lines([
      task("t"),
      { type: "item-result", id: 1, result: result({ status: "changed", item: "a" }), time: 1 },
      {
        type: "item-result",
        id: 1,
        result: result({ status: "failed", item: { n: 1 }, value: { msg: "no" } }),
        time: 1,
      },
      { type: "result", id: 1, result: result({ status: "changed", value: { results: [] } }), time: 1 },
    ]);
    expect(text.split("\n").slice(2)).toEqual([
      "changed: [web1] => (item=a)",
      `failed: [web1] (item={'n': 1}) => {"msg": "no"}`,
      "",
    ]);
  });

  it("show debug's message and nothing else of it", () => {
    const value = { msg: "hello", changed: false };
    const text = lines([
      task("t", "debug"),
      { type: "result", id: 1, result: result({ value, shown: "message" }), time: 1 },
    ]);
    expect(text.split("\n").slice(2).join("\n")).toBe('ok: [web1] => {\n    "msg": "hello"\n}\n');
  });

  it("write the recap to the character", () => {
    const text = lines([
      {
        type: "run-end",
        hosts: { web1: summary({ ok: 2, changed: 1 }), a: summary({ failed: 1 }) },
        exitCode: 2,
        time: 3,
      },
    ]);
    expect(text.split("\n").slice(2)).toEqual([
      "a                          : ok=0    changed=0    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0   ",
      "web1                       : ok=2    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   ",
      "",
      "",
    ]);
  });

  it("count what is known after the run at the end of the line", () => {
    const text = lines([{ type: "run-end", hosts: { a: summary({ unknown: 3 }) }, exitCode: 0, time: 3 }]);
    expect(text).toContain("ignored=0    unknown=3   \n");
  });

  it("show a diff above the line of its host", () => {
    const diff = [{ beforeHeader: "/etc/motd", afterHeader: "/etc/motd", before: "a\nb\n", after: "a\nc\n" }];
    const text = lines([task("t"), { type: "result", id: 1, result: result({ status: "changed", diff }), time: 1 }]);
    expect(text.split("\n").slice(2)).toEqual([
      "--- before: /etc/motd",
      "+++ after: /etc/motd",
      "@@ -1,2 +1,2 @@",
      " a",
      "-b",
      "+c",
      "",
      "changed: [web1]",
      "",
    ]);
  });

  it("leave skipped hosts out where the setting says so, and their heading", () => {
    const text = lines([task("t"), { type: "result", id: 1, result: result({ status: "skipped" }), time: 1 }], {
      showSkipped: false,
    });
    expect(text).toBe("");
  });

  it("show results with -v", () => {
    const text = lines(
      [task("t"), { type: "result", id: 1, result: result({ value: { changed: false, a: 1 } }), time: 1 }],
      { verbosity: 1 },
    );
    expect(text).toContain('ok: [web1] => {"a": 1, "changed": false}');
  });
});
