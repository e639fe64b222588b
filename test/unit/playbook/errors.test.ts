import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkPlaybooks } from "../../../engine/playbook/check-modules.ts";
import { loadPlaybooks } from "../../../engine/playbook/load.ts";
import { type Diagnostic, DiagnosticError } from "../../../engine/source/diagnostic.ts";
import { files } from "./files.ts";

/** What is wrong with a playbook, as `line:column summary (hint)`. */
async function problems(text: string, others: { [path: string]: string } = {}, strict = false): Promise<string[]> {
  const folder = files({ "site.yml": text, ...others });
  const show = (each: Diagnostic) =>
    `${each.at ? `${each.at.line}:${each.at.column} ` : ""}${each.summary}${each.hint ? ` (${each.hint})` : ""}`.replaceAll(
      folder,
      "",
    );
  try {
    const { playbooks, warnings } = loadPlaybooks([join(folder, "site.yml")], { strict });
    return [...warnings, ...(await checkPlaybooks(playbooks, strict))].map((each) => `W ${show(each)}`);
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics.map(show);
    throw error;
  }
}

const play = (body: string) => `- hosts: all\n${body}`;
const task = (body: string) => play(`  tasks:\n    - ${body.replaceAll("\n", "\n      ")}\n`);

describe("errors before the first host is touched", () => {
  it.each<[string, string, string[]]>([
    ["nothing wrong", task("name: x\nfile: {path: /a, state: directory}"), []],
    [
      "a keyword of a play misspelt",
      "- hosts: all\n  become_usr: x\n",
      ["2:3 'become_usr' is not a keyword of a play (Did you mean 'become_user'?)"],
    ],
    [
      "a keyword of a task misspelt",
      task("file: {path: /a}\nregistr: x"),
      ["4:7 'registr' is not a keyword of a task (Did you mean 'register'?)"],
    ],
    [
      "a module misspelt",
      task("fiel: {path: /a}"),
      ["3:7 'fiel' is neither a module nor a keyword of a task (Did you mean the module 'file'?)"],
    ],
    [
      "no module",
      task("name: x"),
      ["3:7 this task has no module (Besides keywords a task names the module that it runs.)"],
    ],
    [
      "two modules",
      task("file: {path: /a}\ncopy: {dest: /a, content: b}"),
      ["4:7 a task has one action, this one has 'file' and 'copy' (Make two tasks of it.)"],
    ],
    ["no hosts", "- tasks: []\n", ["1:3 a play needs hosts (For example `hosts: all`.)"]],
    [
      "not a list",
      "hosts: all\n",
      ["1:1 a playbook is a list of plays (Every play begins with a dash: `- hosts: all`.)"],
    ],
    ["empty", "", ["1:1 this playbook is empty (A playbook is a list of plays: `- hosts: all`.)"]],
    ["yes or no", task("ping:\nbecome: perhaps"), ["4:15 'become' takes yes or no, not 'perhaps'"]],
    ["a number", task("ping:\nretries: many"), ["4:16 'retries' takes a number, not 'many'"]],
    ["two loops", task("ping:\nloop: []\nwith_items: []"), ["5:7 a task has one loop"]],
    [
      "an unknown lookup",
      task("ping:\nwith_itmes: []"),
      ["4:7 there is no lookup 'itmes' for 'with_itmes' (Did you mean 'with_items'?)"],
    ],
    [
      "a loop_control misspelt",
      task("ping:\nloop: []\nloop_control: {lable: x}"),
      ["5:21 'lable' is not a setting of loop_control (Did you mean 'label'?)"],
    ],
    [
      "register with a dash",
      task("ping:\nregister: a-b"),
      ["4:17 'a-b' is not a name for a variable (Letters, digits and underscores, no digit first.)"],
    ],
    ["rescue alone", task("rescue: []"), ["3:7 'rescue' stands without a 'block'"]],
    [
      "a missing file of tasks",
      task("import_tasks: more.yml"),
      ["3:21 there is no file of tasks more.yml (Looked for: /more.yml, /tasks/more.yml)"],
    ],
    [
      "a role that is not there",
      play("  roles: [web]\n"),
      ["2:11 there is no role 'web' (Looked in: /roles, /tmp/roles, )"],
    ],
  ])("%s", async (_, text, expected) => {
    expect(await problems(text)).toEqual(expected);
  });

  it("finds names of variables that cannot be, tags and loop_control of the wrong kind", async () => {
    expect(await problems(task("ping:\nvars: {a-b: 1}"))).toEqual([
      "4:14 'a-b' is not a name for a variable (Letters, digits and underscores, no digit first.)",
    ]);
    expect(await problems(task("ping:\ntags: {a: 1}"))).toEqual(["4:13 'tags' takes a list of tags"]);
    expect((await problems(task("ping:\nloop_control: {lable: x}"))).join()).toContain("Did you mean 'label'?");
  });

  it("warns of what Ansible refuses only when it gets there, and refuses it with --strict", async () => {
    const text = task('include_tasks: gone.yml\nwhen: "x is nosuch"\n'.trimEnd()).concat(
      "    - include_role: {name: gone}\n    - meta: flush_handlrs\n    - debug: {msg: '{{ x | nosuch }}'}\n",
    );
    const summaries = [
      "there is no test 'nosuch'",
      "there is no file of tasks gone.yml",
      "there is no role 'gone'",
      "meta has no action 'flush_handlrs'",
      "there is no filter 'nosuch'",
    ];
    const soft = await problems(text);
    const hard = await problems(text, {}, true);
    for (const [index, summary] of summaries.entries()) {
      expect(soft[index]).toMatch(/^W /);
      expect(soft[index]).toContain(summary);
      expect(hard[index]).not.toMatch(/^W /);
      expect(hard[index]).toContain(summary);
    }
  });

  it("refuses plugins and modules in Python by the names of their files", async () => {
    const found = await problems(task("mine: {a: 1}"), {
      "library/mine.py": "#!/usr/bin/python\n",
      "filter_plugins/own.py": "",
    });
    expect(found).toEqual([
      "W 1:1 filter_plugins/own.py is written in Python, which play does not run (Write it in TypeScript below engine/template/filters/.)",
      "W 3:7 'mine' is written in Python (/library/mine.py), which play does not run (Write it in TypeScript as engine/modules/mine.ts; docs/modules.md shows how.)",
    ]);
  });

  it("suggests the role that is there", async () => {
    const found = await problems(play("  roles:\n    - consull\n"), { "roles/consul/tasks/main.yml": "- ping:\n" });
    expect(found).toEqual(["3:7 there is no role 'consull' (Did you mean 'consul'?)"]);
  });

  it("finds a broken template where it stands", async () => {
    const [found = ""] = await problems(task('debug:\n  msg: "{{ a | }}"'));
    expect(found).toMatch(/^W 4:\d+ /);
  });

  it("warns of a notification that reaches nobody, and refuses it with --strict", async () => {
    const text = `${task("file: {path: /a}\nnotify: restart ngnix")}  handlers:\n    - name: restart nginx\n      ping:\n`;
    const expected = "3:7 no handler is called 'restart ngnix', and none listens to it (Did you mean 'restart nginx'?)";
    expect(await problems(text)).toEqual([`W ${expected}`]);
    expect(await problems(text, {}, true)).toEqual([expected]);
  });

  it("checks the names of arguments, also in the short form", async () => {
    expect((await problems(task("file: {pth: /a, state: directory}"))).join()).toContain("pth");
    expect((await problems(task("file: pth=/a state=directory"))).join()).toContain("pth");
  });

  it("says what does the work of a module that there is not", async () => {
    expect(await problems(task("ansible.posix.synchronize: {src: a, dest: /b}"))).toEqual([
      "W 3:7 play has no module 'ansible.posix.synchronize' (Use copy with a folder, or a command task with rsync and delegate_to: localhost.)",
    ]);
  });

  it("warns of a module that another collection has", async () => {
    expect((await problems(task("community.zabbix.zabbix_host: {}"))).join()).toContain("W 3:7 play has no module");
  });
});

