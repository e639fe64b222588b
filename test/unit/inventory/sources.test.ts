import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readLiteral } from "../../../engine/inventory/literal.ts";
import { loadInventory } from "../../../engine/inventory/load.ts";
import { expandRange } from "../../../engine/inventory/range.ts";
import { DiagnosticError } from "../../../engine/source/diagnostic.ts";
import { Float, type Value } from "../../../engine/source/value.ts";
import { files } from "../playbook/files.ts";

const at = { file: "hosts", line: 1, column: 1 };

function load(contents: { readonly [path: string]: string }, ...sources: string[]) {
  const folder = files(contents);
  const warnings: string[] = [];
  const paths = sources.map((source) => (source.includes(",") ? source : join(folder, source)));
  const inventory = loadInventory(paths, { warn: ({ summary, hint }) => void warnings.push(`${summary} (${hint})`) });
  return { inventory, warnings, folder };
}

/** What is wrong with a source, as `line:column summary`. */
function problem(text: string, name = "hosts"): string {
  try {
    load({ [name]: text }, name);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return error.diagnostics.map((each) => `${each.at?.line}:${each.at?.column} ${each.summary}`).join("\n");
  }
  return "";
}

// The answers of ansible-core 2.14 to the same values of [group:vars].
describe("values of INI inventories", () => {
  it.each<[string, Value]>([
    ["1", 1],
    ["-5", -5],
    ["- 1", -1],
    ["0x10", 16],
    ["-0x1F", -31],
    ["0o17", 15],
    ["1_000", 1000],
    ["00", 0],
    ["010", "010"],
    ["1e3", new Float(1000)],
    [".5", 0.5],
    ["5.", new Float(5)],
    ["1.5e-3", 0.0015],
    ["1_0.5", 10.5],
    ["12345678901234567890", 12345678901234567890n],
    ["True", true],
    ["true", "true"],
    ["yes", "yes"],
    ["None", null],
    ["", ""],
    ["foo # bar", "foo # bar"],
    ["1 # one", 1],
    ['"q # t"', "q # t"],
    ["'it''s'", "its"],
    ["'a\\tb' \"c\"", "a\tbc"],
    ["'unclosed", "'unclosed"],
    ["[1, 'b', None]", [1, "b", null]],
    ["[1,", "[1,"],
    ["[]", []],
    ["{}", {}],
    ["{'a': [1, {'b': None}], \"c\": 1.5}", { a: [1, { b: null }], c: 1.5 }],
    ["1,2", [1, 2]],
    ["(1)", 1],
    ["(1,)", [1]],
    ["('a','b')", ["a", "b"]],
    ["1-2", "1-2"],
    ["1.2.3", "1.2.3"],
    ["10.0.0.1", "10.0.0.1"],
    ["2020-01-01", "2020-01-01"],
    ["a=b", "a=b"],
    ["{{ x }}", "{{ x }}"],
    ["spaced value", "spaced value"],
  ])("%s", (text, expected) => {
    expect(readLiteral(text)).toEqual(expected);
  });
});

describe("ranges of hosts", () => {
  it.each<[string, string[]]>([
    ["web", ["web"]],
    ["web[1:3]", ["web1", "web2", "web3"]],
    ["web[08:10].x", ["web08.x", "web09.x", "web10.x"]],
    ["db[1:5:2]", ["db1", "db3", "db5"]],
    ["db-[a:c]", ["db-a", "db-b", "db-c"]],
    ["r[1:2]n[1:2]", ["r1n1", "r1n2", "r2n1", "r2n2"]],
  ])("%s", (name, expected) => {
    expect(expandRange(name, at)).toEqual(expected);
  });

  it.each(["web[3:1]", "web[1:x]", "web[01:100]", "web[1:3:0]"])("refuses %s", (name) => {
    expect(() => expandRange(name, at)).toThrow("is not a range of hosts");
  });
});

describe("INI", () => {
  it("reads hosts, groups, children and vars", () => {
    const { inventory } = load(
      {
        hosts: `alone ansible_host=10.0.0.9 note='x y'
port:2222
[web]
web[1:2] n=3 # a comment
[db]
db1
[prod:children]
web
db
[prod:vars]
level=[1, 2]
`,
      },
      "hosts",
    );
    expect([...inventory.hosts.keys()]).toEqual(["alone", "port", "web1", "web2", "db1"]);
    expect(inventory.hosts.get("alone")?.variables).toEqual({ ansible_host: "10.0.0.9", note: "x y" });
    expect(inventory.hosts.get("port")?.variables).toEqual({ ansible_port: 2222 });
    expect(inventory.hosts.get("web2")?.variables).toEqual({ n: 3 });
    expect(inventory.groups.get("prod")).toMatchObject({
      hosts: ["web1", "web2", "db1"],
      children: ["web", "db"],
      variables: { level: [1, 2] },
    });
    expect(inventory.groups.get("ungrouped")?.hosts).toEqual(["alone", "port"]);
  });

  it.each<[string, string]>([
    ["[web\n", '1:1 "[web" is not a section'],
    ["[web:hostz]\n", "1:1 [web:hostz] is not a kind of section"],
    ["[a:children]\nb\n", '2:1 there is no group "b"'],
    ["[a:vars]\nx\n", '2:1 "x" is not name=value'],
    ["h x\n", '1:1 "x" is not name=value'],
    ["[a:children]\na\n[a]\n", "2:1 group a would be its own ancestor"],
    ["h x='a\n", "1:1 the quote ' is not closed"],
  ])("%j says what is wrong", (text, expected) => {
    expect(problem(text)).toBe(expected);
  });
});

