import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadInventory } from "../../../engine/inventory/load.ts";
import { splitPattern } from "../../../engine/inventory/pattern.ts";
import { files } from "../playbook/files.ts";

function inventory() {
  const folder = files({ hosts: "alone\n[web]\nweb[1:4]\n[db]\ndb1\ndb2\nweb4\n[prod:children]\nweb\ndb\n" });
  return loadInventory([join(folder, "hosts")], { warn: () => {} });
}

describe("patterns of hosts", () => {
  it.each<[string, string[]]>([
    ["all", ["alone", "web1", "web2", "web3", "web4", "db1", "db2"]],
    ["*", ["alone", "web1", "web2", "web3", "web4", "db1", "db2"]],
    ["web", ["web1", "web2", "web3", "web4"]],
    ["ungrouped", ["alone"]],
    ["db:web", ["db1", "db2", "web4", "web1", "web2", "web3"]],
    ["web,db", ["web1", "web2", "web3", "web4", "db1", "db2"]],
    ["web:&db", ["web4"]],
    ["prod:!db", ["web1", "web2", "web3"]],
    ["!db", ["alone", "web1", "web2", "web3"]],
    ["web[0]", ["web1"]],
    ["web[-1]", ["web4"]],
    ["web[1:2]", ["web2", "web3"]],
    ["web[2:]", ["web3", "web4"]],
    ["web[9]", []],
    ["~web[12]$", ["web1", "web2"]],
    ["*1", ["web1", "db1"]],
    ["web?,!web2", ["web1", "web3", "web4"]],
    ["localhost", ["localhost"]],
    ["nothing", []],
  ])("%s", (pattern, expected) => {
    expect(inventory().match(pattern).hosts).toEqual(expected);
  });

  // The order of ansible-core 2.19: of each group its own hosts first, then level by level what is below.
  it("keeps the order of groups", () => {
    const folder = files({
      "hosts.yml": `all:
  children:
    b:
      hosts: {z: , y: }
      children:
        deep: {hosts: {m: , n: }}
        deep2: {children: {deeper: {hosts: {k: }}}}
    a:
      hosts: {c: , y: , x: }
  hosts: {x: , free: }
top2: {hosts: {t: }, children: {a: }}
ungrouped: {hosts: {u: }}
`,
    });
    const made = loadInventory([join(folder, "hosts.yml")], { warn: () => {} });
    const order = (pattern: string) => made.match(pattern).hosts.join(" ");
    expect(order("all")).toBe("x free u z y c t m n k");
    expect(order("b")).toBe("z y m n k");
    expect(order("top2")).toBe("t c y x");
    expect(order("ungrouped")).toBe("u free");
    expect(order("all:!b")).toBe("x free u c t");
  });

  it("stays within a limit, and says what matches nothing", () => {
    const { hosts, unmatched } = inventory().match("web:nothing", "web1,db");
    expect(hosts).toEqual(["web1", "web4"]);
    expect(unmatched).toEqual(["nothing"]);
  });

  it("does not count localhost among all hosts", () => {
    const made = inventory();
    made.match("localhost");
    expect(made.match("all").hosts).not.toContain("localhost");
    expect(made.groupsOf("localhost")).toEqual([]);
  });

  it("keeps addresses and subscripts whole", () => {
    expect(splitPattern("fe80::1")).toEqual(["fe80::1"]);
    expect(splitPattern("a[1:2]:b")).toEqual(["a[1:2]", "b"]);
    expect(splitPattern("a, b")).toEqual(["a", "b"]);
  });

  it("refuses a broken regular expression", () => {
    expect(() => inventory().match("~web(")).toThrow("is not a valid host pattern");
  });
});
