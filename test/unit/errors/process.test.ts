import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

/* What only a process of its own shows: both streams together, and the exit code that the shell sees. */

// Every call is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 300_000 });

const play = fileURLToPath(new URL("../../../play", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "play-process-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const hosts = (tasks: string) => `- hosts: localhost\n  gather_facts: false\n  tasks:\n${tasks}`;

/** Both streams as a terminal shows them, and the exit code. */
function call(files: { readonly [name: string]: string }, command: string, env: { [name: string]: string } = {}) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { stdout, status } = spawnSync("sh", ["-c", `exec "$0" ${command} 2>&1`, play], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1", ...env },
  });
  return { output: stdout, status };
}

it("shows the place of a failure above the line that programs read", () => {
  const { output, status } = call({ "site.yml": hosts('    - debug:\n        msg: "{{ nobody }}"\n') }, "site.yml");
  const lines = output.split("\n");
  const place = lines.indexOf("  at site.yml:5:18");
  expect(lines[place - 1]).toBe("[ERROR]: 'nobody' is undefined");
  expect(lines.findIndex((line) => line.startsWith("fatal: [localhost]: FAILED! => {"))).toBeGreaterThan(place);
  expect(status).toBe(2);
});

it.each([
  ["inside of a command", "process.cwd = () => { throw new TypeError('no luck'); };"],
  [
    "outside of every promise",
    "process.on('newListener', (name) => { if (name === 'uncaughtException') setImmediate(() => { throw new TypeError('no luck'); }); });",
  ],
])("says of what nobody foresaw that it is a bug of play: %s", (_, sabotage) => {
  const files = { "site.yml": hosts("    - ping:\n"), "sabotage.mjs": `${sabotage}\n` };
  const env = { NODE_OPTIONS: `--import ${join(folder, "sabotage.mjs")}` };
  const { output, status } = call(files, "site.yml", env);
  expect(output).toContain("[ERROR]: this is a bug of play: no luck\n");
  expect(output).not.toMatch(/^ +at .*\.m?js:/m);
  expect(status).toBe(250);
  expect(call(files, "site.yml", { ...env, PLAY_DEBUG: "1" }).output).toMatch(/TypeError: no luck\n +at /);
});

it("ends a file that includes itself without an end", () => {
  const { output, status } = call(
    { "site.yml": hosts("    - include_tasks: again.yml\n"), "again.yml": "- include_tasks: again.yml\n" },
    "site.yml",
  );
  expect(output).toContain("[ERROR]: includes lie 500 deep in each other: this one seems to include itself without");
  expect(output).toContain("  at again.yml:1:3");
  expect(status).toBe(2);
});
