import { expect, it } from "vitest";
import { jsonReporter } from "../../../engine/report/json.ts";
import { junitReporter, xml } from "../../../engine/report/junit.ts";
import { ndjsonReporter } from "../../../engine/report/ndjson.ts";
import type { Event, Reporter } from "../../../engine/run/events.ts";

const at = { file: "site.yml", line: 2, column: 3 };
const events: Event[] = [
  { type: "run-start", playbooks: ["site.yml"], checkMode: false, time: 10 },
  { type: "play-start", play: "Web & co", hosts: ["a"], at, time: 10 },
  { type: "task-start", id: 7, task: "t", module: "command", handler: false, at, tags: [], checkMode: false, time: 11 },
  {
    type: "result",
    id: 7,
    time: 12,
    result: {
      host: "a",
      status: "failed",
      ignored: false,
      rescued: false,
      value: { msg: "bad <\u0007>", rc: 1 },
      diff: [],
      noLog: false,
      seconds: 1,
      warnings: [],
    },
  },
  {
    type: "run-end",
    hosts: {
      a: { ok: 0, changed: 0, unreachable: 0, failed: 1, skipped: 0, rescued: 0, ignored: 0, unknown: 0, seconds: 1 },
    },
    exitCode: 2,
    time: 12,
  },
];

function feed(make: (write: (text: string) => void) => Reporter): string {
  let text = "";
  const reporter = make((part) => {
    text += part;
  });
  for (const event of events) reporter.report(event);
  return text;
}

it("writes a JSON document of plays, tasks, results and counts", () => {
  const document = JSON.parse(feed(jsonReporter));
  expect(document.plays[0].tasks[0].hosts.a).toMatchObject({ failed: true, rc: 1 });
  expect(document.stats.a).toMatchObject({ failures: 1, ok: 0 });
});

it("writes an event a line", () => {
  const lines = feed(ndjsonReporter).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).type)).toEqual(events.map((event) => event.type));
});

it("writes JUnit's XML, in which no control character is left", () => {
  const text = feed(junitReporter);
  expect(text).toContain('<testsuites tests="1" failures="1"');
  expect(text).toContain('<failure message="bad &lt;␇&gt;">');
  expect(text).toContain("Web &amp; co");
});

it("escapes lone surrogates", () => {
  expect(xml("a\ud800b")).toBe("a\ufffdb");
});
