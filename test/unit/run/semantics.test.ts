import { describe, expect, test } from "vitest";
import { type PlayOptions, runText } from "./play.ts";

/** A playbook, and the lines that Ansible's strategy would print for it. */
interface Case extends PlayOptions {
  readonly name: string;
  readonly play: string;
  readonly lines: readonly string[];
  readonly exit?: number;
}

function cases(title: string, list: readonly Case[]): void {
  describe(title, () => {
    test.each(list)("$name", async ({ name: _, play, lines, exit = 0, ...options }) => {
      const done = await runText(play, options);
      expect(done.lines, done.output).toEqual(lines);
      expect(done.exitCode, done.output).toBe(exit);
    });
  });
}

const say = (name: string, more = "") => `{name: ${name}, debug: {msg: x}${more}}`;
const bad = (name: string, more = "") => `{name: ${name}, fail: {msg: no}${more}}`;
const change = (name: string, more = "") => `{name: ${name}, command: "true"${more}}`;

cases("blocks", [
  {
    name: "rescue runs after a failure, then always, and the host goes on",
    play: `
- hosts: all
  tasks:
    - block:
        - ${say("a")}
        - ${bad("b")}
        - ${say("c")}
      rescue:
        - {name: r, debug: {msg: "{{ ansible_failed_task.name }} {{ ansible_failed_result.msg }}"}}
      always:
        - ${say("z")}
    - ${say("end")}
`,
    lines: ["h1 ok a", "h1 failed b rescued", "h1 ok r", "h1 ok z", "h1 ok end"],
  },
  {
    name: "always runs without rescue, and the host fails then",
    play: `
- hosts: all
  tasks:
    - block: [${bad("b")}]
      always: [${say("z")}]
    - ${say("end")}
`,
    lines: ["h1 failed b", "h1 ok z"],
    exit: 2,
  },
  {
    name: "a failing rescue still runs always",
    play: `
- hosts: all
  tasks:
    - block: [${bad("b")}]
      rescue: [${bad("r")}]
      always: [${say("z")}]
    - ${say("end")}
`,
    lines: ["h1 failed b rescued", "h1 failed r", "h1 ok z"],
    exit: 2,
  },
  {
    name: "nested blocks: the outer rescue takes over what the inner always lets through",
    play: `
- hosts: all
  tasks:
    - block:
        - block: [${bad("b")}]
          always: [${say("inner")}]
        - ${say("never")}
      rescue: [${say("outer")}]
`,
    lines: ["h1 failed b rescued", "h1 ok inner", "h1 ok outer"],
  },
  {
    name: "when of a block counts for each task in it",
    play: `
- hosts: all
  tasks:
    - block: [${say("a")}]
      when: inventory_hostname == 'h2'
`,
    hosts: ["h1", "h2"],
    lines: ["h1 skipped a", "h2 ok a"],
  },
  {
    name: "hosts wait for the one that is in rescue",
    play: `
- hosts: all
  tasks:
    - block:
        - ${bad("a", ", when: inventory_hostname == 'h1'")}
        - ${say("b")}
      rescue: [${say("r")}]
    - ${say("end")}
`,
    hosts: ["h1", "h2"],
    lines: ["h1 failed a rescued", "h2 skipped a", "h2 ok b", "h1 ok r", "h1 ok end", "h2 ok end"],
  },
]);

