import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

/* Mistakes that a person makes in the demo's own files: one message each, with its place, before any host is touched. */

// Every call is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 300_000 });

const home = resolve(import.meta.dirname, "../../..");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "play-demo-"));
  const parts = [
    "ansible.cfg",
    "demo-vault-password",
    "inventory.yml",
    "group_vars",
    "playbooks",
    "roles",
    "templates",
  ];
  for (const part of parts) cpSync(join(home, part), join(folder, part), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const syntax = ["--syntax-check", "--strict"];
// The first task of the role alone, predicted here: it needs no host and changes nothing.
const here = ["--check", "-t", "consul", "-l", "swarm-01", "-e", "ansible_connection=local ansible_become=false"];

it.each([
  ["a keyword", "roles/consul/tasks/main.yml", "  register: consul_leader", "  regsiter: consul_leader", syntax, 4],
  ["a module", "roles/consul/tasks/main.yml", "ansible.builtin.uri:", "ansible.builtin.uro:", syntax, 4],
  ["an argument", "roles/consul/tasks/main.yml", "return_content:", "return_contents:", syntax, 4],
  ["the indentation", "roles/consul/tasks/main.yml", "  retries: 60", " retries: 60", syntax, 4],
  ["a role", "playbooks/site.yml", "role: consul,", "role: consol,", syntax, 4],
  ["a group", "inventory.yml", "\n  hosts:", "\n  hostss:", syntax, 4],
  ["a variable", "roles/consul/tasks/main.yml", "that: swarm_address in", "that: swarm_adress in", here, 2],
])("%s", async (what, file, right, wrong, flags, exit) => {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(right);
  writeFileSync(path, text.replace(right, wrong));
  const { stderr, status } = spawnSync(join(home, "play"), ["playbooks/site.yml", "-i", "inventory.yml", ...flags], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1" },
  });
  const name = what.replaceAll(/\W+/g, "-");
  await expect(stderr.replace(/^play: .*…\n/gm, "").replaceAll(folder, "")).toMatchFileSnapshot(`demo/${name}.txt`);
  expect(stderr.match(/\[ERROR\]/g)).toHaveLength(1);
  expect(status).toBe(exit);
});
