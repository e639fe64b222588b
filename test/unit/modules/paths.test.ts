import { chmodSync, linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeName, normalise } from "../../../engine/modules/path-names.ts";
import { created, type PathState, pathEffect, pathState, pathUnknown, removed } from "../../../engine/modules/paths.ts";
import { Unknown } from "../../../engine/source/value.ts";
import { answer, Effects, runScript } from "./driver.ts";

let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "paths-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function known(state: PathState | Unknown): PathState {
  if (state instanceof Unknown) throw new Error(`unknown: ${state.reason}`);
  return state;
}

describe.each(["dash", "bash", "busybox sh"])("path state under %s", (shell) => {
  test("a file with its digest and content", async () => {
    writeFileSync(join(root, "a b'c"), "hello\n\0\n");
    chmodSync(join(root, "a b'c"), 0o640);
    const state = known(
      await answer(pathState(join(root, "a b'c"), { content: true, sha256: true }), undefined, shell),
    );
    expect(state).toMatchObject({ exists: true, type: "file", mode: 0o640, size: 8, links: 1 });
    expect(state).toMatchObject({
      content: Buffer.from("hello\n\0\n"),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("content is not sent where its digest is the expected one, or where it is too large", async () => {
    writeFileSync(join(root, "f"), "x");
    const digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    const path = join(root, "f");
    expect(known(await answer(pathState(path, { content: { unless: digest } }), undefined, shell))).not.toHaveProperty(
      "content",
    );
    expect(known(await answer(pathState(path, { content: { limit: 0 } }), undefined, shell))).not.toHaveProperty(
      "content",
    );
    expect(known(await answer(pathState(path, { content: { unless: "0" } }), undefined, shell))).toHaveProperty(
      "content",
    );
  });

  test("an absent path knows where it would really be, and whose it would be", async () => {
    mkdirSync(join(root, "real"));
    symlinkSync("real", join(root, "alias"));
    const state = known(await answer(pathState(join(root, "alias/x/y")), undefined, shell));
    expect(state).toMatchObject({ exists: false, real: join(root, "real/x/y"), newcomer: { uid: process.getuid?.() } });
  });

  test("a link, and what it leads to", async () => {
    mkdirSync(join(root, "d"));
    symlinkSync("d", join(root, "l"));
    symlinkSync("nowhere", join(root, "dangling"));
    expect(known(await answer(pathState(join(root, "l")), undefined, shell))).toMatchObject({
      type: "link",
      target: "d",
    });
    const followed = known(await answer(pathState(join(root, "l"), { follow: true }), undefined, shell));
    expect(followed).toMatchObject({ type: "directory", real: join(root, "d") });
    expect(known(await answer(pathState(join(root, "dangling")), undefined, shell))).toMatchObject({ exists: true });
    const lost = known(await answer(pathState(join(root, "dangling"), { follow: true }), undefined, shell));
    expect(lost).toMatchObject({ exists: false, real: join(root, "nowhere") });
  });

  test("a name that is not UTF-8, and hard links", async () => {
    const name = decodeName(Buffer.from([0x61, 0xff, 0x5c, 0x0a]));
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xff, 0x5c, 0x0a])]), "");
    linkSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xff, 0x5c, 0x0a])]), join(root, "other"));
    const state = known(await answer(pathState(`${root}/${name}`), undefined, shell));
    expect(state).toMatchObject({ exists: true, type: "file", links: 2, real: `${root}/${name}` });
  });

  test("the root", async () => {
    expect(known(await answer(pathState("/"), undefined, shell))).toMatchObject({
      exists: true,
      type: "directory",
      real: "/",
    });
  });
});

describe("predictions over paths", () => {
  const at = (name: string) => join(root, name);
  const state = async (name: string) => known(await answer(pathState(at(name))));
  const freshDirectory = async (name: string) => {
    const absent = await state(name);
    if (absent.exists) throw new Error("exists");
    return pathEffect(at(name), created(absent, "directory"));
  };

  test("a folder that will be made holds nothing but what is predicted in it", async () => {
    const effects = new Effects();
    effects.list.push(await freshDirectory("d"));
    expect(await answer(pathState(at("d")), effects)).toMatchObject({ exists: true, type: "directory" });
    expect(await answer(pathState(at("d/x")), effects)).toMatchObject({ exists: false });
    effects.list.push(
      pathEffect(at("d/x"), { ...created({ ...(await state("d")), exists: false } as never, "file"), real: at("d/x") }),
    );
    expect(await answer(pathState(at("d/x")), effects)).toMatchObject({ exists: true, type: "file" });
  });

  test("what is removed takes everything below with it", async () => {
    mkdirSync(at("e"));
    writeFileSync(at("e/f"), "");
    const effects = new Effects();
    const before = await state("e");
    if (!before.exists) throw new Error();
    effects.list.push(pathEffect(at("e"), removed(before)));
    expect(await answer(pathState(at("e/f")), effects)).toMatchObject({ exists: false });
    expect(await answer(pathState(at("elsewhere")), effects)).toMatchObject({ exists: false });
  });

  test("an alias of a changed path sees the change", async () => {
    mkdirSync(at("real"));
    symlinkSync("real", at("alias"));
    const absent = await state("real/x");
    if (absent.exists) throw new Error();
    const effects = new Effects();
    effects.list.push(pathEffect(at("real/x"), created(absent, "directory")));
    expect(await answer(pathState(at("alias/x")), effects)).toMatchObject({ exists: true, type: "directory" });
  });

  test("attributes lie over the content that stays", async () => {
    writeFileSync(at("f"), "text");
    const before = await state("f");
    if (!before.exists) throw new Error();
    const effects = new Effects();
    effects.list.push(pathEffect(at("f"), { ...before, mode: 0o600, keepsContent: true }));
    expect(await answer(pathState(at("f"), { content: true }), effects)).toMatchObject({
      mode: 0o600,
      content: Buffer.from("text"),
    });
  });

  test("what a package may bring is unknown, except where packages bring nothing", async () => {
    const effects = new Effects();
    effects.list.push({ opens: ["shipped-path"], because: "the package nginx" });
    expect(await answer(pathState("/etc/surely-not-there/x"), effects)).toBeInstanceOf(Unknown);
    expect(await answer(pathState("/opt/surely-not-there/x"), effects)).toMatchObject({ exists: false });
    effects.list.push({ opens: ["*"], because: "a command" });
    expect(await answer(pathState("/opt/surely-not-there/x"), effects)).toBeInstanceOf(Unknown);
  });

  test("below the unknown all is unknown", async () => {
    const effects = new Effects();
    effects.list.push(pathUnknown(at("u"), "unpacked before"));
    expect(await answer(pathState(at("u/x")), effects)).toBeInstanceOf(Unknown);
    expect(await answer(pathState(at("v")), effects)).not.toBeInstanceOf(Unknown);
  });
});

test("paths are normalised as Python does it", async () => {
  expect(["//a/./b/../c/", "/", "/..", "/a//b"].map(normalise)).toEqual(["/a/c", "/", "/", "/a/b"]);
});

test("the script needs no process but stat for a present path", async () => {
  const script = pathState("/etc/passwd").script.text;
  expect((await runScript(pathState("/etc/passwd").script)).status).toBe(0);
  expect(script).not.toMatch(/sha256sum|cat /);
});
