import { beforeAll, describe, expect, test } from "vitest";
import { jsonReporter } from "../../../engine/report/json.ts";
import { junitReporter } from "../../../engine/report/junit.ts";
import { ndjsonReporter } from "../../../engine/report/ndjson.ts";
import { Vault } from "../../../engine/source/vault.ts";
import { type PlayRecord, runText } from "./play.ts";

/*
 * What must not be seen is looked for in everything that a run puts out, however it is spelt there. Each secret has a
 * part that is in no other text and that survives quoting and escaping; encoded forms are looked for on their own.
 */

const vault = new Vault([{ id: "default", password: "pass" }]);
const secrets = {
  single: `Gr8-mellon'"\\$ <&> ü/%`,
  lines: "-----BEGIN-----\nbase-fathom-line\n  indented-kelp-line\n-----END-----\n",
  in_a_file: "quill8feather",
  number: 73519246,
  nolog: "lantern4wick",
  token: "argument8token",
};
/** Parts that no output may hold. */
const traces = ["mellon", "fathom", "kelp-line", "quill8", "73519246", "lantern4", "8token"];
const encoded = [
  ...[secrets.single, secrets.in_a_file, secrets.nolog, `x${secrets.nolog}`, `xx${secrets.nolog}`].map((text) =>
    Buffer.from(text).toString("base64").slice(4, 12),
  ),
  Buffer.from("mellon").toString("hex"),
];

function vaulted(text: string, indent: number): string {
  return `!vault |\n${vault
    .encrypt(text, undefined, Buffer.alloc(32))
    .trimEnd()
    .split("\n")
    .map((line) => " ".repeat(indent) + line)
    .join("\n")}`;
}

const playbook = `
- name: "play of {{ single }}"
  hosts: h1
  vars:
    single: ${vaulted(secrets.single, 6)}
    lines: ${vaulted(secrets.lines, 6)}
  vars_files: [vaulted.yml]
  tasks:
    - {name: "task {{ single }}", debug: {var: single}}
    - {name: forms, debug: {msg: "{{ item }}"}, loop_control: {label: "{{ item }} labelled"}, loop: [
        "{{ single | quote }}", "{{ single | to_json }}", "{{ {'a': single} | to_json | to_json }}", "{{ single | b64encode }}",
        "{{ ('user:' ~ single) | b64encode }}", "{{ single | urlencode }}", "{{ {'a': [single]} | to_nice_yaml }}",
        "{{ [single] | string }}", "{{ single | regex_replace('$', ' end') }}", "{{ lines | replace('\\n', ';') }}",
        "{{ lines.splitlines() }}", "{{ lines | indent(4) }}", "{{ in_a_file }}", "{{ in_a_file | b64encode }}", "{{ nested }}",
        "{{ number }}", "{{ number | int + 0 }}", "{{ single | escape }}"]}
    - {name: dict as loop, debug: {msg: "{{ item.value }}"}, loop: "{{ {'k': single} | dict2items }}"}
    - {name: output, command: "printf '%s\\\\n' {{ single | quote }} {{ lines | quote }} {{ in_a_file }}", register: shown}
    - {name: reads, shell: "cat", args: {stdin: "{{ single }}"}}
    - {name: error output, shell: "echo {{ single | quote }} >&2; exit 3", ignore_errors: true}
    - {name: in chunks, shell: "printf qui; sleep 0.2; printf ll8feather"}
    - {name: registered, debug: {var: shown}}
    - {name: diff, copy: {dest: "{{ dir }}/a", content: "first\\n{{ in_a_file }}\\n"}}
    - {name: diff again, copy: {dest: "{{ dir }}/a", content: "second\\n{{ single }}\\n"}, notify: "handle {{ single }}"}
    - {name: failing, fail: {msg: "cannot use {{ single }}"}, ignore_errors: true}
    - {name: asserted, assert: {that: "single == 'x'", fail_msg: "it is {{ single }}"}, ignore_errors: true}
    - {name: template error, debug: {msg: "{{ {'a': 1}[in_a_file] }}"}, ignore_errors: true}
    - {name: bad argument, file: {path: "{{ dir }}/x", state: "{{ in_a_file }}"}, ignore_errors: true}
    - {name: bad command, command: "{{ in_a_file }}", ignore_errors: true}
    - {name: retried, command: "sh -c 'echo {{ in_a_file }}; false'", retries: 1, delay: 0, ignore_errors: true}
    - {name: stats, set_stats: {data: {a: "{{ single }}"}}}
    - {name: included, include_tasks: "more.yml", loop: ["{{ single }}"]}
    - {name: hidden, command: "echo {{ hidden }}", no_log: true, register: quiet}
    - {name: hidden list, command: "echo {{ item }}", no_log: true, loop: ["{{ hidden }}", "{{ hidden }}2"]}
    - {name: hidden failure, shell: "echo {{ hidden }} >&2; exit 1", no_log: true, ignore_errors: true}
    - {name: hidden error, debug: {msg: "{{ hidden.nowhere }}"}, no_log: true, ignore_errors: true}
    - {name: hidden diff, copy: {dest: "{{ dir }}/b", content: "{{ hidden }}"}, no_log: true}
    - {name: hidden retry, shell: "echo {{ hidden }}; false", no_log: true, retries: 1, delay: 0, ignore_errors: true}
    - {name: hidden include, include_tasks: more.yml, loop: ["{{ hidden }}"], no_log: true}
    - {name: what was hidden, debug: {var: quiet}}
    - {name: a part of it, debug: {msg: "{{ quiet.stdout_lines[0] | b64encode }} {{ quiet.stdout }}"}}
    - {name: hidden fact, set_fact: {kept: "{{ hidden | upper }}"}, no_log: true}
    - {name: the fact, debug: {var: kept}}
    - {name: marked secret, consul_kv: {url: "http://127.0.0.1:9", key: a, value: b, token: argument8token}, ignore_errors: true}
    - {name: later, debug: {msg: "the token was argument8token"}}
    - {name: public words stay, debug: {msg: "present directory changed failed running"}}
  handlers:
    - {name: "handle {{ single }}", debug: {msg: handled}}
`;

