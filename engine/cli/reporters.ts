import { appendFileSync } from "node:fs";
import { palette, wantsColour } from "../report/colour.ts";
import { jsonReporter } from "../report/json.ts";
import { type LiveView, liveView } from "../report/live.ts";
import { ndjsonReporter } from "../report/ndjson.ts";
import { plainReporter } from "../report/plain.ts";
import type { Event, Reporter } from "../run/events.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { withFrame } from "./screen.ts";

export interface ScreenOptions {
  readonly verbosity: number;
  readonly diff: boolean;
  readonly showSkipped: boolean;
  readonly showStats: boolean;
  readonly live: boolean;
  readonly showTimes: boolean;
  readonly logPath?: string;
  /** Takes secrets out of lines of files; where it is absent, none are shown. */
  readonly redact?: (text: string) => string;
}

/** How wide banners are where there is no terminal, as Ansible's. */
const COLUMNS = 79;

/** What shows a run on the screen. */
export interface ScreenReporters {
  readonly reporters: readonly Reporter[];
  /** Does something that needs the terminal for itself: asking. */
  aside<T>(work: () => Promise<T>): Promise<T>;
}

/** The reporters of the screen: lines, below them the live window where there is a terminal; or JSON. */
export function screenReporters(form: string, options: ScreenOptions): ScreenReporters {
  const out = (text: string) => void process.stdout.write(text);
  const aside = <T>(work: () => Promise<T>) => work();
  if (form === "json") return { reporters: [jsonReporter(out), warningsToStandardError()], aside };
  if (form === "ndjson") return { reporters: [ndjsonReporter(out)], aside };
  const { redact } = options;
  const colours = palette(wantsColour(process.stdout, process.env));
  const live: LiveView | undefined =
    options.live && process.stdout.isTTY && process.env["TERM"] !== "dumb" && (process.stdout.columns ?? 0) > 20
      ? liveView(
          { rows: () => process.stdout.rows ?? 24, columns: () => process.stdout.columns ?? 80, write: out },
          colours,
        )
      : undefined;
  const lines = (write: (text: string) => void, error: (text: string) => void, screen: boolean) =>
    plainReporter({
      write,
      writeError: error,
      colours: screen ? colours : palette(false),
      get columns() {
        // A window may change its size during a run.
        return screen || live ? Math.max(20, (process.stdout.columns ?? COLUMNS + 1) - 1) : COLUMNS;
      },
      verbosity: options.verbosity,
      showDiff: options.diff,
      showSkipped: options.showSkipped,
      showStats: options.showStats,
      showTimes: options.showTimes,
      ...(screen && redact ? { frame: (diagnostic: Diagnostic) => redact(withFrame(diagnostic)) } : {}),
    });
  const errors = (text: string) => (live && process.stderr.isTTY ? live.write(text) : void process.stderr.write(text));
  const list: Reporter[] = [lines(live ? (text) => live.write(text) : out, errors, true)];
  if (live) list.push(live);
  if (options.logPath !== undefined) {
    const file = options.logPath;
    const log = (text: string) => appendFileSync(file, text);
    list.push(lines(log, log, false));
  }
  return { reporters: list, aside: live ? live.aside : aside };
}

/** Beside a JSON document warnings still have to be seen. */
function warningsToStandardError(): Reporter {
  return {
    report(event: Event) {
      if (event.type !== "warning") return;
      const { message, at, hint } = event;
      process.stderr.write(`${withFrame({ code: "warning", severity: "warning", summary: message, at, hint })}\n`);
    },
  };
}