describe("YAML", () => {
  const text = `all:
  vars: {v: all}
  hosts:
    alone:
  children:
    web:
      hosts:
        web[1:2]: {n: 1}
      vars: {v: web}
    prod:
      children:
        web:
`;

  it("reads groups within groups", () => {
    const { inventory } = load({ "hosts.yml": text }, "hosts.yml");
    expect([...inventory.hosts.keys()]).toEqual(["alone", "web1", "web2"]);
    expect(inventory.groupsOf("web1")).toEqual(["all", "prod", "web"]);
    expect(inventory.groupsOf("alone")).toEqual(["all", "ungrouped"]);
    expect(inventory.groups.get("prod")?.hosts).toEqual(["web1", "web2"]);
  });

  it("is recognised without an ending", () => {
    expect(load({ hosts: text }, "hosts").inventory.hosts.size).toBe(3);
  });

  it("warns of keys that a group does not have", () => {
    const { warnings } = load({ "hosts.yml": "all:\n  host: {a: }\n" }, "hosts.yml");
    expect(warnings).toEqual([`"host" is not a key of group all (Did you mean 'hosts'?)`]);
  });

  it.each<[string, string]>([
    ["- a\n", "1:1 an inventory is a mapping of groups"],
    ["all:\n  hosts: a\n", "2:10 the hosts of all are a mapping"],
    ["all:\n  vars: [a]\n", "2:9 the vars of all must be a mapping"],
  ])("%j says what is wrong", (bad, expected) => {
    expect(problem(bad, "hosts.yml")).toBe(expected);
  });
});

describe("other sources", () => {
  it("takes a list of hosts", () => {
    const { inventory } = load({}, "a,b[1:2],c:22,");
    expect([...inventory.hosts.keys()]).toEqual(["a", "b1", "b2", "c"]);
    expect(inventory.hosts.get("c")?.variables).toEqual({ ansible_port: 22 });
  });

  it("reads a folder by name, without notes, copies and variables", () => {
    const { inventory } = load(
      {
        "inv/20-more": "b x=2\n",
        "inv/10-first.yml": "all: {hosts: {a: {x: 1}, b: {x: 1}}}\n",
        "inv/readme.md": "not an inventory",
        "inv/10-first.yml.bak": "c",
        "inv/.hidden": "d",
        "inv/group_vars/all.yml": "e: 1\n",
        "inv/host_vars/a.yml": "e: 1\n",
      },
      "inv",
    );
    expect([...inventory.hosts.keys()]).toEqual(["a", "b"]);
    expect(inventory.hosts.get("b")?.variables).toEqual({ x: 2 });
  });

  it("asks a program", () => {
    const folder = files({
      "hosts.sh": `#!/bin/sh
[ "$1" = --list ] || exit 1
echo '{"web": {"hosts": ["a"], "vars": {"v": 1}, "children": ["sub"]}, "sub": ["b"], "_meta": {"hostvars": {"a": {"x": 2}}}}'
`,
      "broken.sh": "#!/bin/sh\necho no >&2; exit 3\n",
    });
    chmodSync(join(folder, "hosts.sh"), 0o755);
    chmodSync(join(folder, "broken.sh"), 0o755);
    const inventory = loadInventory([join(folder, "hosts.sh")], { warn: () => {} });
    expect(inventory.groups.get("web")).toMatchObject({ hosts: ["a", "b"], children: ["sub"], variables: { v: 1 } });
    expect(inventory.hosts.get("a")?.variables).toEqual({ x: 2 });
    expect(() => loadInventory([join(folder, "broken.sh")], { warn: () => {} })).toThrow("ended with status 3: no");
  });

  it("says that a source is not there", () => {
    expect(() => load({}, "nowhere")).toThrow("there is no inventory");
  });
});

describe("groups of a host", () => {
  it("come by depth, then by priority, then by name", () => {
    const { inventory } = load(
      { hosts: "[b]\nh\n[a]\nh\n[c]\nh\n[top:children]\na\n[b:vars]\nansible_group_priority=10\n" },
      "hosts",
    );
    expect(inventory.groupsOf("h")).toEqual(["all", "c", "top", "b", "a"]);
    // A setting of the group, not a variable.
    expect(inventory.groups.get("b")).toMatchObject({ priority: 10, variables: {} });
  });

  it("follow what a run adds", () => {
    const { inventory } = load({}, "a,");
    expect(inventory.groups.get("new")).toBeUndefined();
    inventory.addHost("b", ["new"], { x: 1 });
    inventory.addToGroup("a", "sub", ["new"]);
    expect(inventory.groups.get("new")?.hosts).toEqual(["b", "a"]);
    expect(inventory.groupsOf("a")).toEqual(["all", "new", "sub"]);
  });
});
