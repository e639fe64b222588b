import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Channel } from "../../../engine/host/channel.ts";
import { HostConnection } from "../../../engine/host/connect.ts";
import type { Session } from "../../../engine/host/contract.ts";
import { LocalTransport } from "../../../engine/host/local.ts";
import { joinScripts, sh } from "../../../engine/host/script.ts";

/** Remembers its channels, so that a test can cut one. */
class CutTransport extends LocalTransport {
  readonly opened: Channel[] = [];
  override async open(command: string): Promise<Channel> {
    const channel = await super.open(command);
    this.opened.push(channel);
    return channel;
  }
}

const everyByte = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 256));
const folder = mkdtempSync(join(tmpdir(), "play-session-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([["dash"], ["bash --norc"], ["busybox sh"]])("a session under %s", (name) => {
  let transport: CutTransport;
  let connection: HostConnection;
  let session: Session;
  const temporary = join(folder, name.replaceAll(" ", "-"));

  const open = async (): Promise<void> => {
    const shell = ["env", `TMPDIR=${temporary}`, "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", ...name.split(" ")];
    const target = { name: "here", transport: "local", address: "here", hostKeyChecking: true, timeout: 20 } as const;
    transport = new CutTransport(shell);
    connection = new HostConnection(target, {}, async () => transport);
    session = await connection.session();
  };

  beforeAll(async () => {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary);
    await open();
  });
  afterAll(() => connection.close());

  it.each(["probe", "step", "command"] as const)("answers a %s byte for byte", async (kind) => {
    const echoed = await session.request(sh`cat; printf 'no newline' >&2; exit 7`, { kind, stdin: everyByte });
    expect(echoed.stdout.equals(everyByte)).toBe(true);
    expect([echoed.stderr.toString(), echoed.status]).toEqual(["no newline", 7]);
    const silent = await session.request(sh`:`, { kind });
    expect([silent.stdout.length, silent.stderr.length, silent.status]).toEqual([0, 0, 0]);
  });

  it.each(["probe", "step", "command"] as const)("runs a %s without input, and a wrong one", async (kind) => {
    expect((await session.request(sh`cat; echo done`, { kind })).stdout.toString()).toBe("done\n");
    expect((await session.request(sh`if then`, { kind })).status).not.toBe(0);
    expect((await session.request(sh`echo ${"ä\xff'\n"}`, { kind })).stdout.toString()).toBe("ä\xff'\n\n");
  });

  it("takes long scripts", async () => {
    const long = joinScripts(Array.from({ length: 3000 }, (_, index) => sh`x=${index}`));
    for (const kind of ["probe", "step", "command"] as const) {
      const reply = await session.request(joinScripts([long, sh`echo "$x"; exit 3`]), { kind });
      expect([reply.stdout.toString(), reply.status]).toEqual(["2999\n", 3]);
    }
  });

  it("keeps requests from changing the session", async () => {
    const attack = sh`cd /; umask 0; PATH=; LC_ALL=x; exec 1>&- 2>&-; trap '' 15; kill -9 $$ 2>/dev/null; exit 9`;
    const [killed] = await Promise.all([session.request(attack, { kind: "command" })]);
    expect(killed.status).toBe(137);
    await session.request(sh`cd /; umask 0; PATH=; unset HOME; _i=5; _d=/nowhere; exit 9`);
    await session.request(sh`cd /; umask 0; PATH=; _i=5; _d=/nowhere`, { kind: "step" });
    expect((await session.request(sh`echo still; umask | sed 's/.*0//'`)).stdout.toString()).toMatch(/^still\n/);
  });

  it("gives probes the C locale and commands the host's", async () => {
    const locale = sh`echo "\${LC_ALL-none}"`;
    expect((await session.request(locale)).stdout.toString()).toBe("C\n");
    expect((await session.request(locale, { kind: "step" })).stdout.toString()).toBe("C\n");
    expect((await session.request(locale, { kind: "command" })).stdout.toString()).toBe("C.UTF-8\n");
  });

  it("does not tell its marker to a script", async () => {
    const seen = await session.request(sh`set; cat /proc/$$/environ /proc/$$/cmdline | tr '\0' '\n'`);
    expect(seen.stdout.toString()).not.toMatch(/_M=/);
  });

  it.each(["probe", "step", "command"] as const)("shows the text of a %s on no command line", async (kind) => {
    const script = sh`export A=hidden-value; echo begin; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' '; env`;
    const { stdout } = await session.request(joinScripts([script, sh`echo end`]), { kind });
    expect(stdout.toString()).toMatch(/^begin\n.*\nend\n$/s);
    expect(stdout.toString().match(/.*hidden-value.*/g)).toEqual(["A=hidden-value"]);
  });

  it("answers a thousand requests in order, and a flood", { timeout: 180_000 }, async () => {
    const replies = Array.from({ length: 1000 }, (_, index) => session.request(sh`echo ${index}`));
    const flood = session.request(sh`head -c 20000000 /dev/zero; head -c 3000000 /dev/zero >&2`);
    const numbers = (await Promise.all(replies)).map((reply) => Number(reply.stdout.toString()));
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    const { stdout, stderr } = await flood;
    expect([stdout.length, stderr.length]).toEqual([20_000_000, 3_000_000]);
  });

  it.each(["step", "command"] as const)("does not wait for a daemon that a %s left, nor hear it", async (kind) => {
    const fifo = join(temporary, `fifo-${kind}`);
    await session.request(sh`mkfifo ${fifo}`);
    // The daemon writes when the fifo is opened, long after its request was answered.
    const left = await session.request(sh`(read x <${fifo}; echo "$x"; echo "$x" >&2) & echo started`, { kind });
    expect(left.stdout.toString()).toBe("started\n");
    await session.request(sh`echo noise >${fifo}`);
    const next = await session.request(sh`echo next`, { kind });
    expect([next.stdout.toString(), next.stderr.toString()]).toEqual(["next\n", ""]);
  });

  it.each(["probe", "step", "command"] as const)("kills a hung %s with its children, and goes on", async (kind) => {
    const pids = join(temporary, `pids-${kind}`);
    await session.request(sh`mkfifo ${pids}`);
    const script = sh`sleep 1000 & a=$!; setsid sleep 1001 & echo "$a $!" >${pids}; sleep 1002`;
    const abort = new AbortController();
    const hung = session.request(script, { kind, signal: abort.signal });
    const after = session.request(sh`echo after`);
    const children = (await readFile(pids, "utf8")).trim().split(" "); // when it can be read, all of them run
    abort.abort();
    await expect(hung).rejects.toMatchObject({ code: "cancelled", sent: true });
    expect((await after).stdout.toString()).toBe("after\n");
    expect(children).toHaveLength(2);
    for (const pid of children) {
      // They have the signal; on a busy machine it takes a while until each dies of it.
      const state = async () => (await session.request(sh`cat /proc/${pid}/stat 2>/dev/null`)).stdout.toString();
      await expect.poll(state, { timeout: 20_000 }).toMatch(/^$|\) Z /);
    }
  });

  it("ends a command that is cancelled, and never starts one that waits", async () => {
    const abort = new AbortController();
    const file = join(temporary, "never");
    const running = session.request(sh`sleep 1000`, { kind: "command", signal: abort.signal });
    const waiting = session.request(sh`echo >${file}`, { kind: "step", signal: abort.signal });
    await Promise.all([
      expect(running).rejects.toMatchObject({ code: "cancelled" }),
      expect(waiting).rejects.toMatchObject({ code: "cancelled" }),
      Promise.resolve().then(() => abort.abort()),
    ]);
    expect((await session.request(sh`ls ${file}`)).status).not.toBe(0);
  });

  it.each(["probe", "command"] as const)("stops a %s that writes too much", async (kind) => {
    const flood = session.request(sh`head -c 3000000 /dev/zero; sleep 1; exit 0`, { kind, maxOutput: 1_000_000 });
    await expect(flood).rejects.toMatchObject({ code: "output-too-large" });
    expect((await session.request(sh`echo after`)).stdout.toString()).toBe("after\n");
  });

  it("moves files both ways", async () => {
    const path = join(temporary, "it's\na file");
    const large = Buffer.concat(Array.from({ length: 300 }, () => everyByte));
    for (const content of [large, everyByte, Buffer.alloc(0)]) {
      await session.upload(content, path, { mode: "0640" });
      expect(readFileSync(path).equals(content)).toBe(true);
      expect((await buffer(await session.download(path))).equals(content)).toBe(true);
    }
    await expect(session.upload(large, "/proc/none/x")).rejects.toMatchObject({ code: "transfer-failed" });
    await expect(session.download(join(temporary, "none"))).rejects.toMatchObject({ code: "transfer-failed" });
  });

  describe("cut", () => {
    afterEach(open);

    it("fails what was sent, opens anew for the next, and leaves no files", async () => {
      await connection.close();
      await open();
      const fifo = join(temporary, "cut");
      await session.request(sh`mkfifo ${fifo}`);
      const lost = session.request(sh`echo >${fifo}; sleep 0.2`, { kind: "step" });
      await readFile(fifo); // it runs
      transport.opened.at(-1)?.destroy();
      await expect(lost).rejects.toMatchObject({ code: "connection-lost", sent: true });
      expect((await session.request(sh`echo anew`)).stdout.toString()).toBe("anew\n");
      await connection.close();
      await Promise.all(transport.opened.map((channel) => channel.closed));
      await expect
        .poll(() => readdirSync(temporary).filter((file) => file.startsWith(".play-")), { timeout: 20_000 })
        .toEqual([]);
    });
  });
});