cases("failures", [
  {
    name: "a failed host leaves, the others go on",
    play: `
- hosts: all
  tasks:
    - ${bad("a", ", when: inventory_hostname == 'h1'")}
    - ${say("b")}
- hosts: all
  tasks: [${say("c")}]
`,
    hosts: ["h1", "h2"],
    lines: ["h1 failed a", "h2 skipped a", "h2 ok b", "h2 ok c"],
    exit: 2,
  },
  {
    name: "ignore_errors goes on",
    play: `
- hosts: all
  tasks:
    - ${bad("a", ", ignore_errors: true, register: r")}
    - {name: b, debug: {msg: "{{ r is failed }}"}, when: r is failed}
`,
    lines: ["h1 failed a ignored", "h1 ok b"],
  },
  {
    name: "any_errors_fatal ends the play for all",
    play: `
- hosts: all
  any_errors_fatal: true
  tasks:
    - ${bad("a", ", when: inventory_hostname == 'h1'")}
    - ${say("b")}
- hosts: all
  tasks: [${say("c")}]
`,
    hosts: ["h1", "h2"],
    lines: ["h1 failed a", "h2 skipped a"],
    exit: 2,
  },
  {
    name: "failed_when and changed_when decide",
    play: `
- hosts: all
  tasks:
    - {name: a, command: "false", failed_when: false, changed_when: false}
    - {name: b, command: echo hi, register: b, changed_when: "'hi' in b.stdout", failed_when: b.rc != 0}
    - {name: c, command: echo hi, register: c, failed_when: "'hi' in c.stdout"}
`,
    lines: ["h1 ok a", "h1 changed b", "h1 failed c"],
    exit: 2,
  },
]);

cases("handlers", [
  {
    name: "run once, in the order of definition, at the end",
    play: `
- hosts: all
  tasks:
    - ${change("a", ", notify: [two, one]")}
    - ${change("b", ", notify: one")}
  handlers:
    - ${say("one")}
    - ${say("two")}
    - ${say("three")}
`,
    lines: ["h1 changed a", "h1 changed b", "h1 ok handler one", "h1 ok handler two"],
  },
  {
    name: "flush_handlers runs them in between; listen; no notify without a change",
    play: `
- hosts: all
  tasks:
    - ${change("a", ", notify: topic")}
    - meta: flush_handlers
    - ${say("b", ", notify: other")}
  handlers:
    - ${say("one", ", listen: topic")}
    - ${say("other")}
`,
    lines: ["h1 changed a", "h1 ok handler one", "h1 ok b"],
  },
  {
    name: "are not run on a failed host, but with force_handlers",
    play: `
- hosts: all
  tasks:
    - ${change("a", ", notify: one")}
    - ${bad("b")}
  handlers: [${say("one")}]
`,
    lines: ["h1 changed a", "h1 failed b"],
    exit: 2,
  },
  {
    name: "force_handlers",
    play: `
- hosts: all
  force_handlers: true
  tasks:
    - ${change("a", ", notify: one")}
    - ${bad("b")}
  handlers: [${say("one")}]
`,
    lines: ["h1 changed a", "h1 failed b", "h1 ok handler one"],
    exit: 2,
  },
  {
    name: "a handler notifies a later one",
    play: `
- hosts: all
  tasks: [${change("a", ", notify: one")}]
  handlers:
    - ${change("one", ", notify: two")}
    - ${say("two")}
`,
    lines: ["h1 changed a", "h1 changed handler one", "h1 ok handler two"],
  },
  {
    name: "an unknown handler fails the task",
    play: `
- hosts: all
  tasks: [${change("a", ", notify: nobody")}]
`,
    lines: ["h1 failed a"],
    exit: 2,
  },
]);