let record: PlayRecord;
const outputs: { [name: string]: string } = {};

beforeAll(async () => {
  record = await runText(playbook, {
    vault,
    verbosity: 3,
    diff: true,
    extraVars: { hidden: secrets.nolog },
    files: {
      "more.yml": "- {name: 'more of {{ item }}', debug: {msg: hello}}\n",
      "vaulted.yml": vault.encrypt(
        `in_a_file: ${secrets.in_a_file}\nnumber: ${secrets.number}\nnested: {deep: ["${secrets.in_a_file}-x"]}\n`,
      ),
    },
  });
  outputs["default -vvv --diff"] = record.output;
  for (const [name, reporter] of [
    ["json", jsonReporter],
    ["ndjson", ndjsonReporter],
    ["junit", junitReporter],
  ] as const) {
    outputs[name] = "";
    const consumer = reporter((text) => {
      outputs[name] += text;
    });
    for (const event of record.events) consumer.report(event);
    await consumer.end?.();
  }
});

test("all of it ran", () => {
  expect(record.exitCode, record.output).toBe(0);
  expect(record.lines).toContain("h1 ok public words stay");
  expect(record.output).toContain("present directory changed failed running");
  expect(record.output).toContain("RUNNING HANDLER [handle ********]");
  expect(record.output).toContain("+second");
});

describe.each(["default -vvv --diff", "json", "ndjson", "junit"])("%s", (form) => {
  test.each([...traces, ...encoded])("does not hold %s", (trace) => {
    const shown = outputs[form] ?? "";
    const at = shown.toLowerCase().indexOf(trace.toLowerCase());
    expect(at < 0 ? "" : shown.slice(Math.max(0, at - 300), at + 100)).toBe("");
  });

  test("keeps what is no secret", () => {
    expect(outputs[form]).toContain("public words stay");
  });
});

test("the stream's own words stay where a secret has the same", async () => {
  const words = ["result", "changed", "task-start", "command", "started", "h1host1"];
  const { events, hosts } = await runText(
    `- hosts: all\n  tasks:\n    - {name: a, command: echo result, no_log: true}\n    - {name: b, debug: {msg: "{{ words }}"}}\n`,
    {
      hosts: ["h1host1"],
      vault,
      extraVars: { words: { list: words } },
    },
  );
  expect(events.filter((event) => event.type === "result")).toHaveLength(2);
  expect(Object.keys(hosts)).toEqual(["h1host1"]);
});
