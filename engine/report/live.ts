import stringWidth from "string-width";
import type { Event, Reporter } from "../run/events.ts";
import type { Palette } from "./colour.ts";
import { seconds } from "./times.ts";

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
 * other reporters write through {@link LiveView.write} goes above it. Never higher than a third of the screen: the
 * hosts that do not fit are counted. The cursor is never hidden, so there is nothing to restore after a kill.
 */
export interface LiveView extends Reporter {
  write(text: string): void;
  /** Takes the window away while somebody else has the terminal: a prompt. What is written meanwhile comes after. */
  aside<T>(work: () => Promise<T>): Promise<T>;
}

export function liveView(screen: Screen, colours: Palette, now: () => number = () => Date.now() / 1000): LiveView {
  const busy = new Map<string, { task: string; since: number }>();
  const names = new Map<number, string>();
  let hosts = 0;
  let drawn: readonly string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let pending = "";
  let away = 0;

  const rows = (): string[] => {
    if (busy.size === 0 || away > 0) return [];
    const room = Math.max(1, Math.floor(screen.rows() / 3) - 1);
    const all = [...busy.entries()];
    const shown = all.slice(0, room).map(([host, state]) => ({ host: shortened(oneLine(host), 24), ...state }));
    const width = Math.max(...shown.map(({ host }) => stringWidth(host)));
    const lines = shown.map(({ host, task, since }) => {
      const name = host + " ".repeat(width - stringWidth(host));
      return `  ${name}  ${oneLine(task)}  ${seconds(Math.max(0, now() - since))}`;
    });
    if (all.length > room) lines.push(`  … and ${all.length - room} more of ${hosts} hosts`);
    return lines.map((line) => shortened(line, screen.columns() - 1));
  };

  /** Up to the window's first line and away with it. A terminal that became narrower since has broken its rows. */
  const clear = (): string => {
    const columns = Math.max(1, screen.columns());
    const lines = drawn.reduce((sum, row) => sum + Math.max(1, Math.ceil(stringWidth(row) / columns)), 0);
    return lines > 0 ? `\u001b[${lines}A\u001b[0J` : "";
  };

  const draw = () => {
    if (away > 0 && drawn.length === 0) return;
    // The window begins at a line's start: half a line waits for its end.
    const whole = pending.slice(0, pending.lastIndexOf("\n") + 1);
    const window = rows();
    if (whole === "" && window.length === 0 && drawn.length === 0) return;
    const text = clear() + whole + window.map((row) => `${colours.dim(row)}\n`).join("");
    pending = pending.slice(whole.length);
    drawn = window;
    screen.write(text);
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
      if (away === 0 && text.endsWith("\n")) draw();
    },
    async aside(work) {
      draw(); // all lines that are there
      away++;
      draw(); // and no window
      try {
        return await work();
      } finally {
        away--;
        draw();
      }
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
      // Nothing follows half a line any more.
      if (pending !== "") screen.write(pending);
      pending = "";
    },
  };
}

/** Names come from files and hosts: what moves the cursor must not reach the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

/** Cut to a number of columns, at the edge of a character; a wide one takes two. */
function shortened(text: string, columns: number): string {
  if (columns <= 0 || stringWidth(text) <= columns) return text;
  let width = 0;
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}
