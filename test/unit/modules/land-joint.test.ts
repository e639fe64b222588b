import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Script } from "../../../engine/host/contract.ts";
import { landJoint } from "../../../engine/modules/land-joint.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "play-land-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shells = ["dash", "bash", "busybox"].filter((shell) => spawnSync(shell, ["true"]).error === undefined);

function run(shell: string, script: Script, before = "umask 027"): number {
  const text = `${before}\n${script.text}`;
  const { status } = spawnSync(shell, shell === "busybox" ? ["sh", "-c", text] : ["-c", text]);
  return status ?? 255;
}

const contents: { readonly [name: string]: string } = {
  plain: "line\n",
  empty: "",
  "no newline": "a",
  "-n": "-n -e \\n\n",
  'it\'s "q" $HOME `x` \\': 'it\'s 100% "q" $HOME `x` \\n\n\n',
  grün: "größer €\n",
};

function joined(names: readonly string[], mode = "=rw") {
  const parts = names.flatMap(
    (name) => landJoint(join(folder, name), Buffer.from(contents[name] ?? name), { mode }) ?? [],
  );
  expect(parts).toHaveLength(names.length);
  return (parts[0] as (typeof parts)[0]).join(parts);
}

test.each(shells)("%s: every file has its bytes and what the umask leaves, and nothing else is there", (shell) => {
  const names = Object.keys(contents);
  writeFileSync(join(folder, "plain"), "old");
  const { script, split } = joined(names);
  expect(run(shell, script)).toBe(0);
  for (const name of names) {
    expect(readFileSync(join(folder, name), "utf8"), name).toBe(contents[name]);
    expect(statSync(join(folder, name)).mode & 0o7777, name).toBe(0o640);
  }
  expect(readdirSync(folder).sort()).toEqual([...names].sort());
  const reply = { status: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  expect(split(reply).every((each) => each?.status === 0)).toBe(true);
  expect(split({ ...reply, status: 1 }).every((each) => each === undefined)).toBe(true);
});

test("permissions are those that are asked for", () => {
  expect(run("dash", joined(["plain", "empty"], "0604").script)).toBe(0);
  expect(statSync(join(folder, "empty")).mode & 0o7777).toBe(0o604);
});

test("what a folder hands down does not decide", () => {
  chmodSync(folder, 0o2755);
  expect(run("dash", joined(["plain", "empty"]).script)).toBe(0);
  expect(statSync(join(folder, "plain")).mode & 0o7777).toBe(0o640);
});

test("where one cannot land nothing is left over, and all go alone", () => {
  mkdirSync(join(folder, "empty"));
  expect(run("dash", joined(["plain", "empty"]).script)).toBe(1);
  expect(readdirSync(folder).every((name) => !name.startsWith("."))).toBe(true);
});

test.each(shells)(
  "%s: killed while files land, each is whole, old or new, and a second run ends as it should",
  (shell) => {
    const names = ["plain", "grün", "no newline"];
    for (const name of names) writeFileSync(join(folder, name), "old");
    const programs = join(folder, "programs");
    mkdirSync(programs);
    // Moves the first file, then ends the shell that called it.
    const mv = `#!/bin/sh\nfor last; do :; done\n/bin/mv "$1" "$2" "$last"\nkill -9 "$PPID"\n`;
    writeFileSync(join(programs, "mv"), mv, { mode: 0o755 });
    // Busybox takes its own mv before one in PATH.
    const { script } = joined(names);
    expect(run(shell, script, `mv() { sh ${programs}/mv "$@"; }`)).not.toBe(0);
    const contentOf = (name: string) => readFileSync(join(folder, name), "utf8");
    expect(names.map(contentOf)).toEqual([contents["plain"], "old", "old"]);
    expect(run(shell, script)).toBe(0);
    expect(names.map(contentOf)).toEqual(names.map((name) => contents[name]));
  },
);

test.each(shells)("%s: a file that could not be written whole takes no name", (shell) => {
  const large = "x".repeat(8000);
  const parts = [large, "b"].flatMap(
    (text) => landJoint(join(folder, text[0] ?? ""), Buffer.from(text), { mode: "=rw" }) ?? [],
  );
  const { script } = (parts[0] as (typeof parts)[0]).join(parts);
  expect(run(shell, script, "trap '' XFSZ; ulimit -f 4")).not.toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

test("where printf is a program no content comes on a command line", () => {
  expect(run("bash", joined(["plain", "empty"]).script, "enable -n printf")).not.toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

test("bytes that are no text, and large files, go alone", () => {
  const finish = { mode: "=rw" };
  expect(landJoint("/tmp/a", Buffer.from([0xff]), finish)).toBeUndefined();
  expect(landJoint("/tmp/a", Buffer.from("a\0b"), finish)).toBeUndefined();
  expect(landJoint("/tmp/a", Buffer.alloc(1 << 20, "a"), finish)).toBeUndefined();
  expect(landJoint("/tmp/\udcff", Buffer.from("a"), finish)).toBeUndefined();
});
