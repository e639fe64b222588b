import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { localHosts, Terminal, wait } from "./terminal.ts";

let terminal: Terminal;
beforeEach(() => {
  terminal = new Terminal();
  terminal.files({ wait, "hosts.yml": localHosts(["a", "b"]) });
});
afterEach(() => terminal.close());

function start(play: string, flags = ""): void {
  terminal.files({ "site.yml": `- hosts: all\n  gather_facts: false\n${play}` });
  terminal.start(`$PLAY site.yml -i hosts.yml ${flags}`);
}

describe("vars_prompt", () => {
  const play = `
  vars_prompt:
    - {name: login, prompt: Who, private: false}
    - {name: place, prompt: Where, private: false, default: here}
    - {name: secret, prompt: The secret, confirm: true}
  tasks:
    - {name: answers, debug: {msg: "{{ login }}@{{ place }} {{ secret | length }} {{ secret }}"}, run_once: true}
`;

  it("asks; takes the default; hides what is secret and asks for it twice", async () => {
    start(play);
    await terminal.sees(/^Who: $/m);
    terminal.type("anna");
    await terminal.sees(/^Where \[here\]: $/m);
    terminal.keys("Enter");
    await terminal.sees(/^The secret: $/m);
    terminal.type("pass-word-1");
    await terminal.sees(/^confirm The secret: $/m);
    terminal.type("pass-word-2");
    await terminal.sees(/^The two were not the same\.$/m);
    terminal.type("pass-word-3");
    await terminal.until((all) => all.match(/^confirm The secret:/gm)?.length === 2, "the second confirmation");
    terminal.type("pass-word-3");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.text()).toContain('"msg": "anna@here 11 ********"');
    expect(terminal.text()).not.toContain("pass-word");
  });

  it("asks for nothing that was given with -e", async () => {
    start(play, "-e '{login: x, place: y, secret: zzzzzz}'");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.text()).not.toContain("Who:");
  });

  it("can be left with Ctrl-C, and nothing is run", async () => {
    start(play);
    await terminal.sees(/^Who: $/m);
    terminal.keys("C-c");
    expect(await terminal.ended()).toBe(99);
    expect(terminal.text()).not.toContain("TASK");
  });
});

it("--ask-become-pass asks without showing what is typed", async () => {
  start("  become: true\n  tasks: [{name: who, command: id -u}]\n", "--ask-become-pass -v");
  await terminal.sees(/^BECOME password: $/m);
  terminal.type("open-sesame-1");
  expect(await terminal.ended()).toBe(0);
  expect(terminal.text()).not.toContain("sesame");
  expect(terminal.text()).toContain('"stdout": "0"');
});

