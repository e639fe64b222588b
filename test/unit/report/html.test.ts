import { beforeAll, describe, expect, it } from "vitest";
import { htmlReporter } from "../../../engine/report/html.ts";
import { type PlayRecord, runText } from "../run/play.ts";

const playbook = `
- name: "a <b>play</b>"
  hosts: all
  tasks:
    - {name: one, copy: {dest: "{{ dir }}/{{ inventory_hostname }}", content: "<script>alert(1)</script>\\n"}}
    - {name: "loop & more", debug: {msg: "{{ item }}"}, loop: ["x<y", z]}
    - {name: wrong, command: "false", ignore_errors: true}
    - {name: hidden, command: echo quiet-word-1, no_log: true}
    - {name: last, fail: {msg: the end}, when: inventory_hostname == 'h2'}
`;

let page = "";
let record: PlayRecord;

beforeAll(async () => {
  record = await runText(playbook, { hosts: ["h1", "h2"], diff: true });
  const reporter = htmlReporter((text) => {
    page += text;
  });
  for (const event of record.events) reporter.report(event);
});

describe("the HTML page", () => {
  it("is one document that loads nothing and runs nothing", () => {
    expect(page).toMatch(/^<!doctype html>/);
    expect(page.match(/<\/html>/g)).toHaveLength(1);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|src=|@import|url\(|https?:/);
  });

  it("shows what came of the run, its hosts and every task", () => {
    expect(record.exitCode).toBe(2);
    expect(page).toContain('<b class="failed">failed</b>, exit code 2');
    for (const host of ["h1", "h2"]) expect(page).toContain(`<tr><th>${host}</th>`);
    for (const task of ["one", "wrong", "hidden", "last"]) expect(page).toContain(`<b>${task}</b>`);
  });

  it("takes texts as texts", () => {
    expect(page).toContain("Play: a &lt;b&gt;play&lt;/b&gt;");
    expect(page).toContain("<b>loop &amp; more</b>");
    expect(page).toContain("(item=x&lt;y)");
    expect(page).toContain("<ins>+&lt;script&gt;alert(1)&lt;/script&gt;</ins>");
  });

  it("has a bar for each task of a host, and opens what failed", () => {
    const bars = page.match(/<a href="#task-\d+" class="\w+" style="left:[\d.]+%;width:[\d.]+%"/g);
    expect(bars).toHaveLength(record.results.length);
    for (const [, id] of page.matchAll(/href="#task-(\d+)"/g)) expect(page).toContain(`<details id="task-${id}"`);
    expect(page.match(/<details id="task-\d+" open>/g)).toHaveLength(1);
  });

  it("holds no secret", () => {
    expect(page).not.toContain("quiet-word");
  });
});
