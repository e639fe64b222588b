import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Session } from "../../../engine/host/contract.ts";
import { acquireLease, HeldBy } from "../../../engine/host/lease.ts";
import { sh } from "../../../engine/host/script.ts";
import { Leases } from "../../../engine/run/leases.ts";
import { nobody } from "../host/nobody.ts";

// The transport is only a name: a machine of its own is never leased.
const target = { name: "there", transport: "ssh", address: "here", hostKeyChecking: true, timeout: 20 } as const;
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

const seat = { host: "there", target, session: async () => session };
/** The pid of no process: the largest that Linux gives is 2^22. */
const dead = `${hostname()}:${2 ** 22 + 1}`;

it("is patient with what a killed run began, not with a run that goes on", async () => {
  const killed = connect();
  try {
    const survivor = await killed.session();
    const lease = await acquireLease(survivor, dead);
    if (lease instanceof HeldBy) throw new Error("nobody else is there");
    await lease.list(survivor);
    const fifo = join(folder, "fifo");
    await survivor.request(sh`mkfifo ${fifo}`, { kind: "step" });
    const running = survivor.request(sh`echo >${fifo}; read x <${fifo}`, { kind: "command" });
    await session.request(sh`read x <${fifo}`, { kind: "command" }); // it runs

    const warnings: string[] = [];
    const leases = new Leases(
      new AbortController().signal,
      (text) => {
        warnings.push(text);
        if (warnings.length === 1) void session.request(sh`echo >${fifo}`, { kind: "command" });
      },
      { run: 0, survivor: 1800 },
    );
    expect(await leases.before(seat)).toBe(true);
    await running;
    expect(warnings).toEqual([
      expect.stringMatching(
        /^there is still being changed by process \d+, which a run that is no more \(.*\) began; wait/,
      ),
    ]);
    expect(await leases.before(seat)).toBe(false);

    await leases.release();

    const alive = await acquireLease(session, "elsewhere:1");
    await expect(leases.before({ ...seat, host: "its other name" })).rejects.toThrow(
      "its other name is being changed by another run (elsewhere:1).",
    );
    if (!(alive instanceof HeldBy)) await alive.release();
  } finally {
    await killed.close();
  }
});

it("says that a host which was free is as it was", async () => {
  const leases = new Leases(new AbortController().signal, () => {});
  expect(await leases.before(seat)).toBe(false);
  await leases.release();
});
