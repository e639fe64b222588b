import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { palette } from "../../../engine/report/colour.ts";
import { plainReporter } from "../../../engine/report/plain.ts";
import type { Event, HostSummary, TaskResult } from "../../../engine/run/events.ts";
import type { RunOptions } from "../../../engine/run/options.ts";
import { run } from "../../../engine/run/run.ts";

/** What a test says of a run; everything else is as for a user who gives nothing. */
export interface PlayOptions extends Partial<Omit<RunOptions, "playbooks" | "inventory" | "reporters">> {
  /** Inventory names; all are this machine. Default `[h1]`. */
  readonly hosts?: readonly string[];
  /** An inventory as text instead. */
  readonly inventory?: string;
  /** Further files beside the playbook: roles, task files, templates. */
  readonly files?: { readonly [path: string]: string };
}

export interface PlayRecord {
  readonly events: readonly Event[];
  readonly exitCode: number;
  readonly hosts: { readonly [host: string]: HostSummary };
  /** Lines such as `h1 changed task name` for every result, in order. */
  readonly lines: readonly string[];
  readonly results: readonly TaskResult[];
  /** The results of the task of this name, by host. */
  of(task: string): { [host: string]: TaskResult };
  /** What a user sees. */
  readonly output: string;
}

/** Runs a playbook given as text, on this machine's own shell. `{{ dir }}` is a folder that goes with the run. */
export async function runText(playbook: string, options: PlayOptions = {}): Promise<PlayRecord> {
  const folder = mkdtempSync(join(tmpdir(), "play-run-"));
  const work = join(folder, "work");
  mkdirSync(work);
  try {
    return await runIn(folder, playbook, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As {@link runText}, in a folder of the caller's: for a second run over what the first one left in `work/`. */
export async function runIn(folder: string, playbook: string, options: PlayOptions = {}): Promise<PlayRecord> {
  const { hosts = ["h1"], inventory, files = {}, ...rest } = options;
  for (const [path, text] of Object.entries({ "site.yml": playbook, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  writeFileSync(
    join(folder, "hosts.yml"),
    inventory ?? `all:\n  hosts:\n${hosts.map((host) => `    ${host}: {ansible_connection: local}\n`).join("")}`,
  );
  mkdirSync(join(folder, "work"), { recursive: true });
  const events: Event[] = [];
  let output = "";
  const plain = plainReporter({
    write: (text) => {
      output += text;
    },
    writeError: (text) => {
      output += text;
    },
    colours: palette(false),
    columns: 60,
    verbosity: options.verbosity ?? 0,
    showDiff: options.diff ?? false,
    showTimes: false,
  });
  const { exitCode, hosts: summaries } = await run({
    gathering: "explicit",
    handlerMarks: false,
    ...rest,
    extraVars: { dir: join(folder, "work"), ...rest.extraVars },
    playbooks: [join(folder, "site.yml")],
    inventory: [join(folder, "hosts.yml")],
    reporters: [{ report: (event) => void events.push(event) }, plain],
  });
  const names = new Map<number, string>();
  for (const event of events) if (event.type === "task-start") names.set(event.id, event.task);
  const results: { name: string; result: TaskResult }[] = [];
  for (const event of events) {
    if (event.type === "result") results.push({ name: names.get(event.id) ?? "", result: event.result });
  }
  return {
    events,
    exitCode,
    hosts: summaries,
    lines: linesOf(events, names),
    results: results.map((each) => each.result),
    of: (task) =>
      Object.fromEntries(results.filter((each) => each.name === task).map(({ result }) => [result.host, result])),
    output,
  };
}

function linesOf(events: readonly Event[], names: ReadonlyMap<number, string>): string[] {
  const lines: string[] = [];
  const handlers = new Set(events.flatMap((event) => (event.type === "task-start" && event.handler ? [event.id] : [])));
  const batch = events.flatMap((event) => (event.type === "play-start" ? [...event.hosts] : []));
  // Who of several hosts ends first is chance: within a task lines stand in the order of the hosts.
  let group: { readonly id: number; readonly host: string; readonly line: string }[] = [];
  const flush = () => {
    lines.push(...group.toSorted((a, b) => batch.indexOf(a.host) - batch.indexOf(b.host)).map((each) => each.line));
    group = [];
  };
  for (const event of events) {
    switch (event.type) {
      case "result":
      case "item-result": {
        const { result } = event;
        const words = [result.host, result.unknown === undefined ? result.status : "unknown"];
        if (handlers.has(event.id)) words.push("handler");
        words.push(names.get(event.id) ?? "");
        if (event.type === "item-result") words.push(`(${JSON.stringify(result.item)})`);
        if (result.ignored) words.push("ignored");
        if (result.rescued) words.push("rescued");
        if (group[0] && group[0].id !== event.id) flush();
        group.push({ id: event.id, host: result.host, line: words.join(" ") });
        break;
      }
      case "included":
        flush();
        lines.push(`included ${event.file.split("/").at(-1)} for ${event.hosts.join(",")}`);
        break;
      case "no-hosts-remaining":
      case "no-hosts-matched":
        flush();
        lines.push(event.type);
        break;
      default:
    }
  }
  flush();
  return lines;
}
