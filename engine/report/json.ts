import type { Event, HostSummary, Reporter } from "../run/events.ts";
import { toJson } from "../source/to-json.ts";
import { type Dict, dict, type Value } from "../source/value.ts";

/** One JSON document at the end, in the shape of Ansible's `json` callback: plays, their tasks, results by host, stats. */
export function jsonReporter(write: (text: string) => void): Reporter {
  const plays: { play: Dict; tasks: Dict[] }[] = [];
  const tasks = new Map<number, { task: Dict; hosts: Dict }>();
  const warnings: Value[] = [];
  let custom: Dict = dict();
  return {
    report(event: Event) {
      switch (event.type) {
        case "play-start":
          plays.push({
            play: { name: event.play, duration: { start: iso(event.time) }, path: event.at.file },
            tasks: [],
          });
          return;
        case "task-start": {
          const task: Dict = {
            name: event.task,
            action: event.module,
            path: `${event.at.file}:${event.at.line}`,
            duration: { start: iso(event.time) },
          };
          const hosts = dict();
          tasks.set(event.id, { task, hosts });
          plays.at(-1)?.tasks.push({ task, hosts });
          return;
        }
        case "result": {
          const entry = tasks.get(event.id);
          if (!entry) return;
          const { result } = event;
          entry.hosts[result.host] = {
            ...result.value,
            changed: result.status === "changed",
            ...(result.status === "failed" ? { failed: true } : {}),
            ...(result.status === "skipped" ? { skipped: true } : {}),
            ...(result.status === "unreachable" ? { unreachable: true } : {}),
            ...(result.unknown === undefined ? {} : { known_after_the_run: result.unknown }),
          };
          const duration = entry.task["duration"];
          if (typeof duration === "object" && duration !== null) Object.assign(duration, { end: iso(event.time) });
          return;
        }
        case "warning":
          warnings.push(event.message);
          return;
        case "stats":
          custom = { ...event.data };
          return;
        case "run-end": {
          const document: Dict = {
            plays: plays.map((each) => ({ play: each.play, tasks: each.tasks })),
            stats: Object.fromEntries(Object.entries(event.hosts).map(([host, summary]) => [host, counts(summary)])),
            custom_stats: custom,
            global_custom_stats: custom,
            warnings,
          };
          write(`${toJson(document, { indent: 4, sortKeys: true, ensureAscii: false })}\n`);
          return;
        }
        default:
      }
    },
  };
}

function counts(summary: HostSummary): Dict {
  return {
    ok: summary.ok,
    changed: summary.changed,
    unreachable: summary.unreachable,
    failures: summary.failed,
    skipped: summary.skipped,
    rescued: summary.rescued,
    ignored: summary.ignored,
    unknown: summary.unknown,
  };
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
