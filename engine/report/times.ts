import type { Event, HostSummary } from "../run/events.ts";

/** How many tasks, and how many hosts, are named. */
const SHOWN = 5;
const HOSTS = 8;
/** Columns of a time: `59 min 59 s`. */
const WIDTH = 11;

interface TaskTime {
  readonly name: string;
  readonly role: string | undefined;
  readonly started: number;
  ended: number;
  /** On how many hosts it changed something, or would. */
  changed: number;
}

/** Watches the stream for how long tasks and roles took, and says so in a few lines after the recap. */
export function runTimes(): {
  report(event: Event): void;
  lines(hosts: { readonly [host: string]: HostSummary }): string[];
} {
  const tasks = new Map<number, TaskTime>();
  let began = 0;
  let last = 0;
  return {
    report(event) {
      if ("time" in event) last = event.time;
      if (event.type === "run-start") began = event.time;
      if (event.type === "task-start") {
        const { task: name, role, time } = event;
        tasks.set(event.id, { name, role, started: time, ended: time, changed: 0 });
      }
      if (event.type === "result") {
        const task = tasks.get(event.id);
        if (!task) return;
        task.ended = event.time;
        if (event.result.status === "changed") task.changed++;
      }
    },
    lines(hosts) {
      const busiest = Object.entries(hosts).sort(([, a], [, b]) => b.seconds - a.seconds);
      const busy = busiest.slice(0, HOSTS).map(([host, summary]) => `${host} ${seconds(summary.seconds)}`);
      if (busiest.length > HOSTS) busy.push(`${busiest.length - HOSTS} others less`);
      const slow = [...tasks.values()]
        .map((task) => ({ name: task.name, seconds: task.ended - task.started }))
        .filter((task) => task.seconds >= 0.1)
        .sort((a, b) => b.seconds - a.seconds)
        .slice(0, SHOWN);
      const lines = [`\n${seconds(last - began)} in all; busy: ${busy.join(", ")}`, ...roleLines([...tasks.values()])];
      if (slow.length > 0) {
        lines.push("slowest tasks:", ...slow.map((task) => `  ${seconds(task.seconds).padStart(WIDTH)}  ${task.name}`));
      }
      return lines;
    },
  };
}

/** Time and changes of each role, in the order in which they ran; nothing where there are not several. */
function roleLines(tasks: readonly TaskTime[]): string[] {
  const roles = new Map<string, { seconds: number; changed: number }>();
  for (const { role, started, ended, changed } of tasks) {
    if (role === undefined) continue;
    const sum = roles.get(role) ?? { seconds: 0, changed: 0 };
    roles.set(role, { seconds: sum.seconds + ended - started, changed: sum.changed + changed });
  }
  if (roles.size < 2) return [];
  const width = Math.max(...[...roles.keys()].map((name) => name.length));
  const line = ([name, each]: [string, { seconds: number; changed: number }]) =>
    `  ${seconds(each.seconds).padStart(WIDTH)}  ${name.padEnd(width)}  changed=${each.changed}`;
  return ["roles:", ...[...roles].map(line)];
}

/** 0.3 s, 12 s, 3 min 5 s. */
export function seconds(value: number): string {
  if (value < 9.95) return `${value.toFixed(1)} s`;
  if (value < 59.5) return `${Math.round(value)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
