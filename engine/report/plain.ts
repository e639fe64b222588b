import type { Event, HostSummary, Reporter, TaskResult } from "../run/events.ts";
import type { Diagnostic, Position } from "../source/diagnostic.ts";
import { pythonRepr } from "../source/python-repr.ts";
import { banner } from "./banner.ts";
import type { Palette } from "./colour.ts";
import { formatDiff } from "./diff.ts";
import { recapLine } from "./recap.ts";
import { debugValue, itemLabel, resultJson } from "./result-text.ts";
import { runTimes } from "./times.ts";

export interface PlainOptions {
  readonly write: (text: string) => void;
  /** For warnings and errors; Ansible's go to standard error too. */
  readonly writeError: (text: string) => void;
  readonly colours: Palette;
  /** How wide banners are filled. */
  readonly columns: number;
  readonly verbosity: number;
  readonly showDiff: boolean;
  /** ANSIBLE_DISPLAY_SKIPPED_HOSTS, default true. */
  readonly showSkipped?: boolean;
  /** What set_stats told, after the recap: ANSIBLE_SHOW_CUSTOM_STATS, default false. */
  readonly showStats?: boolean;
  /** A diagnostic with the line that it points at; where it is absent, warnings name the place alone. */
  readonly frame?: (diagnostic: Diagnostic) => string;
  /** Time per host and role, and the slowest tasks, after the recap. */
  readonly showTimes: boolean;
}

/** Of a failure's message above its place; the line below has all of it. */
const longestMessage = 1000;

/** Lines in the shape of Ansible's default output: people, scripts and CI jobs read it. */
export function plainReporter(options: PlainOptions): Reporter {
  const { colours } = options;
  const line = (text: string) => options.write(`${text}\n`);
  const headings = new Map<number, Heading>();
  let shown: number | undefined;
  const timing = runTimes();
  let pendingStats: (Event & { type: "stats" }) | undefined;

  const head = (text: string) => line(banner(text, options.columns));

  /** The banner of a task stands above its first line; with strategy free it comes again when tasks interleave. */
  const headFor = (id: number) => {
    if (shown === id) return;
    shown = id;
    const heading = headings.get(id);
    if (!heading) return;
    head(heading.text);
    if (options.verbosity >= 2) line(colours.dim(`task path: ${place(heading.at)}`));
  };

  const one = (event: Event & { type: "result" | "item-result" | "debugger" }) => {
    const { result } = event;
    const heading = headings.get(event.id);
    for (const warning of result.warnings) warn(warning);
    const isItem = event.type === "item-result";
    const whole = "results" in result.value || result.noLog === true;
    const loop = !isItem && whole && heading?.hadItems.has(result.host) === true;
    if (loop) {
      // Each item had its line; the whole says only what those could not.
      if (result.status === "skipped" && options.showSkipped !== false) {
        headFor(event.id);
        line(colours.skipped(`skipping: [${who(result)}]`));
      } else if (result.ignored) line(colours.skipped("...ignoring"));
      return;
    }
    if (isItem) heading?.hadItems.add(result.host);
    if (result.status === "skipped" && options.showSkipped === false) return;
    if (result.status !== "skipped" || options.showSkipped !== false) headFor(event.id);
    if (result.diff.length > 0) {
      const text = formatDiff(result.diff, colours);
      if (text) line(text);
    }
    if (result.status === "failed" && !result.ignored && !result.rescued) showPlace(event.id, result);
    line(resultLine(result, isItem, options));
    if (result.ignored && !isItem) line(colours.skipped("...ignoring"));
  };

  const warn = (message: string, at?: Position, hint?: string) => {
    if (at && options.frame) {
      const diagnostic = { code: "warning", severity: "warning", summary: message, at, hint } as const;
      options.writeError(`${options.frame(diagnostic)}\n`);
      return;
    }
    const text = `[WARNING]: ${message}${hint === undefined ? "" : `. ${hint}`}${at ? ` (${place(at)})` : ""}`;
    options.writeError(`${colours.warning(text)}\n`);
  };

  /** The place of a failure, once for all hosts and items that fail alike; the line that programs read follows. */
  const showPlace = (id: number, { at, noLog, value }: TaskResult) => {
    const { msg } = value;
    if (!options.frame || !at || noLog || typeof msg !== "string" || msg === "") return;
    const heading = headings.get(id);
    if (!heading || heading.failures.has(msg)) return;
    heading.failures.add(msg);
    const summary = msg.length > longestMessage ? `${msg.slice(0, longestMessage)}…` : msg;
    options.writeError(`${options.frame({ code: "task-failed", severity: "error", summary, at })}\n`);
  };

  return {
    report(event) {
      timing.report(event);
      switch (event.type) {
        case "play-start":
          shown = undefined;
          head(`PLAY [${event.play}]`);
          if (options.verbosity >= 2) line(colours.dim(`play path: ${place(event.at)}`));
          return;
        case "no-hosts-matched":
          line(colours.skipped("skipping: no hosts matched"));
          return;
        case "no-hosts-remaining":
          head("NO MORE HOSTS LEFT");
          return;
        case "task-start": {
          const kind = event.handler ? "RUNNING HANDLER" : "TASK";
          const mode = event.checkMode && options.verbosity > 0 ? " (check mode)" : "";
          headings.set(event.id, {
            text: `${kind} [${event.task}]${mode}`,
            at: event.at,
            hadItems: new Set(),
            failures: new Set(),
          });
          // Ansible heads a task when it starts, even if it then prints nothing.
          if (options.showSkipped !== false && event.host === undefined) headFor(event.id);
          return;
        }
        case "item-result":
        case "debugger":
          one(event);
          return;
        case "result":
          if (!event.told) one(event);
          else if (event.result.ignored) line(colours.skipped("...ignoring"));
          return;
        case "retry":
          headFor(event.id);
          line(
            colours.dim(
              `FAILED - RETRYING: [${event.host}]: ${headings.get(event.id)?.text.replace(/^[A-Z ]+\[(.*)\]$/s, "$1") ?? ""} (${event.left} retries left).`,
            ),
          );
          if (options.verbosity >= 2) line(resultJson(event.result, { indent: 4 }));
          return;
        case "included":
          line(
            colours.skipped(
              `included: ${event.file} for ${event.hosts.join(", ")}${event.item === undefined ? "" : ` => (item=${itemLabel(event.item, pythonRepr)})`}`,
            ),
          );
          return;
        case "async-poll":
          line(colours.dim(`ASYNC POLL on ${event.host}: jid=${event.jobId} left=${event.left}`));
          return;
        case "async-end": {
          const { host, jobId, failed } = event;
          line(colours.dim(`ASYNC ${failed ? "FAILED" : "OK"} on ${host}: jid=${jobId}`));
          return;
        }
        case "handler-notified":
          if (options.verbosity >= 2) line(`NOTIFIED HANDLER ${event.handler} for ${event.host}`);
          return;
        case "warning":
          warn(event.message, event.at, event.hint);
          return;
        case "deprecation":
          options.writeError(
            `${colours.warning(`[DEPRECATION WARNING]: ${event.message}${event.at ? ` (${place(event.at)})` : ""}`)}\n`,
          );
          return;
        case "trace":
          if (options.verbosity >= event.level) line(colours.dim(prefixed(event.host, event.text)));
          return;
        case "interrupted":
          options.writeError(
            `${colours.failed(event.hard ? "[ERROR]: User interrupted execution" : "[WARNING]: interrupted: the steps under way are finished, then the run stops; once more cuts it off")}\n`,
          );
          return;
        case "run-end":
          recap(event.hosts);
          return;
        case "stats":
          if (Object.keys(event.data).length > 0 || Object.keys(event.perHost).length > 0) pendingStats = event;
          return;
        case "run-start":
        case "host-start":
          return;
      }
    },
  };

  function recap(hosts: { readonly [host: string]: HostSummary }): void {
    head("PLAY RECAP");
    for (const host of Object.keys(hosts).sort()) {
      const summary = hosts[host];
      if (summary) line(recapLine(host, summary, colours));
    }
    if (pendingStats && options.showStats) customStats(pendingStats);
    if (options.showTimes) for (const text of timing.lines(hosts)) line(colours.dim(text));
    line("");
  }

  function customStats(event: Event & { type: "stats" }): void {
    head("CUSTOM STATS");
    for (const host of Object.keys(event.perHost).sort()) line(`\t${host}: ${pythonRepr(event.perHost[host] ?? null)}`);
    if (Object.keys(event.data).length > 0) line(`\n\tRUN: ${pythonRepr(event.data)}`);
  }
}

