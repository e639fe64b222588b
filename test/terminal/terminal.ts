import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Only for what would never come: a busy machine takes long. */
const deadline = 120_000;

const play = resolve("play");

/**
 * A terminal as a person has one: tmux of its own, with a shell in a folder of its own. A test types, waits until
 * something can be read, and types again; it never waits for a time.
 */
export class Terminal {
  readonly folder = mkdtempSync(join(tmpdir(), "play-terminal-"));
  readonly #socket = join(this.folder, "tmux");
  #commands = 0;

  constructor(options: { columns?: number; rows?: number; env?: { readonly [name: string]: string } } = {}) {
    const { columns = 100, rows = 30, env = {} } = options;
    const size = ["-x", String(columns), "-y", String(rows)];
    const clean = {
      PATH: process.env["PATH"] ?? "",
      HOME: this.folder,
      LANG: "C.UTF-8",
      TMPDIR: this.folder,
      PS1: "$ ",
      PLAY: play,
      ...env,
    };
    execFileSync("tmux", ["-f", "/dev/null", "-u", "-S", this.#socket, "new-session", "-d", ...size, "sh"], {
      env: { ...clean, TERM: env["TERM"] ?? "xterm-256color" },
    });
    // Otherwise the window takes the size of the last client; there is none.
    this.#tmux("set-option", "-g", "window-size", "manual");
    this.#tmux("set-option", "-g", "history-limit", "20000");
    if (env["TERM"] !== undefined) this.type(`export TERM=${env["TERM"]}`);
  }

  /** Writes files beside each other; {@link gate} and {@link open} make tasks wait for the test. */
  files(contents: { readonly [path: string]: string }): void {
    for (const [path, text] of Object.entries(contents)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
  }

  /** Types a command and the return key. */
  type(text: string): void {
    this.#tmux("send-keys", "-l", text);
    this.keys("Enter");
  }

  /** Keys by tmux's names: `C-c`, `Enter`. */
  keys(...names: string[]): void {
    this.#tmux("send-keys", ...names);
  }

  /** Starts a command of the folder; {@link ended} gives its exit code. */
  start(command: string): void {
    this.#commands++;
    this.type(`cd ${this.folder}; clear; ${command}; printf '\\nended%s=%s\\n' ${this.#commands} $?`);
  }

  async ended(): Promise<number> {
    const mark = new RegExp(`^ended${this.#commands}=(\\d+)`, "m");
    const text = await this.until((all) => mark.test(all), "the command's end");
    return Number(mark.exec(text)?.[1]);
  }

  /** All lines that there were, the visible ones last; without spaces at their ends. */
  text(): string {
    return this.#tmux("capture-pane", "-p", "-J", "-S", "-");
  }

  /** What can be seen now. */
  screen(): string[] {
    return this.#tmux("capture-pane", "-p").replace(/\n+$/, "").split("\n");
  }

  /** As {@link text}, with the sequences that give colours. */
  coloured(): string {
    return this.#tmux("capture-pane", "-p", "-e", "-J", "-S", "-");
  }

  cursorShown(): boolean {
    return this.#tmux("display-message", "-p", "#{cursor_flag}").trim() === "1";
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Waits until the text holds something; gives all of it. */
  async sees(wanted: string | RegExp): Promise<string> {
    const holds = (all: string) => (typeof wanted === "string" ? all.includes(wanted) : wanted.test(all));
    return this.until(holds, String(wanted));
  }

  async until(holds: (all: string) => boolean, what: string): Promise<string> {
    const end = Date.now() + deadline;
    for (;;) {
      const all = this.text();
      if (holds(all)) return all;
      if (Date.now() > end) throw new Error(`the terminal never showed ${what}; it shows:\n${all}`);
      await sleep(50);
    }
  }

  /** Lets the tasks go on that wait for a name: `command: sh wait NAME`. */
  open(name: string): void {
    writeFileSync(join(this.folder, name), "");
  }

  /** Process ids of `node` below the shell: the play that runs. */
  processes(): number[] {
    const root = this.#tmux("display-message", "-p", "#{pane_pid}").trim();
    const found = spawnSync("pgrep", ["-P", root, "node"], { encoding: "utf8" });
    return found.stdout.trim().split("\n").filter(Boolean).map(Number);
  }

  close(): void {
    spawnSync("tmux", ["-S", this.#socket, "kill-server"]);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  #tmux(...args: string[]): string {
    return execFileSync("tmux", ["-u", "-S", this.#socket, ...args], { encoding: "utf8" });
  }
}

/** A script that waits until a file is there: the test decides when. It ends when the folder goes. */
export const wait = `until [ -e "$1" ] || [ ! -e wait ]; do sleep 0.05; done\n`;

/** An inventory of hosts that are all this machine. */
export function localHosts(names: readonly string[]): string {
  return `all:\n  vars: {ansible_connection: local, folder: "{{ inventory_dir }}"}\n  hosts:\n${names.map((name) => `    ${name}:\n`).join("")}`;
}
