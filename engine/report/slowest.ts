import type { Event, HostSummary } from "../run/events.ts";

/** How many tasks, and how many hosts, are named. */
const SHOWN = 5;
const HOSTS = 8;

/** Watches the stream for how long tasks took, and says so in a few lines after the recap. */
export function slowest(): {
  report(event: Event): void;
  lines(hosts: { readonly [host: string]: HostSummary }): string[];
} {
  const tasks = new Map<number, { name: string; started: number; ended: number }>();
  let began = 0;
  let last = 0;
  return {
    report(event) {
      if ("time" in event) last = event.time;
      if (event.type === "run-start") began = event.time;
      if (event.type === "task-start")
        tasks.set(event.id, { name: event.task, started: event.time, ended: event.time });
      if (event.type === "result") {
        const task = tasks.get(event.id);
        if (task) task.ended = event.time;
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
      const lines = [`\n${seconds(last - began)} in all; busy: ${busy.join(", ")}`];
      if (slow.length > 0) {
        lines.push("slowest tasks:", ...slow.map((task) => `  ${seconds(task.seconds).padStart(7)}  ${task.name}`));
      }
      return lines;
    },
  };
}

/** 0.3 s, 12 s, 3 min 5 s. */
export function seconds(value: number): string {
  if (value < 9.95) return `${value.toFixed(1)} s`;
  if (value < 59.5) return `${Math.round(value)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
