import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { localHosts, Terminal, wait } from "./terminal.ts";

let terminal: Terminal;
beforeEach(() => {
  terminal = new Terminal();
  terminal.files({
    wait: `echo $$ >>pids\n${wait}`,
    "hosts.yml": localHosts(["a", "b"]),
    "site.yml": `
- hosts: all
  gather_facts: false
  tasks:
    - {name: under way, command: "sh wait go chdir={{ folder }}"}
    - {name: never begun, debug: {msg: hello}}
`,
  });
  terminal.start("$PLAY site.yml -i hosts.yml");
});
afterEach(() => terminal.close());

it("one Ctrl-C lets the step end, reports and stops", async () => {
  await terminal.sees(/ {2}b {2}under way/);
  terminal.keys("C-c");
  await terminal.sees("interrupted: the steps under way are finished, then the run stops");
  terminal.open("go");
  expect(await terminal.ended()).toBe(99);
  const text = terminal.text();
  expect(text).toContain("changed: [a]");
  expect(text).toContain("changed: [b]");
  expect(text).toMatch(/^a +: ok=1 +changed=1 /m);
  expect(text).not.toContain("TASK [never begun]");
  expect(terminal.cursorShown()).toBe(true);
});

it("a second Ctrl-C ends the step, and what it runs", async () => {
  await terminal.sees(/ {2}b {2}under way/);
  const begun = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
  const file = join(terminal.folder, "pids");
  await terminal.until(() => begun().length === 2, "two steps that have begun");
  const pids = begun();
  terminal.keys("C-c");
  await terminal.sees("interrupted: the steps under way are finished");
  terminal.keys("C-c");
  expect(await terminal.ended()).toBe(99);
  for (const pid of pids) expect(existsSync(`/proc/${pid}`), pid).toBe(false);
  const text = terminal.text();
  expect(text).toContain("User interrupted execution");
  expect(text).toMatch(/fatal: \[a\]: FAILED!/);
  expect(text).toMatch(/^a +: ok=0 .*failed=1 /m);
  expect(text).not.toContain("TASK [never begun]");
  expect(terminal.cursorShown()).toBe(true);
});

it.each(["TERM", "HUP"])("SIG%s is as one Ctrl-C", async (signal) => {
  await terminal.sees(/ {2}b {2}under way/);
  for (const pid of terminal.processes()) process.kill(pid, `SIG${signal}`);
  await terminal.sees("interrupted: the steps under way are finished");
  terminal.open("go");
  expect(await terminal.ended()).toBe(99);
  expect(terminal.text()).toMatch(/^a +: ok=1 +changed=1 /m);
});

it("a killed play leaves a terminal that one can go on with", async () => {
  await terminal.sees(/ {2}b {2}under way/);
  for (const pid of terminal.processes()) process.kill(pid, "SIGKILL");
  expect(await terminal.ended()).toBe(137);
  expect(terminal.cursorShown()).toBe(true);
  terminal.type("echo what is typed can be seen");
  await terminal.sees(/^what is typed can be seen$/m);
  terminal.open("go");
});
