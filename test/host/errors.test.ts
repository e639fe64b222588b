import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../engine/host/connect.ts";
import type { Session } from "../../engine/host/contract.ts";
import { sh } from "../../engine/host/script.ts";
import { runIn } from "../unit/run/play.ts";
import { type Sshd, startSshd, USER } from "./sshd.ts";

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());

async function withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const connection = connect(sshd.target);
  try {
    return await work(await connection.session());
  } finally {
    await connection.close();
  }
}

describe("a login shell", () => {
  const loginShell = (path: string): void => {
    execFileSync("usermod", ["--shell", path, USER]);
  };

  it("that prints before it runs anything is not in the way", async () => {
    loginShell("/bin/bash");
    writeFileSync(`/home/${USER}/.bashrc`, "echo 'Welcome to the host'; printf 'no newline' >&2\n");
    const { stdout, stderr } = await withSession((session) => session.request(sh`echo out; echo err >&2`));
    expect([stdout.toString(), stderr.toString()]).toEqual(["out\n", "err\n"]);
  });

  it.each([
    ["nologin", "/usr/sbin/nologin", /gave no shell: This account is currently not available/],
    ["one that ends at once", "/bin/true", /gave no shell\.$/],
  ])("that is none is told: %s", async (_name, path, message) => {
    loginShell(path);
    await expect(withSession(async () => {})).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(message),
    });
    loginShell("/bin/sh");
  });
});

describe("output", () => {
  it("of 200 MB is stopped with a clear message, and the session goes on", async () => {
    await withSession(async (session) => {
      const flood = session.request(sh`head -c 200000000 /dev/zero`, { kind: "command" });
      await expect(flood).rejects.toMatchObject({
        code: "output-too-large",
        message: expect.stringContaining("wrote more than 67108864 bytes to stdout"),
      });
      expect((await session.request(sh`echo on`)).stdout.toString()).toBe("on\n");
    });
  });

  it("of any bytes comes as it is", async () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
    const reply = await withSession((session) => session.request(sh`cat`, { kind: "command", stdin: bytes }));
    expect(reply.stdout.equals(bytes)).toBe(true);
  });
});

describe("a disk", () => {
  let folder: string;
  let mounted: string;
  const mount = (options: string): void => {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", mounted]);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "play-disk-"));
    mounted = join(sshd.folder, "disk");
    mkdirSync(mounted);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const inventory = (): string => `all:
  hosts:
    private:
      ansible_host: 127.0.0.1
      ansible_port: ${sshd.port}
      ansible_user: ${USER}
      ansible_ssh_private_key_file: ${sshd.target.privateKeyFile}
      ansible_ssh_common_args: ${sshd.target.sshArguments}
`;
  /** Once within the requests, once over a channel of its own. */
  const playbook = (): string => `
- hosts: all
  tasks:
    - {name: small, copy: {content: "{{ 'x' * 100000 }}", dest: ${mounted}/small}, ignore_errors: true}
    - {name: large, copy: {content: "{{ 'x' * 900000 }}", dest: ${mounted}/large}}
`;

  it.each([
    ["that is full", `size=64k,uid=${USER}`, /No space left on device/],
    ["that is read-only", `ro,uid=${USER}`, /Read-only file system/],
  ])("%s fails the task with its reason, and nothing is half written", async (_name, options, reason) => {
    mount(options);
    try {
      const done = await runIn(folder, playbook(), { inventory: inventory() });
      expect(
        done.results.map(({ status }) => status),
        done.output,
      ).toEqual(["failed", "failed"]);
      for (const { value } of done.results) expect(String(value["msg"])).toMatch(reason);
      expect(readdirSync(mounted)).toEqual([]);
    } finally {
      execFileSync("umount", [mounted]);
    }
  });
});
