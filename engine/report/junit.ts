import type { Event, Reporter, TaskResult } from "../run/events.ts";
import { resultJson } from "./result-text.ts";

/** JUnit's XML: a suite for each play, a case for each task and host. CI systems show it. */
export function junitReporter(write: (text: string) => void): Reporter {
  const suites: { name: string; cases: string[]; failures: number; skipped: number; seconds: number }[] = [];
  const tasks = new Map<number, { name: string; path: string }>();
  return {
    report(event: Event) {
      if (event.type === "play-start")
        suites.push({ name: event.play, cases: [], failures: 0, skipped: 0, seconds: 0 });
      if (event.type === "task-start")
        tasks.set(event.id, { name: event.task, path: `${event.at.file}:${event.at.line}` });
      if (event.type === "result") {
        const suite = suites.at(-1);
        const task = tasks.get(event.id);
        if (!suite || !task) return;
        const { result } = event;
        const bad =
          (result.status === "failed" || result.status === "unreachable") && !result.ignored && !result.rescued;
        if (bad) suite.failures++;
        if (result.status === "skipped") suite.skipped++;
        suite.seconds += result.seconds;
        const name = `[${result.host}] ${suite.name}: ${task.name}`;
        suite.cases.push(
          `    <testcase name="${xml(name)}" classname="${xml(task.path)}" time="${result.seconds.toFixed(3)}">${body(result, bad)}</testcase>`,
        );
      }
      if (event.type === "run-end") {
        const sum = (key: "failures" | "skipped" | "seconds") => suites.reduce((total, suite) => total + suite[key], 0);
        const cases = suites.reduce((total, suite) => total + suite.cases.length, 0);
        write(
          [
            `<?xml version="1.0" encoding="UTF-8"?>`,
            `<testsuites tests="${cases}" failures="${sum("failures")}" errors="0" skipped="${sum("skipped")}" time="${sum("seconds").toFixed(3)}">`,
            ...suites.flatMap((suite) => [
              `  <testsuite name="${xml(suite.name)}" tests="${suite.cases.length}" failures="${suite.failures}" errors="0" skipped="${suite.skipped}" time="${suite.seconds.toFixed(3)}">`,
              ...suite.cases,
              "  </testsuite>",
            ]),
            "</testsuites>",
            "",
          ].join("\n"),
        );
      }
    },
  };
}

function body(result: TaskResult, bad: boolean): string {
  if (bad) {
    const message = typeof result.value["msg"] === "string" ? result.value["msg"] : "failed";
    return `<failure message="${xml(message)}">${xml(resultJson(result, { indent: 2 }))}</failure>`;
  }
  if (result.status === "skipped") {
    const reason = typeof result.value["skip_reason"] === "string" ? result.value["skip_reason"] : "";
    return `<skipped message="${xml(reason)}"/>`;
  }
  return `<system-out>${xml(resultJson(result, { indent: 2 }))}</system-out>`;
}

/** Escapes text for XML 1.0, which has no way to write most control characters: they are shown as pictures. */
export function xml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (unit) => String.fromCharCode(0x2400 + unit.charCodeAt(0)))
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
