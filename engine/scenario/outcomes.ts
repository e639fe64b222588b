import type { Event, Reporter, TaskResult } from "../run/events.ts";

/** What one task did on one host. */
export interface Outcome {
  readonly task: string;
  readonly host: string;
  readonly place: string;
  readonly status: TaskResult["status"];
  readonly ignored: boolean;
  readonly unknown?: string;
  readonly message: string;
  readonly diff: TaskResult["diff"];
}

/** Collects the outcomes of a run, in order, under keys that the same task has in another run too. */
export class Outcomes implements Reporter {
  readonly byKey = new Map<string, Outcome>();
  readonly warnings: string[] = [];
  readonly #tasks = new Map<number, { name: string; place: string }>();
  readonly #seen = new Map<string, number>();

  report(event: Event): void {
    if (event.type === "warning") this.warnings.push(event.message);
    if (event.type === "task-start") {
      const kind = event.handler ? "RUNNING HANDLER" : "TASK";
      this.#tasks.set(event.id, { name: `${kind} [${event.task}]`, place: `${event.at.file}:${event.at.line}` });
    }
    if (event.type !== "result") return;
    const { result } = event;
    const task = this.#tasks.get(event.id);
    const base = `${result.host} ${task?.place ?? ""}`;
    const turn = (this.#seen.get(base) ?? 0) + 1;
    this.#seen.set(base, turn);
    const message = result.value["msg"];
    this.byKey.set(`${base} ${turn}`, {
      task: task?.name ?? "",
      host: result.host,
      place: task?.place ?? "",
      status: result.status,
      ignored: result.ignored || result.rescued,
      ...(result.unknown === undefined ? {} : { unknown: result.unknown }),
      message: result.noLog ? "" : typeof message === "string" ? message : "",
      diff: result.noLog ? [] : result.diff,
    });
  }

  get all(): Outcome[] {
    return [...this.byKey.values()];
  }

  with(status: TaskResult["status"]): Outcome[] {
    return this.all.filter((each) => each.status === status && each.unknown === undefined);
  }

  get failures(): Outcome[] {
    return this.all.filter((each) => (each.status === "failed" || each.status === "unreachable") && !each.ignored);
  }

  /** What nobody could know before the run. */
  get unknown(): Outcome[] {
    return this.all.filter((each) => each.unknown !== undefined);
  }
}

/** `TASK [consul : it runs] on swarm-01` */
export function describe(outcome: Outcome): string {
  return `${outcome.task} on ${outcome.host}`;
}

/**
 * Where a prediction was wrong: the task, the host, what was said and what came.
 * A task that was predicted must have run, with the status that was predicted; what was unknown may end in any way.
 */
export function wrongPredictions(predicted: Outcomes, actual: Outcomes): string[] {
  const wrong: string[] = [];
  const doubtful = predicted.unknown.length > 0;
  for (const [key, said] of predicted.byKey) {
    if (said.unknown !== undefined) continue;
    const came = actual.byKey.get(key);
    if (came === undefined) {
      // A handler or an include that hangs on an unknown task need not run.
      if (!doubtful) wrong.push(`${describe(said)}: predicted ${said.status}, but it did not run`);
    } else if (came.status !== said.status) {
      wrong.push(
        `${describe(said)}: predicted ${said.status}, but it was ${came.status}${came.message ? ` (${came.message})` : ""}`,
      );
    }
  }
  for (const [key, came] of actual.byKey) {
    if (!predicted.byKey.has(key) && came.status === "changed" && !doubtful) {
      wrong.push(`${describe(came)}: changed, and was not predicted`);
    }
  }
  return wrong;
}
