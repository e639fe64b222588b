import { spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Reply, Script } from "../../../engine/host/contract.ts";
import { type PathOptions, type PathState, pathState } from "../../../engine/modules/paths.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "play-joint-"));
  const at = (name: string) => join(folder, name);
  mkdirSync(at("folder/below"), { recursive: true });
  mkdirSync(at("handed down"));
  chmodSync(at("handed down"), 0o2755);
  writeFileSync(at("file"), "content\n");
  writeFileSync(at('it\'s $HOME `x` \\ "q"'), "odd");
  writeFileSync(at("grün"), "");
  linkSync(at("file"), at("second name"));
  symlinkSync("file", at("link"));
  symlinkSync("folder", at("folder link"));
  symlinkSync("nowhere", at("dangling"));
  symlinkSync("round", at("round"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = [
  "file",
  "folder",
  "folder/below",
  "folder/below/none",
  "folder/none",
  "handed down/none",
  'it\'s $HOME `x` \\ "q"',
  "grün",
  "second name",
  "link",
  "folder link",
  "folder link/below",
  "folder link/none",
  "dangling",
  "round",
  "none",
  "none/deeper",
  "file/below",
  "/",
  "/etc",
  "/none",
];

const shells = ["dash", "bash", "busybox"].filter((shell) => spawnSync(shell, ["true"]).error === undefined);
const all: readonly PathOptions[] = [
  {},
  { follow: true },
  { sha256: true },
  { follow: true, sha256: true },
  { content: { unless: "434728a410a78f56fc1b5899c3593436e61ab0c731e9072d95e96db290205e53", limit: 100 } },
];

function asked(shell: string, script: Script): Reply {
  const words = shell === "busybox" ? ["sh", "-c", script.text] : ["-c", script.text];
  const { status, stdout, stderr } = spawnSync(shell, words, { env: { ...process.env, LC_ALL: "C" } });
  return { status: status ?? 255, stdout, stderr };
}

test("the shells of hosts are here", () => expect(shells).toContain("dash"));

test.each(shells.flatMap((shell) => all.map((options) => [shell, options] as const)))(
  "%s: %j: paths that are looked at together are answered as each would be alone",
  { timeout: 300_000 },
  (shell, options) => {
    const queries = names.map((name) => pathState(name.startsWith("/") ? name : join(folder, name), options));
    const parts = queries.flatMap(({ joint }) => joint ?? []);
    expect(parts).toHaveLength(names.length);
    expect(new Set(parts.map(({ key }) => key)).size).toBe(1);
    const { script, split } = (parts[0] as (typeof parts)[0]).join(parts);
    const replies = split(asked(shell, script));
    const alone = queries.map((query) => query.decode(asked(shell, query.script)));
    let together = 0;
    for (const [at, query] of queries.entries()) {
      const reply = replies[at];
      if (!reply) continue;
      together++;
      expect(query.decode(reply), names[at]).toEqual({ ...alone[at], ...readAt(query.decode(reply)) });
    }
    // Only files of another content go alone.
    expect(together).toBe(alone.filter((state) => !(state.exists && state.content)).length);
  },
);

/** Reading a file for its digest is told by its times. */
function readAt(state: PathState): { atime?: number } {
  return state.exists ? { atime: state.atime } : {};
}

test("a name of several lines is looked at alone", () => {
  expect(pathState("/tmp/a\nb").joint).toBeUndefined();
  expect(pathState("/tmp/\udcff").joint).toBeUndefined();
});

test("what came or went meanwhile is looked at alone", () => {
  const queries = ["file", "none"].map((name) => pathState(join(folder, name)));
  const parts = queries.flatMap(({ joint }) => joint ?? []);
  const { script, split } = (parts[0] as (typeof parts)[0]).join(parts);
  const reply = asked("dash", script);
  const cutOff = { ...reply, stdout: reply.stdout.subarray(0, reply.stdout.lastIndexOf(0, -2)) };
  for (const bad of [{ ...reply, status: 1 }, cutOff, { ...reply, stdout: Buffer.alloc(0) }]) {
    expect(split(bad)).toEqual([undefined, undefined]);
  }
});
