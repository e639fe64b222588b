import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { localHosts, Terminal } from "./terminal.ts";

let terminal: Terminal;
afterEach(() => terminal.close());

const files = {
  "hosts.yml": localHosts(["a", "b"]),
  "site.yml": `
- name: outputs
  hosts: all
  gather_facts: false
  tasks:
    - {name: a file, copy: {dest: "{{ folder }}/out-{{ inventory_hostname }}", content: "new\\n"}, diff: true}
    - {name: nothing, debug: {msg: hello}}
    - {name: skipped, debug: {msg: no}, when: false}
    - {name: wrong, command: "false", ignore_errors: true, when: inventory_hostname == 'b'}
`,
};

function open(options: ConstructorParameters<typeof Terminal>[0] = {}): void {
  terminal = new Terminal(options);
  terminal.files(files);
}

/** The byte that begins every sequence of a terminal. */
const ESC = "\u001b";

describe("colours", () => {
  it("are there on a terminal: what changed is yellow, what failed red, added lines green", async () => {
    open();
    terminal.start("$PLAY site.yml -i hosts.yml");
    expect(await terminal.ended()).toBe(0);
    const text = terminal.coloured();
    expect(text).toMatch(new RegExp(`${ESC}\\[33mchanged: \\[[ab]\\]`));
    expect(text).toContain(`${ESC}[31mfatal: [b]`);
    expect(text).toContain(`${ESC}[32m+new`);
    expect(text).toContain(`${ESC}[36mskipping: [a]`);
    expect(text).toMatch(new RegExp(`${ESC}\\[33ma${ESC}\\[39m +: ${ESC}\\[32mok=2`));
  });

  it.each([
    ["NO_COLOR", { NO_COLOR: "1" }],
    ["ANSIBLE_NOCOLOR", { ANSIBLE_NOCOLOR: "true" }],
  ])("%s: none, the window all the same", async (_, env) => {
    open({ env });
    terminal.start("$PLAY site.yml -i hosts.yml");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.coloured()).not.toMatch(new RegExp(`${ESC}\\[3\\d`));
    expect(terminal.text()).toContain("in all; busy:");
  });

  it("are not there on a dumb terminal, nor is anything else that moves the cursor", async () => {
    open();
    terminal.start("TERM=dumb script -qec '$PLAY site.yml -i hosts.yml' typescript < /dev/null > /dev/null");
    expect(await terminal.ended()).toBe(0);
    const written = readFileSync(join(terminal.folder, "typescript"), "utf8");
    expect(written).toContain("changed: [a]");
    expect(written).not.toContain(ESC);
  });

  it.each([
    ["a pipe", "", false],
    ["a pipe and FORCE_COLOR", "FORCE_COLOR=1", true],
    ["a pipe and ANSIBLE_FORCE_COLOR", "ANSIBLE_FORCE_COLOR=1", true],
    ["a pipe, FORCE_COLOR and NO_COLOR", "NO_COLOR=1 FORCE_COLOR=1", false],
  ])("%s", async (_, environment, colours) => {
    open({ columns: 120 });
    terminal.start(`${environment} $PLAY site.yml -i hosts.yml | cat > piped`);
    expect(await terminal.ended()).toBe(0);
    const written = readFileSync(join(terminal.folder, "piped"), "utf8");
    expect(written.includes(ESC)).toBe(colours);
    // As Ansible's where there is no terminal: 79 columns, and no times after the recap.
    if (!colours) expect(written).toContain(`\nPLAY [outputs] ${"*".repeat(65)}\n`);
    expect(written).not.toContain("in all; busy:");
    expect(written).not.toMatch(new RegExp(`${ESC}\\[\\d*[AJ]`));
  });
});

it("fills banners to the width of the terminal", async () => {
  open({ columns: 60 });
  terminal.start("$PLAY site.yml -i hosts.yml");
  expect(await terminal.ended()).toBe(0);
  for (const line of terminal.text().match(/^(PLAY|TASK) .*$/gm) ?? []) expect(line).toHaveLength(60);
});

it("one document of JSON on a terminal too, and warnings beside it", async () => {
  open();
  terminal.start("$PLAY site.yml -i hosts.yml --limit a,nowhere --output json > out.json");
  expect(await terminal.ended()).toBe(0);
  const document: unknown = JSON.parse(readFileSync(join(terminal.folder, "out.json"), "utf8"));
  expect(document).toMatchObject({ stats: { a: { ok: 2, changed: 1 } } });
  expect(terminal.text()).toContain("[WARNING]: ");
});

it("lines of JSON, JUnit's XML and a page, none of them with a colour or a word of the window", async () => {
  open();
  terminal.start("$PLAY site.yml -i hosts.yml --output ndjson --junit out.xml --html out.html > out.ndjson");
  expect(await terminal.ended()).toBe(0);
  const read = (name: string) => readFileSync(join(terminal.folder, name), "utf8");
  const events = read("out.ndjson")
    .trim()
    .split("\n")
    .map((line): { type: string } => JSON.parse(line));
  expect(events.at(0)?.type).toBe("run-start");
  expect(events.at(-1)?.type).toBe("run-end");
  expect(read("out.xml")).toContain('<testsuite name="outputs" tests="8" failures="0"');
  expect(read("out.html")).toMatch(/^<!doctype html>.*<\/html>\n$/s);
  for (const name of ["out.ndjson", "out.xml", "out.html"]) expect(read(name)).not.toContain(ESC);
});

it("ANSIBLE_LOG_PATH keeps the lines without colours", async () => {
  open();
  terminal.start("ANSIBLE_LOG_PATH=run.log $PLAY site.yml -i hosts.yml");
  expect(await terminal.ended()).toBe(0);
  const log = readFileSync(join(terminal.folder, "run.log"), "utf8");
  expect(log).toContain("changed: [a]");
  expect(log).not.toContain(ESC);
});

it("an encrypted value is in none of the files and not on the screen", async () => {
  open();
  terminal.files({
    pw: "vault-pass-1\n",
    "group_vars/all.yml": "word: swordfish-7\n",
    "site.yml": `
- hosts: a
  gather_facts: false
  tasks:
    - {name: "say {{ word }}", command: "echo {{ word }}"}
    - {name: wrong, fail: {msg: "not {{ word | b64encode }}"}}
`,
  });
  terminal.start("$PLAY vault encrypt --vault-password-file pw group_vars/all.yml");
  expect(await terminal.ended()).toBe(0);
  terminal.start(
    "ANSIBLE_LOG_PATH=run.log ANSIBLE_RETRY_FILES_ENABLED=1 $PLAY site.yml -i hosts.yml --vault-password-file pw -vvv --diff --junit out.xml --html out.html 2> errors",
  );
  expect(await terminal.ended()).toBe(2);
  const read = (name: string) => readFileSync(join(terminal.folder, name), "utf8");
  for (const text of [terminal.text(), ...["run.log", "out.xml", "out.html", "errors", "site.retry"].map(read)]) {
    expect(text).not.toMatch(/swordfish|c3dvcmRmaXNo/);
  }
  expect(terminal.text()).toContain("TASK [say ********]");
  expect(read("site.retry")).toBe("a\n");
});
