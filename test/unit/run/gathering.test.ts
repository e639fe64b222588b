import { describe, expect, test } from "vitest";
import { runText } from "./play.ts";

const plays = `
- {hosts: all, gather_subset: [min], tasks: [{name: a, debug: {msg: "{{ ansible_facts.system }}"}}]}
- {hosts: all, gather_subset: [min], tasks: [{name: b, debug: {msg: "{{ ansible_facts.system }}"}}]}
- {hosts: all, gather_facts: true, gather_subset: [min], tasks: [{meta: clear_facts}]}
- {hosts: all, gather_subset: [min], tasks: [{name: c, debug: {msg: "{{ ansible_facts.system }}"}}]}
`;

describe("gathering", () => {
  test.each([
    ["implicit", 4],
    ["smart", 2],
    ["explicit", 1],
  ] as const)("%s", async (gathering, times) => {
    const text = gathering === "explicit" ? plays.replaceAll(/msg: "[^"]*"/g, "msg: x") : plays;
    const done = await runText(text, { gathering });
    expect(done.exitCode, done.output).toBe(0);
    expect(done.lines.filter((line) => line.includes("Gathering Facts"))).toHaveLength(times);
  });

  test("smart asks each host that was not asked", async () => {
    const done = await runText(
      `
- {hosts: h1, gather_subset: [min], tasks: []}
- {hosts: all, gather_subset: [min], tasks: []}
`,
      { gathering: "smart", hosts: ["h1", "h2"] },
    );
    expect(done.lines).toEqual(["h1 ok Gathering Facts", "h2 ok Gathering Facts"]);
  });
});

describe("meta: refresh_inventory", () => {
  const local = "{ansible_connection: local}";

  test("reads the sources again, for the plays that follow; what add_host made stays", async () => {
    const done = await runText(
      `
- hosts: h1
  tasks:
    - {name: made, add_host: {name: h3, ansible_connection: local}}
    - {name: edit, copy: {dest: "{{ inventory_file }}", content: "all: {hosts: {h1: ${local}, h2: ${local}}}"}}
    - {meta: refresh_inventory}
- {hosts: all, tasks: [{name: seen, debug: {msg: hello}}]}
`,
      { inventory: `all: {hosts: {h1: ${local}}}` },
    );
    expect(done.lines.slice(2), done.output).toEqual(["h1 ok seen", "h2 ok seen", "h3 ok seen"]);
  });

  test("fails where they cannot be read, and leaves what there was", async () => {
    const done = await runText(
      `
- hosts: h1
  tasks:
    - {name: edit, copy: {dest: "{{ inventory_file }}", content: "all: ["}}
    - block: [{name: again, meta: refresh_inventory}]
      rescue: [{name: rescued, debug: {msg: hello}}]
- {hosts: all, tasks: [{name: seen, debug: {msg: hello}}]}
`,
      { inventory: `all: {hosts: {h1: ${local}}}` },
    );
    expect(done.lines.slice(2), done.output).toEqual(["h1 ok rescued", "h1 ok seen"]);
  });
});
