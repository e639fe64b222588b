import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sh } from "../../../engine/host/script.ts";
import { type ModuleContext, ModuleFailure } from "../../../engine/modules/contract.ts";
import { type PathState, pathState } from "../../../engine/modules/paths.ts";
import { findModule } from "../../../engine/modules/registry.ts";
import { type Dict, Unknown, type Value } from "../../../engine/source/value.ts";
import { answer, apply, context, planOf, runScript } from "./driver.ts";

/*
 * The laws, in small: each case is planned, carried out by this machine's own shell in a folder of its own, compared
 * with what the plan said would be, and planned again, which must find nothing to do.
 */

let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "laws-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Case {
  readonly module: string;
  /** Shell that makes the starting state, run in the folder. */
  readonly given?: string;
  /** `ROOT` in texts stands for the folder. */
  readonly args: Dict;
  /** Shell that must succeed afterwards. */
  readonly holds: string;
  readonly changed?: boolean;
  readonly again?: boolean;
}

const cases: { readonly [name: string]: Case } = {
  "file: a directory with its parents": {
    module: "file",
    args: { path: "ROOT/a/b/c", state: "directory", mode: "0750" },
    holds: "[ $(stat -c %a a) = 750 ] && [ $(stat -c %a a/b/c) = 750 ]",
  },
  "file: a directory through a link": {
    module: "file",
    given: "mkdir real; ln -s real l",
    args: { path: "ROOT/l", state: "directory", mode: "0700" },
    holds: "[ -L l ] && [ $(stat -c %a real) = 700 ]",
  },
  "file: recurse": {
    module: "file",
    given: "mkdir -p d/e; touch d/f d/e/g; chmod 600 d/f; ln -s nowhere d/l; touch \"$(printf 'd/\\377')\"",
    args: { path: "ROOT/d", state: "directory", recurse: true, mode: "u=rwX,g=rX,o=" },
    holds:
      "[ $(stat -c %a d/e) = 750 ] && [ $(stat -c %a d/e/g) = 640 ] && [ $(stat -c %a \"$(printf 'd/\\377')\") = 640 ]",
  },
  "file: attributes only": {
    module: "file",
    given: "echo hi > f; chmod 600 f",
    args: { path: "ROOT/f", mode: "a+r,u+x" },
    holds: "[ $(stat -c %a f) = 744 ]",
  },
  "file: nothing to do": {
    module: "file",
    given: "touch f",
    args: { path: "ROOT/f" },
    holds: "[ -f f ]",
    changed: false,
  },
  "file: absent": {
    module: "file",
    given: "mkdir -p d/e",
    args: { path: "ROOT/d", state: "absent" },
    holds: "[ ! -e d ]",
  },
  "file: absent link": {
    module: "file",
    given: "touch t; ln -s t l",
    args: { path: "ROOT/l", state: "absent" },
    holds: "[ ! -L l ] && [ -e t ]",
  },
  "file: link": {
    module: "file",
    given: "touch t",
    args: { path: "ROOT/l", src: "t", state: "link" },
    holds: '[ "$(readlink l)" = t ]',
  },
  "file: link elsewhere": {
    module: "file",
    given: "touch t u; ln -s u l",
    args: { path: "ROOT/l", src: "ROOT/t", state: "link" },
    holds: '[ "$(readlink l)" = "$PWD/t" ]',
  },
  "file: link instead of a directory": {
    module: "file",
    given: "touch t; mkdir l",
    args: { path: "ROOT/l", src: "t", state: "link", force: true },
    holds: '[ "$(readlink l)" = t ]',
  },
  "file: hard link": {
    module: "file",
    given: "echo x > t",
    args: { path: "ROOT/h", src: "ROOT/t", state: "hard" },
    holds: "[ h -ef t ]",
  },
  "file: touch": {
    module: "file",
    args: { path: "ROOT/t", state: "touch", mode: "0600" },
    holds: "[ $(stat -c %a t) = 600 ]",
    again: true,
  },
  "file: touch keeps times": {
    module: "file",
    given: "touch t",
    args: { path: "ROOT/t", state: "touch", access_time: "preserve", modification_time: "preserve" },
    holds: "[ -f t ]",
    changed: false,
  },
  "copy: content": {
    module: "copy",
    args: { content: "hello\n", dest: "ROOT/it's here" },
    holds: '[ "$(cat "it\'s here")" = hello ] && [ $(stat -c %a "it\'s here") = 644 ]',
  },
  "copy: content over a link": {
    module: "copy",
    given: "echo x > t; ln -s t l",
    args: { content: "hello\n", dest: "ROOT/l" },
    holds: "[ ! -L l ] && grep -q x t",
  },
  "copy: content through a link": {
    module: "copy",
    given: "echo x > t; ln -s t l",
    args: { content: "hello\n", dest: "ROOT/l", follow: true },
    holds: "[ -L l ] && grep -q hello t",
  },
  "copy: keeps permissions of what it replaces": {
    module: "copy",
    given: "echo x > f; chmod 4711 f",
    args: { content: "hello\n", dest: "ROOT/f", backup: true },
    holds: "[ $(stat -c %a f) = 4711 ] && ls f.*~",
  },
  "copy: a structure as JSON": {
    module: "copy",
    args: { content: { a: [1, true] }, dest: "ROOT/f" },
    holds: `[ "$(cat f)" = '{"a": [1, true]}' ]`,
  },
  "copy: on the host": {
    module: "copy",
    given: "echo x > f; mkdir d",
    args: { src: "ROOT/f", dest: "ROOT/d/", remote_src: true, mode: "preserve" },
    holds: "grep -q x d/f",
  },
  "copy: a folder on the host": {
    module: "copy",
    given: "mkdir -p s/e; echo x > s/e/f; ln -s e/f s/l; mkdir d",
    args: { src: "ROOT/s", dest: "ROOT/d", remote_src: true },
    holds: 'grep -q x d/s/e/f && [ "$(readlink d/s/l)" = e/f ]',
  },
  "copy: a folder of the controller, its content": {
    module: "copy",
    given: "mkdir -p s/e; echo x > s/e/f; printf '\\0\\1' > s/bin",
    args: { src: "ROOT/s/", dest: "ROOT/d", directory_mode: "0711", mode: "0600" },
    holds: "grep -q x d/e/f && [ $(stat -c %a d/e) = 711 ] && [ $(stat -c %a d/bin) = 600 ]",
  },
  "copy: force off": {
    module: "copy",
    given: "echo x > f",
    args: { content: "hello\n", dest: "ROOT/f", force: false },
    holds: "grep -q x f",
    changed: false,
  },
  template: {
    module: "template",
    given: "echo text > t.j2",
    args: { src: "ROOT/t.j2", dest: "ROOT/out", mode: "0640" },
    holds: "grep -q text out && [ $(stat -c %a out) = 640 ]",
  },
  "lineinfile: replaced": {
    module: "lineinfile",
    given: "printf 'a=1\\nb=2\\na=3\\n' > f",
    args: { path: "ROOT/f", regexp: "^a=", line: "a=9" },
    holds: "[ \"$(tr '\\n' , < f)\" = a=1,b=2,a=9, ]",
  },
  "lineinfile: created": {
    module: "lineinfile",
    args: { path: "ROOT/f", line: "x", create: true, mode: "0600" },
    holds: "grep -qx x f && [ $(stat -c %a f) = 600 ]",
  },
  "lineinfile: bytes that are no UTF-8": {
    module: "lineinfile",
    given: "printf 'a\\377\\n' > f",
    args: { path: "ROOT/f", line: "ü" },
    holds: "[ \"$(od -An -tx1 f | tr -d ' \\n')\" = 61ff0ac3bc0a ]",
  },
  "lineinfile: absent": {
    module: "lineinfile",
    given: "printf 'a\\nb\\na\\n' > f",
    args: { path: "ROOT/f", line: "a", state: "absent" },
    holds: '[ "$(cat f)" = b ]',
  },
  "lineinfile: through a link": {
    module: "lineinfile",
    given: "echo a > t; ln -s t l",
    args: { path: "ROOT/l", line: "b" },
    holds: "[ -L l ] && grep -qx b t",
  },
  blockinfile: {
    module: "blockinfile",
    given: "printf 'a\\n' > f",
    args: { path: "ROOT/f", block: "x\ny", insertbefore: "BOF" },
    holds: '[ "$(sed -n 2p f)" = x ]',
  },
  replace: {
    module: "replace",
    given: "printf 'a1\\na2\\n' > f",
    args: { path: "ROOT/f", regexp: "^a(\\d)$", replace: "b\\1" },
    holds: "[ \"$(tr '\\n' , < f)\" = b1,b2, ]",
  },
  ini_file: {
    module: "ini_file",
    given: "printf '[a]\\nx = 1\\n\\n[b]\\n' > f",
    args: { path: "ROOT/f", section: "a", option: "y", value: "2" },
    holds: "[ \"$(tr '\\n' , < f)\" = '[a],x = 1,y = 2,,[b],' ]",
  },
  assemble: {
    module: "assemble",
    given: "mkdir d; printf a > d/1; printf 'b\\n' > d/2",
    args: { src: "ROOT/d", dest: "ROOT/f", delimiter: "--" },
    holds: "[ \"$(tr '\\n' , < f)\" = a,--,b, ]",
  },
  "unarchive: tar.gz of the controller": {
    module: "unarchive",
    given: "mkdir -p s/e d; echo x > s/e/f; tar -C s -czf a.tgz .",
    args: { src: "ROOT/a.tgz", dest: "ROOT/d" },
    holds: "grep -q x d/e/f",
  },
  "unarchive: tar on the host, with permissions": {
    module: "unarchive",
    given: "mkdir -p s/e d; echo x > s/e/f; tar -C s --mtime=@0 -cf a.tar e",
    args: { src: "ROOT/a.tar", dest: "ROOT/d", remote_src: true, mode: "0750", exclude: ["g"] },
    holds: "grep -q x d/e/f && [ $(stat -c %a d/e/f) = 750 ]",
  },
  known_hosts: {
    module: "known_hosts",
    args: { path: "ROOT/known", name: "h", key: "h ssh-ed25519 AAAA" },
    holds: "grep -q '^h ssh-ed25519 AAAA$' known",
  },
  "known_hosts: a hashed name": {
    module: "known_hosts",
    given: "echo 'h ssh-ed25519 AAAA old' > known",
    args: { path: "ROOT/known", name: "H", key: "h ssh-ed25519 AAAA", hash_host: true },
    holds: "grep -q '^|1|.*= ssh-ed25519 AAAA$' known && [ $(wc -l < known) = 1 ] && ssh-keygen -F h -f known",
  },
  "known_hosts: a comment behind the key is no difference": {
    module: "known_hosts",
    given: "echo 'h ssh-ed25519 AAAA old' > known",
    args: { path: "ROOT/known", name: "h", key: "h ssh-ed25519 AAAA new" },
    holds: "grep -q old known",
    changed: false,
  },
  "known_hosts: absent with a key takes those of its type": {
    module: "known_hosts",
    given: "printf '%s\\n' 'h ssh-ed25519 AAAA' 'h ssh-rsa BBBB' > known",
    args: { path: "ROOT/known", name: "h", key: "h ssh-ed25519 CCCC", state: "absent" },
    holds: "[ \"$(cat known)\" = 'h ssh-rsa BBBB' ]",
  },
  "authorized_key: a path whose folder is not there": {
    module: "authorized_key",
    args: { user: "root", path: "ROOT/.ssh/keys", key: "ssh-ed25519 AAAA me" },
    holds: "[ $(stat -c %a .ssh) = 700 ] && [ $(stat -c %a .ssh/keys) = 600 ]",
  },
  "authorized_key: a folder that is not its own": {
    module: "authorized_key",
    args: { user: "root", path: "ROOT/a/b/keys", key: "ssh-ed25519 AAAA me", manage_dir: false },
    holds: "[ $(stat -c %a a/b) = 755 ] && [ $(stat -c %a a/b/keys) = 600 ]",
  },
  "authorized_key: permissions alone are left": {
    module: "authorized_key",
    given: "echo 'ssh-ed25519 AAAA me' > keys; chmod 644 keys",
    args: { user: "root", path: "ROOT/keys", key: "ssh-ed25519 AAAA me" },
    holds: "[ $(stat -c %a keys) = 644 ]",
    changed: false,
  },
  "authorized_key: keys from a file's address": {
    module: "authorized_key",
    given: "echo 'ssh-ed25519 AAAA me' > from",
    args: { user: "root", path: "ROOT/keys", key: "file://ROOT/from" },
    holds: "grep -q AAAA keys",
  },
  stat: { module: "stat", given: "echo x > f", args: { path: "ROOT/f" }, holds: "[ -f f ]", changed: false },
  find: { module: "find", given: "echo x > f", args: { paths: ["ROOT"] }, holds: "[ -f f ]", changed: false },
  slurp: { module: "slurp", given: "echo x > f", args: { src: "ROOT/f" }, holds: "[ -f f ]", changed: false },
};

