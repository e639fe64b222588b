import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadInventory } from "../../../engine/inventory/load.ts";
import { dict } from "../../../engine/source/value.ts";
import { Vault } from "../../../engine/source/vault.ts";
import { parseExtraVars } from "../../../engine/vars/extra-vars.ts";
import { VarsFiles } from "../../../engine/vars/files.ts";
import { stack } from "../../../engine/vars/precedence.ts";
import { files } from "../playbook/files.ts";

const vault = new Vault([{ id: "default", password: "pass" }]);

/** What a host of an inventory sees of files, all levels laid over each other. */
function hostVars(contents: { readonly [path: string]: string }, host: string) {
  const folder = files(contents);
  const secrets: string[] = [];
  const inventory = loadInventory([join(folder, "inv/hosts")], { warn: () => {} });
  vault.onDecrypt((text) => secrets.push(text));
  const read = new VarsFiles(vault, () => {});
  const layers = stack(read.host(inventory, host, join(folder, "play")));
  return { values: Object.assign(dict(), ...layers.map((layer) => layer.values)), secrets };
}

describe("group_vars and host_vars", () => {
  const hosts = "[web]\nh x=host\n[web:vars]\nx=group\ng=group\n";

  it("lie over each other by level", () => {
    const { values } = hostVars(
      {
        "inv/hosts": hosts,
        "inv/group_vars/all.yml": "g: all\na: all\nx: all\n",
        "play/group_vars/all.yaml": "a: play all\n",
        "inv/group_vars/web.json": '{"g": "inventory", "x": "inventory"}',
        "play/group_vars/web": "g: play\n",
        "play/host_vars/h.yml": "x: play host\n",
      },
      "h",
    );
    expect(values).toEqual({ a: "play all", g: "play", x: "play host" });
  });

  it("may be a folder, which hides a file of its name, as in Ansible", () => {
    const { values } = hostVars(
      {
        "inv/hosts": hosts,
        "inv/group_vars/web/10.yml": "a: 1\nb: 1\n",
        "inv/group_vars/web/sub/20.yml": "b: 2\n",
        "inv/group_vars/web/notes.txt": "no: variables",
        "inv/group_vars/web/.hidden.yml": "c: 1\n",
        "inv/group_vars/web.yml": "d: 1\n",
      },
      "h",
    );
    expect(values).toMatchObject({ a: 1, b: 2 });
    expect(Object.keys(values)).not.toContain("c");
    expect(Object.keys(values)).not.toContain("d");
  });

  it("may be encrypted, and are then secret", () => {
    const { values, secrets } = hostVars(
      { "inv/hosts": hosts, "inv/host_vars/h.yml": vault.encrypt("password: swordfish\n") },
      "h",
    );
    expect(values).toMatchObject({ password: "swordfish" });
    expect(secrets.join()).toContain("swordfish");
  });

  it("must be mappings", () => {
    expect(() => hostVars({ "inv/hosts": hosts, "inv/group_vars/web.yml": "- a\n" }, "h")).toThrow(
      "a file of variables is a mapping of names to values",
    );
  });
});

describe("extra variables", () => {
  it.each<[string[], object]>([
    [["a=1 b='x y'"], { a: "1", b: "x y" }],
    [["a=b=c", "a=2"], { a: "2" }],
    [['{"a": 1, "b": [true]}'], { a: 1, b: [true] }],
    [["{a: 1}"], { a: 1 }],
    [['a="{{ b }}"'], { a: "{{ b }}" }],
  ])("%j", (given, expected) => {
    expect(parseExtraVars(given, vault)).toEqual(expected);
  });

  it("are read from files, encrypted ones too", () => {
    const folder = files({ "a.yml": "a: 1\n", "b.yml": vault.encrypt("b: 2\n") });
    expect(parseExtraVars([`@${join(folder, "a.yml")}`, `@${join(folder, "b.yml")}`], vault)).toEqual({ a: 1, b: 2 });
  });

  it.each(["a", "[1]", "@/nowhere/at/all.yml", "a='x"])("refuses %s", (given) => {
    expect(() => parseExtraVars([given], vault)).toThrow();
  });
});