it("Ctrl-C at a question before the run ends it, and what is typed can be seen again", async () => {
  start("  tasks: [{name: who, command: id -u}]\n", "-K");
  await terminal.sees(/^BECOME password: $/m);
  terminal.keys("C-c");
  await terminal.until((all) => all.split("\n").length > 1 && /^[#$] *$/m.test(all), "the shell's own prompt");
  terminal.type("echo seen again");
  await terminal.sees(/^seen again$/m);
});

it("-k and -K: the one stands for the other", async () => {
  start("  tasks: [{name: who, command: id -u}]\n", "-k -K");
  await terminal.sees(/^SSH password: $/m);
  terminal.type("open-sesame-1");
  await terminal.sees(/^BECOME password\[defaults to SSH password\]: $/m);
  terminal.keys("Enter");
  expect(await terminal.ended()).toBe(0);
  expect(terminal.text()).not.toContain("sesame");
});

it("--ask-vault-password opens what is encrypted", async () => {
  terminal.files({ pw: "vault-pass-1\n", "group_vars/all.yml": "word: from the vault\n" });
  terminal.start("$PLAY vault encrypt --vault-password-file pw group_vars/all.yml");
  expect(await terminal.ended()).toBe(0);
  start("  tasks: [{name: length, debug: {msg: '{{ word | length }}'}, run_once: true}]\n", "--ask-vault-password");
  await terminal.sees(/^Vault password: $/m);
  terminal.type("vault-pass-1");
  expect(await terminal.ended()).toBe(0);
  expect(terminal.text()).toContain('"msg": 14');
});

it("pause asks once for all hosts, with the window out of the way", async () => {
  start(`
  strategy: free
  tasks:
    - {name: hold on, command: "sh wait go chdir={{ folder }}", when: inventory_hostname == 'b'}
    - {name: ask, pause: {prompt: "The word"}, register: answer, when: inventory_hostname == 'a'}
    - {name: answered, debug: {msg: "{{ answer.user_input }}"}, when: inventory_hostname == 'a'}
`);
  await terminal.sees(/^The word: $/m);
  expect(terminal.screen().at(-1)).toBe("The word:");
  terminal.type("xyzzy");
  await terminal.sees(/ {2}b {2}hold on {2}/);
  terminal.open("go");
  expect(await terminal.ended()).toBe(0);
  expect(terminal.text()).toContain('"msg": "xyzzy"');
  expect(
    terminal
      .text()
      .split("\n")
      .filter((line) => line.startsWith("The word: xyzzy")),
  ).toHaveLength(1);
});

it("pause for all hosts asks once", async () => {
  start("  tasks:\n    - {name: ask, pause: {prompt: Go on}}\n    - {name: after, debug: {msg: after}}\n");
  await terminal.sees(/^Go on: $/m);
  terminal.keys("Enter");
  expect(await terminal.ended()).toBe(0);
  expect(terminal.text().match(/Go on:/g)).toHaveLength(1);
});

it("--step asks before every task", async () => {
  const task = (name: string) => `    - {name: ${name}, debug: {msg: was ${name}}, run_once: true}\n`;
  start(`  tasks:\n${["one", "two", "three", "four"].map(task).join("")}`, "--step");
  await terminal.sees(/^Perform task: one .*: $/m);
  terminal.type("y");
  await terminal.sees(/^Perform task: two .*: $/m);
  terminal.type("n");
  await terminal.sees(/^Perform task: three .*: $/m);
  terminal.type("c");
  expect(await terminal.ended()).toBe(0);
  const text = terminal.text();
  for (const name of ["one", "three", "four"]) expect(text).toContain(`"msg": "was ${name}"`);
  expect(text).not.toContain('"msg": "was two"');
});

describe("the debugger", () => {
  /** Answers its question once it is asked, and waits until the answer is there: no typing ahead. */
  async function answer(text: string): Promise<void> {
    await terminal.until((all) => /\(debug\)>\s*$/.test(all), "the debugger's question");
    terminal.type(text);
    await terminal.until((all) => all.includes(`(debug)> ${text.slice(0, 40)}`), "the answer");
  }

  const play = `
  tasks:
    - {name: wrong, command: "cat {{ file }}", vars: {file: /nowhere/x}, debugger: on_failed, register: seen, run_once: true}
    - {name: after, debug: {msg: "{{ seen.stdout }}"}, run_once: true}
`;

  it("shows values, changes arguments and variables, and runs the task again", async () => {
    terminal.files({ "right.txt": "found it\n" });
    start(play);
    await terminal.sees(/^\[a\] TASK: wrong \(debug\)> $/m);
    await answer("p task.args");
    await terminal.sees('"_raw_params": "cat /nowhere/x"');
    await answer("p result.rc");
    await terminal.sees(/^1$/m);
    await answer("p nothing");
    await terminal.sees("***'nothing' is undefined");
    await answer("what");
    await terminal.sees("run the task again");
    await answer(`task_vars['file'] = '${terminal.folder}/right.txt'`);
    await answer("r");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.text()).toContain('"msg": "found it"');
    expect(terminal.text()).toMatch(/^a +: ok=2 +changed=1 .*failed=0 /m);
  });

  it("changes arguments; u takes that back", async () => {
    start(play);
    await terminal.sees(/\(debug\)> $/m);
    await answer("task.args['_raw_params'] = 'echo {{ file }}'");
    await answer("p task.args['_raw_params']");
    await terminal.sees('"echo /nowhere/x"');
    await answer("u");
    await answer("p task.args['_raw_params']");
    await terminal.until((all) => all.includes('"cat /nowhere/x"\n'), "the old arguments");
    await answer("c");
    expect(await terminal.ended()).toBe(2);
    expect(terminal.text().match(/^fatal: \[a\]/gm)).toHaveLength(1);
  });

  it("q stops the run", async () => {
    start(play);
    await terminal.sees(/\(debug\)> $/m);
    await answer("q");
    expect(await terminal.ended()).toBe(99);
    expect(terminal.text()).not.toContain("TASK [after]");
  });

  it.each([
    ["strategy: debug", "  strategy: debug\n", ""],
    ["ANSIBLE_ENABLE_TASK_DEBUGGER", "", "ANSIBLE_ENABLE_TASK_DEBUGGER=1"],
  ])("comes with %s, one host after the other", async (_, strategy, environment) => {
    terminal.files({
      "site.yml": `- hosts: all\n  gather_facts: false\n${strategy}  tasks: [{name: wrong, command: "false"}]\n`,
    });
    terminal.start(`${environment} $PLAY site.yml -i hosts.yml`);
    await terminal.sees(/^\[[ab]\] TASK: wrong \(debug\)> $/m);
    await answer("c");
    await terminal.sees(/^\[[ab]\] TASK: wrong \(debug\)> c\n(.*\n)*\[[ab]\] TASK: wrong \(debug\)> $/m);
    await answer("c");
    expect(await terminal.ended()).toBe(2);
  });

  it.each([
    ["always", "command: echo", true],
    ["on_skipped", "command: echo, when: false", true],
    ["never", 'command: "false", ignore_errors: true', false],
    ["on_unreachable", 'command: "false", ignore_errors: true', false],
  ])("%s: %s", async (when, action, stops) => {
    start(`  tasks: [{name: t, ${action}, debugger: ${when}, run_once: true}]\n`);
    if (stops) {
      await terminal.sees(/\(debug\)> $/m);
      await answer("c");
    }
    expect(await terminal.ended()).toBe(0);
    expect(terminal.text().includes("(debug)>")).toBe(stops);
  });
});