test.each([
  ["sysctl", { name: "a.b", value: "" }, "value cannot be blank"],
  ["cron", { name: "n", job: "x", special_time: "daily", minute: "5" }, "You cannot combine special_time"],
])("%s with %o is refused", async (name, args, message) => {
  const found = await findModule(name);
  if (!found) throw new Error(`no module ${name}`);
  await expect(planOf(found, args, undefined, here)).rejects.toThrow(message);
});

test("sysctl asks the kernel before it writes the file", async () => {
  const found = await findModule("sysctl");
  if (!found) throw new Error("no module sysctl");
  const args = { name: "no.such", value: "1", sysctl_set: true, sysctl_file: join(root, "f") };
  await expect(apply(found, args, here)).rejects.toThrow();
  expect(() => readFileSync(join(root, "f"))).toThrow();
});

test("getent makes a list of entries of the same name", async () => {
  const found = await findModule("getent");
  if (!found) throw new Error("no module getent");
  const plan = await planOf(found, { database: "services" }, undefined, here);
  if (plan instanceof Unknown) throw new Error(plan.reason);
  expect(plan.result).toMatchObject({ ansible_facts: { getent_services: { domain: [["53/tcp"], ["53/udp"]] } } });
});

const here: ModuleContext = {
  ...context,
  readFile: (path) => readFileSync(path),
};

