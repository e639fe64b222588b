import { describe, expect, test } from "vitest";
import { checkArgumentNames, validateArguments } from "../../../engine/modules/arguments.ts";
import type { Module } from "../../../engine/modules/contract.ts";
import { parseFreeForm } from "../../../engine/modules/free-form.ts";
import { findModule, moduleNames, shortName } from "../../../engine/modules/registry.ts";
import { Float, Omit } from "../../../engine/source/value.ts";

async function module(name: string): Promise<Module> {
  const found = await findModule(name);
  if (!found) throw new Error(`no module ${name}`);
  return found;
}

test("every module of the registry loads, under its own name, and compiles", async () => {
  for (const name of moduleNames()) {
    const found = await module(name);
    expect(found.summary, name).not.toBe("");
    expect(found.example, name).toContain(`${found.name}:`);
    validateArguments(found, {});
  }
});

test("fully qualified names mean the module of that short name", async () => {
  expect(shortName("ansible.builtin.copy")).toBe("copy");
  expect(await findModule("ansible.legacy.copy")).toBe(await findModule("copy"));
  expect(await findModule("community.docker.no_such_module")).toBeUndefined();
  expect(await findModule("constructor")).toBeUndefined();
});

describe("arguments", () => {
  test("coercions", async () => {
    const file = await module("file");
    const { args, errors } = validateArguments(file, {
      dest: "/x",
      state: "directory",
      recurse: "yes",
      mode: 0o755,
      owner: 0,
      group: Omit.value,
      force: null,
    });
    expect(errors).toEqual([]);
    expect(args).toMatchObject({ path: "/x", recurse: true, mode: "0755", owner: "0", force: false, follow: true });
    expect(args).not.toHaveProperty("group");
  });

  test.each([
    ["644", "0644"],
    ["u+rwX,g=rx", "u+rwX,g=rx"],
    ["0o644", "0644"],
  ])("mode %s", async (given, expected) => {
    expect(validateArguments(await module("file"), { path: "/x", mode: given }).args["mode"]).toBe(expected);
  });

  test("lists from text and from a scalar", async () => {
    const find = await module("find");
    expect(validateArguments(find, { paths: "/a, /b", patterns: 1 }).args).toMatchObject({
      paths: ["/a", "/b"],
      patterns: ["1"],
    });
  });

  test("numbers", async () => {
    const pause = await module("wait_for");
    expect(validateArguments(pause, { port: "80", timeout: new Float(3) }).args).toMatchObject({
      port: 80,
      timeout: 3,
    });
    expect(validateArguments(pause, { port: "http" }).errors).toMatchObject([
      { code: "argument-type", argument: "port" },
    ]);
  });

  test.each([
    [{ path: "/x", stat: "file" }, "unknown-argument", "Did you mean 'state'?"],
    [{ path: "/x", state: "dir" }, "argument-value", undefined],
    [{ path: "/x", state: "directry" }, "argument-value", "Did you mean 'directory'?"],
    [{ state: "file" }, "missing-argument", undefined],
    [{ path: "/x", mode: "rw-r--r--" }, "argument-value", undefined],
    [{ path: "/x", attributes: "+i" }, "unsupported-argument", undefined],
    [{ path: "/x", state: "hard" }, "missing-argument", undefined],
  ] as const)("%j is refused: %s", async (given, code, hint) => {
    const [error] = validateArguments(await module("file"), { ...given }).errors;
    expect(error?.code).toBe(code);
    if (hint !== undefined) expect(error?.hint).toBe(hint);
  });

  test("before the run templates are left alone, the rest is checked", async () => {
    const copy = await module("copy");
    expect(checkArgumentNames(copy, { src: "{{ a }}", content: "{{ b | default(omit) }}", dest: "/x" })).toEqual([]);
    expect(checkArgumentNames(copy, { src: "a", content: "b", dest: "/x" })).toMatchObject([
      { code: "exclusive-arguments" },
    ]);
    expect(checkArgumentNames(copy, { content: "{{ a }}", dset: "{{ b }}" }).map((error) => error.code)).toEqual([
      "unknown-argument",
      "missing-argument",
    ]);
  });
});

describe("free form", () => {
  test.each([
    ["command", "ls -l chdir=/tmp creates='/a b' a=b", { cmd: "ls -l a=b", chdir: "/tmp", creates: "/a b" }],
    ["shell", "echo 'x y'  | wc -l", { cmd: "echo 'x y'  | wc -l" }],
    ["file", "path=/x state=directory mode=0755", { path: "/x", state: "directory", mode: "0755" }],
    ["file", 'path="{{ a b }}/x y"', { path: "{{ a b }}/x y" }],
    ["file", "path={{ a | join(' ') }}/x state=file", { path: "{{ a | join(' ') }}/x", state: "file" }],
    ["include_vars", "vars.yml", { file: "vars.yml" }],
  ])("%s: %s", async (name, text, expected) => {
    expect({ ...parseFreeForm(await module(name), text) }).toEqual(expected);
  });

  test("a word that is no pair is refused", async () => {
    const file = await module("file");
    expect(() => parseFreeForm(file, "path=/x oops")).toThrow(/oops/);
  });
});