describe("what a playbook becomes", () => {
  const load = (contents: { [path: string]: string }) => {
    const folder = files(contents);
    const [playbook] = loadPlaybooks([join(folder, "site.yml")], {}).playbooks;
    return playbook?.plays ?? [];
  };

  it("hands conditions, tags and variables down", () => {
    const [first] = load({
      "site.yml": play(
        "  tags: p\n  tasks:\n    - block:\n        - ping:\n          when: b\n          tags: t\n      when: a\n      vars: {x: 1}\n      become: true\n",
      ),
    });
    const block = first?.sections[2]?.items[0];
    const inner = block?.kind === "block" ? block.block[0] : undefined;
    expect(inner).toMatchObject({ tags: ["p", "t"], vars: { x: 1 }, keywords: { become: true } });
    expect(inner?.when.map((each) => each.expression)).toEqual(["a", "b"]);
  });

  it("runs the dependencies of a role before it", () => {
    const [first] = load({
      "site.yml": play("  roles:\n    - {role: b, x: 2, tags: [t]}\n"),
      "roles/a/tasks/main.yml": "- ping:\n",
      "roles/b/tasks/main.yml": "- ping:\n",
      "roles/b/meta/main.yml": "dependencies:\n  - {role: a, y: 1}\n",
      "roles/b/defaults/main.yml": "d: 1\n",
    });
    const roles = first?.sections[1]?.items ?? [];
    expect(roles.map((item) => item.role?.name)).toEqual(["a", "b"]);
    expect(roles[0]).toMatchObject({ tags: ["t"], role: { params: { y: 1 } } });
    expect(roles[1]).toMatchObject({ role: { params: { x: 2 }, defaults: { d: 1 } } });
  });

  it("gives dependencies the keywords of their entry", () => {
    const [first] = load({
      "site.yml": play("  roles: [b]\n"),
      "roles/a/tasks/main.yml": "- ping:\n",
      "roles/b/tasks/main.yml": "- ping:\n",
      "roles/b/meta/main.yml": "dependencies:\n  - {role: a, when: w, tags: [t], become: true, vars: {v: 1}}\n",
    });
    const [dependency, own] = first?.sections[1]?.items ?? [];
    expect(dependency).toMatchObject({ tags: ["t"], vars: { v: 1 }, keywords: { become: true } });
    expect(dependency?.when.map((each) => each.expression)).toEqual(["w"]);
    expect(own).toMatchObject({ tags: [], vars: {}, when: [] });
  });

  it("keeps vars of a role's entry apart from its parameters, which set_fact cannot override", () => {
    const [first] = load({
      "site.yml": play("  roles:\n    - {role: a, x: 1, vars: {y: 2}}\n    - {role: a, x: 1, vars: {y: 3}}\n"),
      "roles/a/tasks/main.yml": "- ping:\n",
    });
    const [one, two] = first?.sections[1]?.items ?? [];
    expect(one).toMatchObject({ vars: { y: 2 }, role: { params: { x: 1 } } });
    expect(two).toMatchObject({ vars: { y: 3 } });
    // With other variables it is another use of the role, which runs again.
    expect(one?.role?.signature).not.toBe(two?.role?.signature);
  });

  it("imports roles with their dependencies, handlers and variables", () => {
    const [first] = load({
      "site.yml": play("  tasks:\n    - import_role: {name: b, tasks_from: other}\n      vars: {v: 1}\n"),
      "roles/a/tasks/main.yml": "- ping:\n",
      "roles/a/handlers/main.yml": "- {name: ha, ping: }\n",
      "roles/b/tasks/other.yml": "- debug:\n",
      "roles/b/handlers/main.yml": "- {name: hb, ping: }\n",
      "roles/b/defaults/main.yml": "d: 1\n",
      "roles/b/meta/main.yml": "dependencies: [a]\n",
    });
    expect(first?.sections[2]?.items.map((item) => [item.role?.name, item.vars])).toEqual([
      ["a", { v: 1 }],
      ["b", { v: 1 }],
    ]);
    expect(first?.handlers.map((item) => item.name)).toEqual(["ha", "hb"]);
    expect(first?.roles.map((use) => use.name)).toEqual(["a", "b"]);
    expect(first?.roles[1]?.defaults).toEqual({ d: 1 });
  });

  it("lets names of imports use the play's variables", () => {
    const [first] = load({
      "site.yml": play(
        '  vars: {which: a, file: "{{ which }}.yml"}\n  roles: ["{{ which }}"]\n  tasks:\n    - import_tasks: "{{ file }}"\n',
      ),
      "a.yml": "- ping:\n",
      "roles/a/tasks/main.yml": "- debug:\n",
    });
    expect(first?.sections[1]?.items[0]?.role?.name).toBe("a");
    expect(first?.sections[2]?.items).toMatchObject([{ module: "ping", vars: {} }]);
  });

  it("brings imported playbooks and tasks in", () => {
    const plays = load({
      "site.yml": "- import_playbook: more/web.yml\n  vars: {name: tasks}\n  tags: w\n- hosts: b\n",
      "more/web.yml": play("  tasks:\n    - import_tasks: inner.yml\n      when: c\n"),
      "more/inner.yml": "- ping:\n- debug:\n",
    });
    expect(plays.map((each) => each.hosts)).toEqual(["all", "b"]);
    const items = plays[0]?.sections[2]?.items ?? [];
    expect(items.map((item) => item.kind === "task" && item.module)).toEqual(["ping", "debug"]);
    expect(items[0]?.when).toHaveLength(1);
    expect(items[0]?.tags).toEqual(["w"]);
  });
});
