import { afterEach, expect, it } from "vitest";
import { localHosts, Terminal, wait } from "./terminal.ts";

let terminal: Terminal;
afterEach(() => terminal.close());

const names = Array.from({ length: 50 }, (_, index) => `node-${String(index + 1).padStart(2, "0")}`);

const twoSteps = `
- name: fifty hosts
  hosts: all
  gather_facts: false
  tasks:
    - {name: hold on, command: "sh wait go1 chdir={{ folder }}", changed_when: false}
    - {name: say something, debug: {msg: "from {{ inventory_hostname }}"}}
    - {name: hold on again, command: "sh wait go2 chdir={{ folder }}", changed_when: false}
`;

function fiftyHosts(columns: number, rows: number): void {
  terminal = new Terminal({ columns, rows });
  terminal.files({ "site.yml": twoSteps, wait, "hosts.yml": localHosts(names) });
  terminal.start("$PLAY site.yml -i hosts.yml -f 50");
}

/** All that must be above the window: every line once, tasks in order. */
function expectWhole(text: string): void {
  const lines = text.split("\n");
  const heads = lines.filter((line) => /^(PLAY|TASK)/.test(line)).map((line) => line.replace(/ \*+$/, ""));
  expect(heads).toEqual([
    "PLAY [fifty hosts]",
    "TASK [hold on]",
    "TASK [say something]",
    "TASK [hold on again]",
    "PLAY RECAP",
  ]);
  for (const name of names) {
    expect(lines.filter((line) => line === `ok: [${name}]`)).toHaveLength(2);
    expect(lines.filter((line) => line === `ok: [${name}] => {`)).toHaveLength(1);
    expect(lines.filter((line) => line === `    "msg": "from ${name}"`)).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith(`${name} `) && line.includes("ok=3"))).toHaveLength(1);
  }
  // Nothing is left of the window.
  expect(lines.filter((line) => /^ {2}(node-|… and)/.test(line))).toEqual([]);
}

it("shows what fifty hosts are at below the lines, and leaves nothing of it behind", async () => {
  fiftyHosts(100, 30);
  await terminal.sees(/… and 41 more of 50 hosts/);
  await terminal.until((all) => all.match(/^ {2}node-\d\d {2}hold on {2}/gm)?.length === 9, "nine rows");
  expect(terminal.cursorShown()).toBe(true);
  terminal.open("go1");
  await terminal.sees(/hold on again {2}[\d.]+ s\n(.*\n)*.*… and 41 more/);
  terminal.open("go2");
  expect(await terminal.ended()).toBe(0);
  expectWhole(terminal.text());
  expect(terminal.text()).toMatch(/\n\d.* in all; busy: node-.*42 others less\nslowest tasks:\n/);
  expect(terminal.cursorShown()).toBe(true);
});

it("keeps its lines whole while the terminal becomes smaller and larger", async () => {
  fiftyHosts(120, 40);
  await terminal.sees(/… and 38 more of 50 hosts/);
  terminal.resize(50, 18);
  await terminal.sees(/… and 45 more of 50 hosts/);
  terminal.open("go1");
  await terminal.sees(/hold on again {2}[\d.]+ s\n(.*\n)*.*… and 45 more/);
  terminal.resize(140, 45);
  await terminal.sees(/… and 36 more of 50 hosts/);
  terminal.resize(90, 24);
  await terminal.sees(/… and 43 more of 50 hosts/);
  terminal.open("go2");
  expect(await terminal.ended()).toBe(0);
  const lines = terminal.text().split("\n");
  for (const name of names) {
    expect(lines.filter((line) => line === `ok: [${name}]`)).toHaveLength(2);
    expect(lines.filter((line) => line === `    "msg": "from ${name}"`)).toHaveLength(1);
  }
});

const wide = ["ホスト一号機", "主機二", "host-😀-three"];

it.each([40, 80])("counts wide characters by their columns, on a terminal of %i", async (columns) => {
  terminal = new Terminal({ columns, rows: 24 });
  terminal.files({
    "site.yml": twoSteps.replace("say something", "何かを言う、とても長い名前の仕事、まだ終わらない、もっと長い名前"),
    wait,
    "hosts.yml": localHosts(wide),
  });
  terminal.start("$PLAY site.yml -i hosts.yml");
  await terminal.sees(/主機二 +hold on/);
  await terminal.until((all) => all.match(/^ {2}\S+ +hold on/gm)?.length === 3, "three rows");
  terminal.open("go1");
  await terminal.sees(/主機二 +hold on again/);
  terminal.open("go2");
  expect(await terminal.ended()).toBe(0);
  const text = terminal.text();
  for (const name of wide) expect(text.split("\n").filter((line) => line === `ok: [${name}]`)).toHaveLength(2);
  expect(text).not.toMatch(/^ {2}\S+ +hold on/m);
});

it("is not there with --no-live", async () => {
  terminal = new Terminal();
  terminal.files({ "site.yml": twoSteps, wait, "hosts.yml": localHosts(["a"]) });
  terminal.start("$PLAY site.yml -i hosts.yml --no-live");
  await terminal.sees("TASK [hold on]");
  terminal.open("go1");
  await terminal.sees("TASK [hold on again]");
  expect(terminal.text()).not.toMatch(/^ {2}a {2}/m);
  terminal.open("go2");
  expect(await terminal.ended()).toBe(0);
});
