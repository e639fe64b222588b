import { describe, expect, test } from "vitest";
import { runText } from "./play.ts";

describe("keywords", () => {
  test("environment reaches commands, the nearest layer over the others", async () => {
    const done = await runText(`
- hosts: all
  environment: {A: play, B: play}
  tasks:
    - {name: a, command: printenv A B, environment: {B: task}, register: r}
    - {name: b, assert: {that: "r.stdout_lines == ['play', 'task']"}}
`);
    expect(done.lines, done.output).toEqual(["h1 changed a", "h1 ok b"]);
  });

  test("module_defaults stand below the task's own arguments; omit takes an argument away", async () => {
    const done = await runText(`
- hosts: all
  module_defaults:
    file: {state: directory, mode: "0700"}
  tasks:
    - {name: a, file: {path: "{{ dir }}/a"}, register: a}
    - {name: b, file: {path: "{{ dir }}/b", mode: "0711"}, register: b}
    - {name: c, copy: {content: x, dest: "{{ dir }}/c", owner: "{{ nobody | default(omit) }}"}}
    - {name: d, assert: {that: ["a.mode == '0700'", "b.mode == '0711'"]}}
`);
    expect(done.lines, done.output).toEqual(["h1 changed a", "h1 changed b", "h1 changed c", "h1 ok d"]);
  });

  test("no_log is on the result, whatever fails", async () => {
    const done = await runText(`
- hosts: all
  tasks:
    - {name: a, debug: {msg: secret}, no_log: true}
    - {name: b, debug: {msg: "{{ nowhere }}"}, no_log: true, ignore_errors: true}
`);
    expect(done.results.map((each) => each.noLog)).toEqual([true, true]);
  });

  test("diff comes with --diff, or where the task says so", async () => {
    const play = `
- hosts: all
  tasks:
    - {name: a, copy: {content: "x\\n", dest: "{{ dir }}/a"}}
    - {name: b, copy: {content: "x\\n", dest: "{{ dir }}/b"}, diff: true}
`;
    const plain = await runText(play);
    expect(plain.results.map((each) => each.diff.length)).toEqual([0, 1]);
    const diff = await runText(play, { diff: true });
    expect(diff.results.map((each) => each.diff.length)).toEqual([1, 1]);
  });

  test("check_mode of a task predicts it alone", async () => {
    const done = await runText(`
- hosts: all
  tasks:
    - {name: a, file: {path: "{{ dir }}/a", state: directory}, check_mode: true}
    - {name: b, stat: {path: "{{ dir }}/a"}, register: s}
    - {name: c, assert: {that: not s.stat.exists}}
`);
    expect(done.lines, done.output).toEqual(["h1 changed a", "h1 ok b", "h1 ok c"]);
  });

  test("an unreachable host leaves with 4, or is ignored", async () => {
    const inventory = `
all:
  hosts:
    h1: {ansible_connection: local}
    gone: {ansible_host: 127.0.0.1, ansible_port: 1, ansible_host_key_checking: false}
`;
    const play = (more: string) => `
- hosts: all
  tasks:
    - {name: a, command: "true"${more}}
    - {name: b, debug: {msg: x}}
`;
    const lost = await runText(play(""), { inventory });
    expect(lost.lines, lost.output).toEqual(["h1 changed a", "gone unreachable a", "h1 ok b"]);
    expect(lost.exitCode).toBe(4);
    const ignored = await runText(play(", ignore_unreachable: true"), { inventory });
    expect(ignored.lines, ignored.output).toEqual([
      "h1 changed a",
      "gone unreachable a ignored",
      "h1 ok b",
      "gone ok b",
    ]);
    expect(ignored.exitCode).toBe(0);
  });

  test("a command that takes too long is killed", async () => {
    const done = await runText(`
- hosts: all
  tasks: [{name: a, command: sleep 600, timeout: 1}]
`);
    expect(done.lines).toEqual(["h1 failed a"]);
    expect(String(done.results[0]?.value["msg"])).toMatch(/1 s/);
  });

  test("async with poll waits; without, async_status asks later", async () => {
    const done = await runText(`
- hosts: all
  tasks:
    - {name: a, shell: echo out; echo err >&2; exit 3, async: 60, poll: 1, register: a, ignore_errors: true}
    - {name: b, assert: {that: ["a.rc == 3", "a.stdout == 'out'", "a.stderr == 'err'"]}}
    - {name: c, command: echo later, async: 60, poll: 0, register: job}
    - name: d
      async_status: {jid: "{{ job.ansible_job_id }}"}
      register: d
      until: d.finished == 1
      retries: 60
      delay: 1
    - {name: e, assert: {that: "d.stdout == 'later'"}}
    - {name: f, async_status: {jid: "{{ job.ansible_job_id }}", mode: cleanup}}
`);
    expect(done.lines, done.output).toEqual([
      "h1 failed a ignored",
      "h1 ok b",
      "h1 changed c",
      "h1 changed d",
      "h1 ok e",
      "h1 ok f",
    ]);
  });

  test("debug shows that an attribute is not there", async () => {
    const done = await runText(`
- hosts: all
  vars: {a: {}}
  tasks: [{name: a, debug: {var: a.b.c}}]
`);
    expect(done.results[0]?.value["a.b.c"]).toBe("VARIABLE IS NOT DEFINED!");
  });

  test("what a state module printed is there line by line", async () => {
    const done = await runText(`
- hosts: all
  tasks: [{name: a, sysctl: {name: no.such, value: "1", sysctl_set: true, sysctl_file: /nonexistent}, ignore_errors: true}]
`);
    expect(done.results[0]?.value).toMatchObject({
      stdout_lines: [],
      stderr_lines: [expect.stringContaining("sysctl")],
    });
  });

  test("precedence: from role defaults to extra variables", async () => {
    const done = await runText(
      `
- hosts: all
  vars: {p: play, t: play, s: play, e: play}
  roles: [{role: r, q: param}]
  tasks:
    - {name: t, assert: {that: ["d == 'default'", "t == 'task'"]}, vars: {t: task}}
    - {name: s, set_fact: {s: fact, e: fact}}
    - {name: x, assert: {that: ["s == 'fact'", "e == 'extra'", "p == 'play'"]}}
`,
      {
        extraVars: { e: "extra" },
        files: {
          "roles/r/defaults/main.yml": "d: default\np: default\nq: default\n",
          "roles/r/vars/main.yml": "v: vars\n",
          "roles/r/tasks/main.yml":
            "- {name: r, assert: {that: [\"p == 'play'\", \"q == 'param'\", \"v == 'vars'\", \"role_name == 'r'\"]}}\n",
        },
      },
    );
    expect(done.lines, done.output).toEqual(["h1 ok r : r", "h1 ok t", "h1 ok s", "h1 ok x"]);
  });

  test("a role's argument_specs are checked before its tasks", async () => {
    const files = {
      "roles/r/meta/argument_specs.yml":
        "argument_specs:\n  main:\n    short_description: The role\n    options:\n      port: {type: int, required: true}\n      kind: {type: str, choices: [a, b], default: a}\n",
      "roles/r/tasks/main.yml": "- {name: r, debug: {msg: x}}\n",
    };
    const play = (vars: string) => `
- hosts: all
  vars: ${vars}
  roles: [r]
`;
    const good = await runText(play("{port: 80}"), { files });
    expect(good.lines, good.output).toEqual([
      "h1 ok r : Validating arguments against arg spec 'main' - The role",
      "h1 ok r : r",
    ]);
    const bad = await runText(play("{kind: c}"), { files });
    expect(bad.exitCode).toBe(2);
    expect(bad.results[0]?.value["argument_errors"]).toEqual([
      "value of kind must be one of: a, b, got: c",
      "missing required arguments: port",
    ]);
  });

  test("free: hosts do not wait for each other, each keeps its order", async () => {
    const done = await runText(
      `
- hosts: all
  strategy: free
  tasks:
    - {name: a, command: "true"}
    - {name: b, debug: {msg: x}}
`,
      { hosts: ["h1", "h2", "h3"] },
    );
    for (const host of ["h1", "h2", "h3"]) {
      const own = done.lines.filter((line) => line.startsWith(host));
      expect(own).toEqual([`${host} changed a`, `${host} ok b`]);
    }
  });

  test("add_host and group_by make hosts for later plays", async () => {
    const done = await runText(`
- hosts: all
  tasks:
    - {name: a, add_host: {name: new, groups: fresh, ansible_connection: local, x: 1}}
    - {name: b, group_by: {key: "kind_{{ inventory_hostname }}"}}
- hosts: fresh:kind_h1
  tasks:
    - {name: c, debug: {msg: "{{ x | default('none') }}"}}
`);
    expect(done.lines, done.output).toEqual(["h1 changed a", "h1 changed b", "h1 ok c", "new ok c"]);
  });

  test("facts of several modules stand beside each other", async () => {
    const done = await runText(`
- hosts: all
  gather_facts: true
  gather_subset: [min]
  tasks:
    - {name: a, getent: {database: passwd, key: root}}
    - {name: b, assert: {that: ["ansible_facts.getent_passwd.root is defined", "ansible_distribution is defined", "ansible_facts.system == ansible_system"]}}
`);
    expect(done.lines, done.output).toEqual(["h1 ok Gathering Facts", "h1 ok a", "h1 ok b"]);
  });

  test("a dependency runs once, a role with another condition again", async () => {
    const done = await runText(
      `
- hosts: all
  roles: [{role: a, tags: x}, {role: b, tags: y}, {role: b, when: true}]
`,
      {
        files: {
          "roles/c/tasks/main.yml": "- {name: c, debug: {msg: x}}\n",
          "roles/a/tasks/main.yml": "- {name: a, debug: {msg: x}}\n",
          "roles/b/tasks/main.yml": "- {name: b, debug: {msg: x}}\n",
          "roles/a/meta/main.yml": "dependencies: [c]\n",
          "roles/b/meta/main.yml": "dependencies: [c]\n",
        },
      },
    );
    expect(done.lines, done.output).toEqual(["h1 ok c : c", "h1 ok a : a", "h1 ok b : b", "h1 ok b : b"]);
  });

  test("tags of a role reach what it includes", async () => {
    const done = await runText(
      `
- hosts: all
  roles: [{role: r, tags: [t]}]
  tasks: [{name: other, debug: {msg: x}}]
`,
      {
        tags: ["t"],
        files: {
          "roles/r/tasks/main.yml": "- {name: i, include_tasks: more.yml}\n",
          "roles/r/tasks/more.yml": "- {name: more, debug: {msg: x}}\n",
        },
      },
    );
    expect(done.lines, done.output).toEqual(["included more.yml for h1", "h1 ok r : more"]);
  });
});

describe("until", () => {
  test("leaves what is wrong with the arguments as it is: there is nothing to try again", async () => {
    const done = await runText(`
- hosts: all
  tasks:
    - {name: a, command: "echo {{ nothing }}", register: a, until: a.rc == 0, retries: 3, delay: 0, ignore_errors: true}
    - {name: b, assert: {that: "'nothing' in a.msg"}}
`);
    expect(done.lines, done.output).toEqual(["h1 failed a ignored", "h1 ok b"]);
    expect(done.events.filter(({ type }) => type === "retry")).toEqual([]);
  });
});