cases("loops", [
  {
    name: "each item has its result, then the whole",
    play: `
- hosts: all
  tasks:
    - {name: a, debug: {msg: "{{ item }}"}, loop: [x, y], when: item != 'x'}
    - {name: b, command: "echo {{ n }}", loop: [1, 2], loop_control: {loop_var: n, label: "n{{ n }}"}, register: r}
    - {name: c, assert: {that: "r.results | map(attribute='stdout') | list == ['1', '2']"}}
    - {name: d, debug: {msg: x}, loop: []}
`,
    lines: [
      'h1 skipped a ("x")',
      'h1 ok a ("y")',
      "h1 ok a",
      'h1 changed b ("n1")',
      'h1 changed b ("n2")',
      "h1 changed b",
      "h1 ok c",
      "h1 skipped d",
    ],
  },
  {
    name: "items of one file see each other's changes",
    play: `
- hosts: all
  tasks:
    - {name: a, lineinfile: {path: "{{ dir }}/f", line: "{{ item }}", create: true}, loop: [x, y, x]}
    - {name: b, file: {path: "{{ dir }}/{{ item }}", state: directory}, loop: [p, p/q, r]}
    - {name: c, command: "cat {{ dir }}/f", register: r, changed_when: false}
    - {name: d, assert: {that: "r.stdout_lines == ['x', 'y']"}}
`,
    lines: [
      'h1 changed a ("x")',
      'h1 changed a ("y")',
      'h1 ok a ("x")',
      "h1 changed a",
      'h1 changed b ("p")',
      'h1 changed b ("p/q")',
      'h1 changed b ("r")',
      "h1 changed b",
      "h1 ok c",
      "h1 ok d",
    ],
  },
  {
    name: "with_items flattens, with_dict, extended variables, index_var",
    play: `
- hosts: all
  tasks:
    - {name: a, debug: {msg: "{{ item }}"}, with_items: [[x], y]}
    - {name: b, debug: {msg: "{{ item.key }}"}, with_dict: {k: v}}
    - name: c
      assert: {that: "ansible_loop.last == (i == 1) and ansible_loop.length == 2"}
      loop: [x, y]
      loop_control: {extended: true, index_var: i}
`,
    lines: [
      'h1 ok a ("x")',
      'h1 ok a ("y")',
      "h1 ok a",
      'h1 ok b ({"key":"k","value":"v"})',
      "h1 ok b",
      'h1 ok c ("x")',
      'h1 ok c ("y")',
      "h1 ok c",
    ],
  },
  {
    name: "set_fact accumulates over items",
    play: `
- hosts: all
  tasks:
    - {name: a, set_fact: {all: "{{ all | default([]) + [item] }}"}, loop: [1, 2, 3]}
    - {name: b, assert: {that: "all == [1, 2, 3]"}}
`,
    lines: ["h1 ok a (1)", "h1 ok a (2)", "h1 ok a (3)", "h1 ok a", "h1 ok b"],
  },
  {
    name: "until runs again until it holds",
    play: `
- hosts: all
  tasks:
    - name: a
      shell: "echo x >> {{ dir }}/n; wc -l < {{ dir }}/n"
      register: r
      until: r.stdout | int >= 3
      retries: 5
      delay: 0
    - {name: b, assert: {that: "r.attempts == 3"}}
    - {name: c, command: "false", register: c, until: c.rc == 0, retries: 1, delay: 0, ignore_errors: true}
`,
    lines: ["h1 changed a", "h1 ok b", "h1 failed c ignored"],
  },
]);

cases("includes", [
  {
    name: "include_tasks by host, with loop and variables",
    play: `
- hosts: all
  tasks:
    - {name: i, include_tasks: "{{ inventory_hostname }}.yml"}
    - {name: l, include_tasks: item.yml, loop: [1, 2]}
    - ${say("end")}
`,
    hosts: ["h1", "h2"],
    files: {
      "h1.yml": "- {name: one, debug: {msg: x}}\n",
      "h2.yml": "- {name: two, debug: {msg: x}}\n",
      "item.yml": "- {name: 'item {{ item }}', debug: {msg: '{{ item }}'}}\n",
    },
    lines: [
      "included h1.yml for h1",
      "included h2.yml for h2",
      "h1 ok one",
      "h2 ok two",
      "included item.yml for h1,h2",
      "included item.yml for h1,h2",
      "h1 ok item 1",
      "h2 ok item 1",
      "h1 ok item 2",
      "h2 ok item 2",
      "h1 ok end",
      "h2 ok end",
    ],
  },
  {
    name: "include_role brings tasks, defaults and handlers; roles run once unless included",
    play: `
- hosts: all
  roles: [r, r]
  tasks:
    - {name: i, include_role: {name: r}}
    - {name: p, include_role: {name: r, tasks_from: other}}
`,
    files: {
      "roles/r/tasks/main.yml": "- {name: main, command: 'echo {{ v }}', notify: h}\n",
      "roles/r/tasks/other.yml": "- {name: other, debug: {msg: '{{ v }}'}}\n",
      "roles/r/defaults/main.yml": "v: 1\n",
      "roles/r/handlers/main.yml": "- {name: h, debug: {msg: x}}\n",
    },
    lines: [
      "h1 changed r : main",
      "included r for h1",
      "h1 changed r : main",
      "included r for h1",
      "h1 ok r : other",
      // Every include brings handlers of its own; as in Ansible a flush takes the last of a name.
      "h1 ok handler r : h",
    ],
  },
  {
    name: "a skipped include, and a missing file",
    play: `
- hosts: all
  tasks:
    - {name: s, include_tasks: a.yml, when: false}
    - {name: m, include_tasks: "{{ 'no' }}.yml"}
`,
    files: { "a.yml": "- debug:\n" },
    lines: ["h1 skipped s", "h1 failed m"],
    exit: 2,
  },
  {
    name: "apply gives tags and conditions",
    play: `
- hosts: all
  tasks:
    - {name: i, include_tasks: {file: a.yml, apply: {tags: [t], when: inventory_hostname == 'h2'}}, tags: [t]}
    - ${say("other")}
`,
    hosts: ["h1", "h2"],
    tags: ["t"],
    files: { "a.yml": "- {name: a, debug: {msg: x}}\n" },
    lines: ["included a.yml for h1,h2", "h1 skipped a", "h2 ok a"],
  },
  {
    name: "a block in an included file, its rescue included too",
    play: `
- hosts: all
  tasks:
    - block: [{name: i, include_tasks: a.yml}]
      rescue: [{name: j, include_tasks: b.yml}]
`,
    files: { "a.yml": "- {name: a, fail: {msg: x}}\n- debug:\n", "b.yml": "- {name: b, debug: {msg: x}}\n" },
    lines: ["included a.yml for h1", "h1 failed a rescued", "included b.yml for h1", "h1 ok b"],
  },
]);

