import stringWidth from "string-width";
import type { Event, Reporter } from "../run/events.ts";
import type { Palette } from "./colour.ts";
import { seconds } from "./slowest.ts";

/** The part of a terminal that the live view needs. */
export interface Screen {
  readonly rows: () => number;
  readonly columns: () => number;
  write(text: string): void;
}

/** The window is redrawn at most ten times a second, however fast events come. */
const FRAME = 100;

/**
 * A window at the bottom of the terminal: one row for each busy host, with the task it is at and since when. What
 * `inner` writes through {@link LiveView.write} goes above it. Never higher than a third of the screen: the hosts
 * that do not fit are counted.
 */
export interface LiveView extends Reporter {
  write(text: string): void;
}

export function liveView(screen: Screen, colours: Palette, now: () => number = () => Date.now() / 1000): LiveView {
  const busy = new Map<string, { task: string; since: number }>();
  const names = new Map<number, string>();
  let hosts = 0;
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  let pending = "";

  const clear = () => (drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "");

  const rows = (): string[] => {
    if (busy.size === 0) return [];
    const room = Math.max(1, Math.floor(screen.rows() / 3) - 1);
    const all = [...busy.entries()];
    const width = Math.min(24, Math.max(...all.slice(0, room).map(([host]) => stringWidth(host))));
    const shown = all
      .slice(0, room)
      .map(([host, state]) => `  ${host.padEnd(width)}  ${state.task}  ${seconds(now() - state.since)}`);
    if (all.length > room) shown.push(`  … and ${all.length - room} more of ${hosts} hosts`);
    return shown.map((row) => colours.dim(shorten(row, screen.columns() - 1)));
  };

  const draw = () => {
    const window = rows();
    const text = pending + window.map((row) => `${row}\n`).join("");
    pending = "";
    if (text || drawn > 0) screen.write(clear() + text);
    drawn = window.length;
  };

  const schedule = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
      if (busy.size > 0) schedule(); // the seconds go on
    }, FRAME);
    timer.unref();
  };

  return {
    write(text) {
      pending += text;
      // The cursor must be at a line's start for the window; half a line waits for its end.
      if (pending.endsWith("\n")) draw();
    },
    report(event: Event) {
      switch (event.type) {
        case "play-start":
          hosts = event.hosts.length;
          busy.clear();
          return;
        case "task-start":
          names.set(event.id, event.task);
          return;
        case "host-start":
          busy.set(event.host, { task: names.get(event.id) ?? "", since: event.time });
          schedule();
          return;
        case "result":
          busy.delete(event.result.host);
          schedule();
          return;
        case "run-end":
          busy.clear();
          draw();
          return;
        default:
      }
    },
    end() {
      if (timer) clearTimeout(timer);
      timer = undefined;
      busy.clear();
      draw();
    },
  };
}

function shorten(text: string, columns: number): string {
  if (columns <= 0 || stringWidth(text) <= columns) return text;
  let cut = text;
  while (cut.length > 0 && stringWidth(cut) > columns - 1) cut = cut.slice(0, -1);
  return `${cut}…`;
}
