import { describe, expect, it } from "vitest";
import type { Dict, Value } from "../../../engine/source/value.ts";
import { dict, Tagged } from "../../../engine/source/value.ts";
import { lazyDict } from "../../../engine/vars/lazy-dict.ts";
import { type Level, precedence, ready, stack, written } from "../../../engine/vars/precedence.ts";
import { createTaskVars } from "../../../engine/vars/task-vars.ts";

function taskVars(...values: readonly Dict[]) {
  return createTaskVars({
    layers: values.map((each, index) => written(`layer ${index}`, each)),
    context: {
      searchPath: [],
      readFile: () => Buffer.alloc(0),
      decrypt: (text) => `opened ${text}`,
      warn: () => {},
    },
  });
}

describe("precedence", () => {
  it("is the same whatever order the levels come in", () => {
    const levels: Level[] = [...precedence];
    const layered = Object.fromEntries(levels.toReversed().map((level) => [level, [ready(level, dict())]]));
    expect(stack(layered).map((layer) => layer.name)).toEqual(levels);
  });

  it.each<[Level, Level]>([
    ["role defaults", "inventory file group vars"],
    ["inventory group_vars/*", "playbook group_vars/*"],
    ["inventory host_vars/*", "host facts and cached set_fact"],
    ["play vars", "role vars"],
    ["task vars", "include_vars"],
    ["include_vars", "set_fact and register"],
    ["set_fact and register", "role params"],
    ["include params", "extra vars"],
  ])("%s is below %s", (low, high) => {
    expect(precedence.indexOf(low)).toBeLessThan(precedence.indexOf(high));
  });

  it("has the later layer win within a level", () => {
    const layers = stack({ "role vars": [ready("a", { x: 1 })] }, { "role vars": [ready("b", { x: 2 })] });
    expect(layers.map((layer) => layer.values["x"])).toEqual([1, 2]);
  });
});

describe("variables of a task", () => {
  it("are rendered when they are read, through as many steps as it takes", () => {
    const vars = taskVars({ a: "{{ b }}", b: "{{ c }}-{{ c }}", c: 1, broken: "{{ nowhere }}" });
    expect(vars.lookup("a")).toBe("1-1");
    expect(vars.lookup("nothing")).toBeUndefined();
    expect([...vars.names()]).toEqual(["a", "b", "c", "broken"]);
  });

  it("come from the highest layer that has them", () => {
    expect(taskVars({ a: 1, b: "{{ a }}" }, { a: 2 }).lookup("b")).toBe(2);
    expect(
      taskVars({ a: 1 })
        .with(ready("loop", { a: "{{ b }}" }))
        .lookup("a"),
    ).toBe("{{ b }}");
  });

  it("are never templated where they came from a host", () => {
    const vars = createTaskVars({
      layers: [ready("facts", { a: "{{ b }}" }), written("play", { c: "{{ a }}" })],
      context: { searchPath: [], readFile: () => Buffer.alloc(0), decrypt: (text) => text, warn: () => {} },
    });
    expect(vars.lookup("c")).toBe("{{ b }}");
  });

  it("name the circle in which they are defined", () => {
    const vars = taskVars({ a: "{{ b }}", b: "{{ c }}", c: "{{ b }}" });
    expect(() => vars.lookup("a")).toThrow(/recursive loop detected in template: b → c → b/);
  });

  it("open vaults when they are read, and leave !unsafe alone", () => {
    const vars = taskVars({ secret: new Tagged("vault", "text"), raw: new Tagged("unsafe", "{{ x }}") });
    expect(vars.lookup("secret")).toBe("opened text");
    expect(vars.lookup("raw")).toBe("{{ x }}");
  });

  it("can all be reached through vars, each when it is read", () => {
    const vars = taskVars({ a: 1, name: "a", broken: "{{ nowhere }}" });
    expect(vars.templar.render("{{ vars[name] }}")).toBe(1);
    expect(vars.templar.render("{{ 'a' in vars }}")).toBe(true);
  });
});

describe("a lazy dict", () => {
  it("makes each value when it is first read, and once", () => {
    const made: string[] = [];
    const hosts = lazyDict(["a", "b"], (name): Value => {
      made.push(name);
      return name.toUpperCase();
    });
    expect(Object.keys(hosts)).toEqual(["a", "b"]);
    expect(made).toEqual([]);
    expect([hosts["b"], hosts["b"]]).toEqual(["B", "B"]);
    expect(made).toEqual(["b"]);
  });

  it("may hold what it does not list", () => {
    const hosts = lazyDict(["a"], (name): Value => name, ["a", "localhost"]);
    expect(Object.keys(hosts)).toEqual(["a"]);
    expect(hosts["localhost"]).toBe("localhost");
  });
});