cases("strategies and batches", [
  {
    name: "serial runs batches one after the other",
    play: `
- hosts: all
  serial: [1, "50%"]
  tasks: [${say("a")}, ${say("b")}]
`,
    hosts: ["h1", "h2", "h3", "h4"],
    lines: ["h1 ok a", "h1 ok b", "h2 ok a", "h3 ok a", "h2 ok b", "h3 ok b", "h4 ok a", "h4 ok b"],
  },
  {
    name: "a batch that failed whole ends the play",
    play: `
- hosts: all
  serial: 1
  tasks: [${bad("a")}]
`,
    hosts: ["h1", "h2"],
    lines: ["h1 failed a"],
    exit: 2,
  },
  {
    name: "max_fail_percentage",
    play: `
- hosts: all
  max_fail_percentage: 40
  tasks: [${bad("a", ", when: inventory_hostname == 'h1'")}, ${say("b")}]
`,
    hosts: ["h1", "h2"],
    lines: ["h1 failed a", "h2 skipped a", "no-hosts-remaining"],
    exit: 2,
  },
  {
    name: "run_once runs on the first host and registers for all",
    play: `
- hosts: all
  tasks:
    - {name: a, command: echo once, run_once: true, register: r}
    - {name: b, assert: {that: "r.stdout == 'once'"}}
`,
    hosts: ["h1", "h2"],
    lines: ["h1 changed a", "h1 ok b", "h2 ok b"],
  },
  {
    name: "order reverses",
    play: `
- hosts: all
  order: reverse_inventory
  tasks: [${say("a")}]
`,
    hosts: ["h1", "h2"],
    lines: ["h2 ok a", "h1 ok a"],
  },
  {
    name: "end_host, end_play",
    play: `
- hosts: all
  tasks:
    - {meta: end_host, when: inventory_hostname == 'h1'}
    - ${say("a")}
    - meta: end_play
    - ${say("b")}
- hosts: all
  tasks: [${say("c")}]
`,
    hosts: ["h1", "h2"],
    lines: ["h2 skipped meta", "h2 ok a", "h1 ok c", "h2 ok c"],
  },
  {
    name: "no host matches",
    play: `
- hosts: nobody
  tasks: [${say("a")}]
`,
    lines: ["no-hosts-matched"],
  },
  {
    name: "tags and start-at-task",
    play: `
- hosts: all
  tasks:
    - ${say("a")}
    - ${say("b", ", tags: [never, t]")}
    - ${say("c", ", tags: [always]")}
    - ${say("d")}
`,
    startAtTask: "c*",
    lines: ["h1 ok c", "h1 ok d"],
  },
  {
    name: "delegate_to shows the delegate and registers here",
    play: `
- hosts: h1
  tasks:
    - {name: a, command: "echo {{ inventory_hostname }}", delegate_to: h2, register: r}
    - {name: b, assert: {that: "r.stdout == 'h1'"}}
    - {name: c, set_fact: {x: 1}, delegate_to: h2, delegate_facts: true}
    - {name: d, assert: {that: ["x is not defined", "hostvars.h2.x == 1"]}}
`,
    hosts: ["h1", "h2"],
    lines: ["h1 changed a", "h1 ok b", "h1 ok c", "h1 ok d"],
  },
]);