function shell(script: string): void {
  execFileSync("bash", ["-c", `cd "$1" || exit 1\n${script}`, "bash", root], { stdio: "pipe" });
}

function inRoot(value: Value): Value {
  return JSON.parse(JSON.stringify(value).replaceAll("ROOT", root)) as Value; // cases are plain JSON
}

describe.each(Object.entries(cases))("%s", (_name, { module, given, args, holds, changed = true, again = false }) => {
  test("is planned, done as planned, and done", async () => {
    const found = await findModule(module);
    if (!found) throw new Error(`no module ${module}`);
    if (given !== undefined) shell(given);
    const real = inRoot(args) as Dict;
    const listing = async () =>
      (await runScript(sh`cd ${root} && find . -exec stat -c '%n %f %u %g %s %Y' {} + | sort`)).stdout.toString();
    const before = await listing();
    const plan = await planOf(found, real, undefined, here);
    expect(await listing(), "looking changes nothing").toBe(before);
    if (plan instanceof Unknown) throw new Error(plan.reason);
    expect(plan.change !== undefined).toBe(changed);
    await apply(found, real, here);
    shell(holds);
    for (const effect of plan.change?.effects ?? []) {
      if (!("kind" in effect) || effect.kind !== "path" || !("state" in effect)) continue;
      const predicted = effect.state as PathState;
      const actual = await answer(pathState(effect.subject, { content: true }));
      if (actual instanceof Unknown || !predicted.exists) {
        expect(actual).toMatchObject({ exists: predicted.exists });
        continue;
      }
      const { type, mode, owner, group, uid, gid, target } = predicted;
      expect(actual).toMatchObject({ type, mode, owner, group, uid, gid, ...(target === undefined ? {} : { target }) });
      if (predicted.content) expect(actual).toMatchObject({ content: predicted.content });
    }
    const second = await planOf(found, real, undefined, here);
    if (second instanceof Unknown) throw new Error(second.reason);
    expect(second.change !== undefined, JSON.stringify(second.change?.diff)).toBe(again);
  });
});