interface Heading {
  readonly text: string;
  readonly at: Position;
  /** Hosts that reported items of a loop. */
  readonly hadItems: Set<string>;
  /** Messages whose place was shown. */
  readonly failures: Set<string>;
}

function messageAlone(result: TaskResult): string {
  return resultJson({ ...result, value: debugValue(result) }, { indent: 4 });
}

function resultLine(result: TaskResult, isItem: boolean, options: PlainOptions): string {
  const { colours } = options;
  const item = isItem ? `(item=${itemLabel(result.item, pythonRepr)})` : "";
  const name = who(result);
  switch (result.status) {
    case "ok":
    case "changed": {
      const paint = result.unknown ? colours.unknown : result.status === "changed" ? colours.changed : colours.ok;
      let text = `${result.status}: [${name}]${item ? ` => ${item}` : ""}`;
      if (result.unknown) text += `${item ? " " : " => "}known after the run (${result.unknown})`;
      else if (result.shown === "message") text += ` => ${messageAlone(result)}`;
      else if (result.shown !== "nothing" && (result.shown || options.verbosity > 0))
        text += ` => ${resultJson(result, dump(result, options))}`;
      return paint(text);
    }
    case "skipped":
      return colours.skipped(
        `skipping: [${name}]${item ? ` => ${item} ` : ""}${options.verbosity > 0 ? ` => ${resultJson(result, dump(result, options))}` : ""}`,
      );
    case "failed": {
      const value = result.shown === "message" ? messageAlone(result) : resultJson(result, dump(result, options));
      return colours.failed(isItem ? `failed: [${name}] ${item} => ${value}` : `fatal: [${name}]: FAILED! => ${value}`);
    }
    case "unreachable":
      return colours.unreachable(
        `fatal: [${name}]: UNREACHABLE! =>${item ? ` ${item} =>` : ""} ${resultJson(result, dump(result, options))}`,
      );
  }
}

function dump({ shown }: TaskResult, { verbosity }: PlainOptions): { indent?: number; invocation: boolean } {
  return { ...(shown || verbosity >= 3 ? { indent: 4 } : {}), invocation: verbosity >= 3 };
}

function who(result: TaskResult): string {
  return result.delegate === undefined ? result.host : `${result.host} -> ${result.delegate}`;
}

function place(at: Position): string {
  return `${at.file}:${at.line}`;
}

function prefixed(host: string, text: string): string {
  return text
    .split("\n")
    .map((each) => `<${host}> ${each}`)
    .join("\n");
}