cases("check mode", [
  {
    name: "what cannot be known is unknown, and conditions on it too",
    play: `
- hosts: all
  tasks:
    - {name: a, command: echo hi, register: r}
    - {name: b, debug: {msg: x}, when: r.stdout == 'hi'}
    - {name: c, assert: {that: "r.rc == 0"}}
    - {name: d, fail: {msg: x}, when: "'no' in r.stdout"}
    - {name: e, debug: {msg: x}, loop: "{{ r.stdout_lines }}"}
    - {name: f, command: echo, check_mode: false, changed_when: false}
    - {name: g, include_tasks: a.yml, when: r.rc == 1}
`,
    check: true,
    files: { "a.yml": "- debug:\n" },
    lines: ["h1 unknown a", "h1 unknown b", "h1 unknown c", "h1 unknown d", "h1 unknown e", "h1 ok f", "h1 unknown g"],
  },
  {
    name: "predictions build on each other",
    play: `
- hosts: all
  tasks:
    - {name: a, file: {path: "{{ dir }}/d", state: directory, mode: "0755"}}
    - {name: b, copy: {content: hi, dest: "{{ dir }}/d/f"}}
    - {name: c, copy: {content: hi, dest: "{{ dir }}/d/f"}}
    - {name: d, command: "touch {{ dir }}/d/f", args: {creates: "{{ dir }}/d/f"}}
`,
    check: true,
    lines: ["h1 changed a", "h1 changed b", "h1 ok c", "h1 ok d"],
  },
]);

describe("read-ahead", () => {
  const play = `
- hosts: all
  tasks:
${Array.from({ length: 8 }, (_, n) => `    - {name: t${n}, file: {path: "{{ dir }}/d${n % 3}", state: ${n === 5 ? "absent" : "directory"}}}`).join("\n")}
    - {name: r, stat: {path: "{{ dir }}/d2"}, register: s}
    - {name: x, file: {path: "{{ dir }}/x", state: directory}, when: not s.stat.exists}
`;
  test("gives the same events as task-by-task execution", async () => {
    const on = await runText(play);
    const off = await runText(play, { readAhead: false });
    expect(on.lines).toEqual(off.lines);
  });
});

test("a thousand items on the controller take no time worth mentioning", async () => {
  const done = await runText(`
- hosts: all
  vars: {list: "{{ range(1000) | list }}"}
  tasks:
    - {name: a, set_fact: {"v{{ item }}": "{{ item }}"}, loop: "{{ list }}"}
    - {name: b, debug: {msg: "{{ [1, 2, 3] | select('gt', 1) | map('string') | list }}"}, loop: "{{ list }}"}
`);
  expect(done.results.map((each) => each.status)).toEqual(["ok", "ok"]);
  expect(done.lines.length).toBe(2002);
});

describe("lines", () => {
  test("what no_log hides of a loop is a line an item, and a message of debug is none", async () => {
    const { output } = await runText(`
- hosts: all
  gather_facts: false
  tasks:
    - {name: hidden, debug: {msg: pass}, loop: [1, 2], no_log: true}
    - {name: job, command: "true", async: 5, poll: 1}
`);
    const told = output.split("\n").filter((line) => /^(ok|ASYNC)/.test(line));
    expect(told.map((line) => line.replace(/jid=.*/, "jid"))).toEqual([
      "ok: [h1] => (item=(censored due to no_log))",
      "ok: [h1] => (item=(censored due to no_log))",
      "ASYNC OK on h1: jid",
    ]);
  });
});