describe("interrupted after any of its steps, a second run ends in the same state", () => {
  const several: Case[] = [
    cases["file: a directory with its parents"],
    cases["file: recurse"],
    cases["copy: a folder of the controller, its content"],
    cases["copy: a folder on the host"],
    cases["unarchive: tar on the host, with permissions"],
    { module: "copy", args: { content: "x", dest: "ROOT/d/e/", mode: "0600" }, holds: "" },
    { module: "lineinfile", args: { path: "ROOT/d/e/f", line: "x", create: true, mode: "0600" }, holds: "" },
    {
      module: "file",
      given: "mkdir t",
      args: { path: "ROOT/l", src: "t", state: "link", mode: "0700" },
      holds: "[ $(stat -c %a t) = 700 ]",
    },
  ].filter((each) => each !== undefined);

  test.each(several.map((each) => [each.module, each] as const))("%s", async (name, { given, args }) => {
    const module = await findModule(name);
    if (!module) throw new Error(name);
    const real = inRoot(args) as Dict;
    if (name === "copy" && real["dest"] === `${root}/d/e/`) delete real["content"];
    if (name === "copy" && real["src"] === undefined) {
      writeFileSync(join(root, "source"), "x");
      real["src"] = join(root, "source");
    }
    const start = () => {
      execFileSync("sh", ["-c", 'find "$1" -mindepth 1 -maxdepth 1 ! -name source -exec rm -rf {} +', "sh", root]);
      if (given !== undefined) shell(given);
    };
    const listing = async () =>
      (
        await runScript(
          sh`cd ${root} && find . -exec stat -c '%n %f %u %g' {} + | sort; cat $(find . -type f) | sha256sum`,
        )
      ).stdout.toString();
    start();
    const plan = await planOf(module, real, undefined, here);
    if (plan instanceof Unknown) throw new Error(plan.reason);
    const steps = plan.change?.steps ?? [];
    await apply(module, real, here);
    const whole = await listing();
    for (let done = 0; done < steps.length; done++) {
      start();
      for (const step of steps.slice(0, done)) await runScript(step.script, step.stdin);
      await apply(module, real, here);
      expect(await listing(), `after ${done} steps`).toBe(whole);
    }
  });
});

