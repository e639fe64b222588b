import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Session } from "../../../engine/host/contract.ts";
import { leaveMarks, listMarks, markOf, marksIn, removeMarks } from "../../../engine/host/handler-marks.ts";
import { acquireLease, HeldBy } from "../../../engine/host/lease.ts";
import { sh } from "../../../engine/host/script.ts";
import { nobody } from "./nobody.ts";

const target = { name: "here", transport: "local", address: "here", hostKeyChecking: true, timeout: 20 } as const;
const { folder, connect, remove } = nobody(target);
const connection = connect();
let session: Session;

beforeAll(async () => {
  session = await connection.session();
});
afterAll(async () => {
  await connection.close();
  remove();
});

it("lets one run in at a time", async () => {
  const first = await acquireLease(session, "alice's run");
  const second = await acquireLease(session, "bob");
  expect(second).toEqual(new HeldBy("alice's run"));
  expect(await acquireLease(session, "alice's run")).not.toBeInstanceOf(HeldBy);
  if (!(first instanceof HeldBy)) await first.release();
  const third = await acquireLease(session, "bob");
  expect(third).not.toBeInstanceOf(HeldBy);
  if (!(third instanceof HeldBy)) await third.release();
});

it("is not free while a command of a killed run goes on, and then takes away what it left", async () => {
  const killed = connect();
  try {
    const survivor = await killed.session();
    const lease = await acquireLease(survivor, "dead:1");
    if (lease instanceof HeldBy) throw new Error("nobody else is there");
    await lease.list(survivor);
    const [half, fifo] = [join(folder, "half written"), join(folder, "fifo")];
    await lease.leaving([half]);
    await survivor.request(sh`mkfifo ${fifo}; : >${half}`, { kind: "step" });
    const running = survivor.request(sh`echo >${fifo}; read x <${fifo}`, { kind: "command" });
    await session.request(sh`read x <${fifo}`, { kind: "command" }); // it runs

    const held = await acquireLease(session, "next", "dead:1");
    expect(held).toEqual(new HeldBy("dead:1", expect.any(Number)));
    expect(existsSync(half)).toBe(true);

    await session.request(sh`echo >${fifo}`, { kind: "command" });
    await running;
    const taken = await acquireLease(session, "next", "dead:1");
    expect(taken).not.toBeInstanceOf(HeldBy);
    expect(existsSync(half)).toBe(false);
    if (!(taken instanceof HeldBy)) await taken.release();
  } finally {
    await killed.close();
  }
});

it("is taken over by one alone of many that come at once", async () => {
  const others = Array.from({ length: 6 }, () => connect());
  try {
    const sessions = await Promise.all(others.map((other) => other.session()));
    for (let round = 0; round < 8; round++) {
      expect(await acquireLease(session, "dead:1")).not.toBeInstanceOf(HeldBy);
      const found = await Promise.all(sessions.map((each, at) => acquireLease(each, `run ${round} ${at}`, "dead:1")));
      const [winner, ...more] = found.filter((lease) => !(lease instanceof HeldBy));
      expect(more).toEqual([]);
      if (winner === undefined || winner instanceof HeldBy) throw new Error("nobody has it");
      const holder = `run ${round} ${found.indexOf(winner)}`;
      expect(await acquireLease(session, "late", "dead:1")).toEqual(new HeldBy(holder));
      await winner.release();
    }
    const left = await session.request(sh`ls "$TMPDIR/.play-$(id -u)" 2>/dev/null`);
    expect(left.stdout.toString()).toBe("");
  } finally {
    await Promise.all(others.map((other) => other.close()));
  }
});

it("keeps marks of notified handlers", async () => {
  const [one, two] = [markOf("play", "restart it"), markOf("play", "reload")];
  await session.request(
    leaveMarks([
      { mark: one, name: "restart it" },
      { mark: two, name: "reload" },
    ]),
    { kind: "step" },
  );
  expect(marksIn(await session.request(listMarks)).sort()).toEqual([one, two].sort());
  await session.request(removeMarks([one]), { kind: "step" });
  expect(marksIn(await session.request(listMarks))).toEqual([two]);
});
