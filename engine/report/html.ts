import type { Event, HostSummary, Reporter, TaskResult } from "../run/events.ts";
import { htmlPage } from "./html-page.ts";

/** A run as the page shows it. */
export interface RunRecord {
  readonly playbooks: readonly string[];
  readonly checkMode: boolean;
  /** Seconds since the epoch. */
  readonly began: number;
  readonly ended: number;
  readonly exitCode: number;
  readonly interrupted: boolean;
  readonly plays: readonly PlayRecord[];
  readonly warnings: readonly string[];
  readonly hosts: { readonly [host: string]: HostSummary };
}

export interface PlayRecord {
  readonly name: string;
  readonly tasks: TaskRecord[];
}

export interface TaskRecord {
  readonly id: number;
  readonly name: string;
  readonly module: string;
  readonly handler: boolean;
  /** `file:line`. */
  readonly place: string;
  readonly results: ResultRecord[];
}

export interface ResultRecord {
  readonly result: TaskResult;
  /** Seconds since the epoch; an item of a loop has only an end. */
  readonly began: number;
  readonly ended: number;
}

/** One HTML page at the end: a timeline of the hosts, the recap, and every result with its diff. It loads nothing. */
export function htmlReporter(write: (text: string) => void): Reporter {
  let playbooks: readonly string[] = [];
  let checkMode = false;
  let began = 0;
  let interrupted = false;
  const plays: PlayRecord[] = [];
  const warnings: string[] = [];
  const tasks = new Map<number, TaskRecord>();
  const started = new Map<string, number>();
  return {
    report(event: Event) {
      switch (event.type) {
        case "run-start":
          ({ playbooks, checkMode } = event);
          began = event.time;
          return;
        case "play-start":
          plays.push({ name: event.play, tasks: [] });
          return;
        case "task-start": {
          // With strategy free a task starts on each host by itself.
          if (tasks.has(event.id)) return;
          const { id, task: name, module, handler, at } = event;
          const task = { id, name, module, handler, place: `${at.file}:${at.line}`, results: [] };
          tasks.set(id, task);
          plays.at(-1)?.tasks.push(task);
          return;
        }
        case "host-start":
          started.set(`${event.id} ${event.host}`, event.time);
          return;
        case "result":
        case "item-result": {
          const from = started.get(`${event.id} ${event.result.host}`) ?? event.time - event.result.seconds;
          tasks.get(event.id)?.results.push({ result: event.result, began: from, ended: event.time });
          return;
        }
        case "warning":
          warnings.push(event.message);
          return;
        case "interrupted":
          interrupted = true;
          return;
        case "run-end": {
          const { exitCode, hosts, time: ended } = event;
          write(htmlPage({ playbooks, checkMode, began, ended, exitCode, interrupted, plays, warnings, hosts }));
          return;
        }
        default:
      }
    },
  };
}