describe("refusals", () => {
  test.each([
    ["file", { path: "ROOT/none" }, /is absent, cannot continue/],
    ["file", { path: "ROOT/l", src: "none", state: "link" }, /src file does not exist/],
    ["copy", { content: "x", dest: "ROOT/no/f" }, /Destination directory .* does not exist/],
    ["lineinfile", { path: "ROOT/none", line: "x" }, /does not exist/],
    ["copy", { content: "x", dest: "ROOT/f", owner: "no-such-user" }, /failed to look up user no-such-user/],
    ["copy", { content: "x", dest: "ROOT/f", validate: "grep -q y" }, /validate must contain %s/],
    ["slurp", { src: "ROOT/none" }, /not found/],
  ] as const)("%s %j", async (name, args, message) => {
    const found = await findModule(name);
    if (!found) throw new Error(name);
    const planned = planOf(found, inRoot({ ...args }) as Dict, undefined, here);
    await expect(planned).rejects.toThrow(ModuleFailure);
    await expect(planned).rejects.toThrow(message);
  });

  test("content that is not valid leaves the file as it was", async () => {
    const copy = await findModule("copy");
    if (!copy) throw new Error();
    writeFileSync(join(root, "f"), "old");
    const args = { content: "x", dest: join(root, "f"), validate: "grep -q y %s" };
    await expect(apply(copy, args, here)).rejects.toThrow(/failed to validate/);
    expect(readFileSync(join(root, "f"), "utf8")).toBe("old");
    expect((await runScript(sh`ls -A ${root}`)).stdout.toString()).toBe("f\n");
  });
});
