import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

/* What the command line writes into pipes, with readers that are slow, or gone. */

// Every command is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 300_000 });

const play = fileURLToPath(new URL("../../../play", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "play-output-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function started(...args: string[]) {
  return spawn(play, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
}

it("every command's last word reaches a pipe", async () => {
  const calls: [args: string[], message: RegExp, exit: number][] = [
    [["test", "nowhere"], /no scenario for nowhere/, 2],
    [["test", "--faster"], /unknown option '--faster'/, 2],
    [["lab", "--faster"], /unknown option '--faster'/, 2],
    [["vault", "--faster"], /unknown option '--faster'/, 2],
    [["demo", "--faster"], /unknown option '--faster'/, 2],
    [["doc", "coyp"], /Did you mean 'copy'/, 1],
    [["nowhere.yml"], /there is no playbook nowhere\.yml/, 1],
    [["--faster"], /--faster/, 2],
  ];
  for (const [args, message, exit] of calls) {
    const child = started(...args);
    const said: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    await once(child, "close");
    expect(Buffer.concat(said).toString(), args.join(" ")).toMatch(message);
    expect(child.exitCode, args.join(" ")).toBe(exit);
  }
});

it("loses nothing where a reader is slow, and more is written than a pipe holds", async () => {
  writeFileSync(
    join(folder, "long.yml"),
    "- hosts: localhost\n  gather_facts: false\n  tasks:\n" +
      '    - { debug: { msg: "{{ \'x\' * 5000 }}" }, loop: "{{ range(100) | list }}" }\n' +
      "    - fail: { msg: the very end }\n",
  );
  const child = started("long.yml");
  child.stderr.resume();
  await once(child.stdout, "readable"); // the pipe fills from here on: nothing is read before the next lines
  const said: Buffer[] = [];
  for await (const chunk of child.stdout) {
    said.push(chunk as Buffer);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const text = Buffer.concat(said).toString();
  expect(text.length).toBeGreaterThan(500_000);
  expect(text).toContain("the very end");
  expect(text).toMatch(/localhost +: ok=1 .* failed=1 /);
});

it("goes on with the run where the reader is gone", async () => {
  writeFileSync(
    join(folder, "unread.yml"),
    "- hosts: localhost\n  gather_facts: false\n  tasks:\n" +
      "    - debug: { msg: first }\n" +
      '    - wait_for: { path: "{{ playbook_dir }}/gone", timeout: 60 }\n' +
      '    - { debug: { msg: "{{ \'x\' * 5000 }}" }, loop: "{{ range(50) | list }}" }\n' +
      '    - copy: { content: done, dest: "{{ playbook_dir }}/done" }\n',
  );
  const child = started("unread.yml");
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  for await (const chunk of child.stdout) if (String(chunk).includes("first")) break; // breaking off closes the pipe
  writeFileSync(join(folder, "gone"), "");
  await once(child, "close");
  expect(complaint).toBe("");
  expect(child.exitCode).toBe(0);
  expect(existsSync(join(folder, "done"))).toBe(true);
});
