import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, expect, it } from "vitest";
import { connect } from "../../../engine/host/connect.ts";
import { sh } from "../../../engine/host/script.ts";

const connection = connect({
  name: "localhost",
  transport: "local",
  address: "localhost",
  hostKeyChecking: true,
  timeout: 10,
});
const folder = mkdtempSync(join(tmpdir(), "play-connect-"));
afterAll(async () => {
  await connection.close();
  rmSync(folder, { recursive: true });
});

it("keeps streams and status apart, and commands from each other", async () => {
  const session = await connection.session();
  const [a, b, c] = await Promise.all([
    session.request(sh`echo out; echo err >&2; exit 3`),
    session.request(sh`cd /tmp; umask 000; exit 0`, { kind: "command" }),
    session.request(sh`cat; pwd`, { stdin: "given" }),
  ]);
  expect([a.stdout.toString(), a.stderr.toString(), a.status]).toEqual(["out\n", "err\n", 3]);
  expect(b.status).toBe(0);
  expect(c.stdout.toString().startsWith("given/")).toBe(true);
});

it("moves any bytes both ways", async () => {
  const session = await connection.session();
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
  const path = join(folder, "it's here");
  await session.upload(bytes, path);
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect((await buffer(await session.download(path))).equals(bytes)).toBe(true);
});

it("says which file cannot be written", async () => {
  const session = await connection.session();
  await expect(session.upload(Buffer.from("x"), "/proc/no/such")).rejects.toThrow("/proc/no/such");
});

it("kills a command that takes too long, with its children", async () => {
  const session = await connection.session();
  const hung = session.request(sh`sleep 1000 & sleep 1000`, { kind: "command", timeout: 1 });
  await expect(hung).rejects.toMatchObject({ code: "timeout" });
  expect((await session.request(sh`echo next`)).stdout.toString()).toBe("next\n");
});
