import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../engine/host/connect.ts";
import type { Become, Connection } from "../../engine/host/contract.ts";
import { sh } from "../../engine/host/script.ts";
import { PASSWORD, type Sshd, startSshd, USER } from "./sshd.ts";

const OTHER = "play-other";
const RULES = `/etc/sudoers.d/${USER}`;
let sshd: Sshd;
let connection: Connection;

/** One rule file at a time, so that each test says what sudo is told. */
function sudoers(...lines: string[]): void {
  writeFileSync(RULES, `${lines.join("\n")}\n`, { mode: 0o440 });
  execFileSync("visudo", ["-cqf", RULES]);
}

beforeAll(async () => {
  sshd = await startSshd();
  connection = connect(sshd.target);
  execFileSync("sh", ["-c", `id ${OTHER} >/dev/null 2>&1 || useradd --create-home --shell /bin/sh ${OTHER}`]);
  execFileSync("chpasswd", { input: `${OTHER}:${PASSWORD}\n` });
});
afterAll(async () => {
  await connection.close();
  rmSync(RULES, { force: true });
  execFileSync("userdel", ["-rf", OTHER], { stdio: "ignore" });
  await sshd.stop();
});

async function become(how: Become): Promise<string> {
  const own = connect(sshd.target);
  try {
    const session = await own.session(how);
    const { stdout, stderr, status } = await session.request(sh`id -un; echo e >&2; exit 4`);
    expect([stderr.toString(), status]).toEqual(["e\n", 4]);
    return stdout.toString().trim();
  } finally {
    await own.close();
  }
}

describe("sudo", () => {
  const password = PASSWORD;
  it("without a password", async () => {
    sudoers(`${USER} ALL=(ALL) NOPASSWD: ALL`);
    expect(await become({ method: "sudo", user: "root" })).toBe("root");
    expect(await become({ method: "sudo", user: OTHER, password: "not needed", flags: "-H -S -n" })).toBe(OTHER);
  });

  it.each([["use_pty"], ["!use_pty"], ["requiretty"]])("with a password, under Defaults %s", async (setting) => {
    sudoers(`Defaults:${USER} ${setting}`, `${USER} ALL=(ALL) ALL`);
    expect(await become({ method: "sudo", user: "root", password })).toBe("root");
  });

  it("says what is wrong", async () => {
    sudoers(`Defaults:${USER} lecture=always`, `${USER} ALL=(ALL) ALL`);
    await expect(become({ method: "sudo", user: "root", password: "wrong" })).rejects.toMatchObject({
      code: "become-failed",
      message: expect.stringContaining("refused the password"),
    });
    await expect(become({ method: "sudo", user: "root" })).rejects.toThrow("none was given");
    await expect(become({ method: "sudo", user: "root", exe: "no-sudo" })).rejects.toThrow("has no no-sudo");
    sudoers(`${USER} ALL=(${OTHER}) ALL`);
    await expect(become({ method: "sudo", user: "root", password })).rejects.toMatchObject({ code: "become-failed" });
  });

  it.each([["use_pty"], ["requiretty"]])(
    "moves files as that user, and kills what is theirs, under %s",
    async (setting) => {
      sudoers(`Defaults:${USER} ${setting}`, `${USER} ALL=(ALL) ALL`);
      const own = connect(sshd.target);
      const session = await own.session({ method: "sudo", user: "root", password });
      const path = join(sshd.folder, `root-file-${setting}`);
      const content = Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * 7) % 256));
      await session.upload(content, path, { mode: "0600" });
      expect(readFileSync(path).equals(content)).toBe(true);
      expect((await session.request(sh`stat -c %U ${path}`)).stdout.toString()).toBe("root\n");
      expect((await buffer(await session.download(path))).equals(content)).toBe(true);
      const hung = session.request(sh`sleep 1000`, { kind: "command", timeout: 0.5 });
      await expect(hung).rejects.toMatchObject({ code: "timeout" });
      expect((await session.request(sh`id -un`)).stdout.toString()).toBe("root\n");
      await own.close();
    },
  );
});

describe("su", () => {
  it("with the other's password", async () => {
    expect(await become({ method: "su", user: OTHER, password: PASSWORD })).toBe(OTHER);
    await expect(become({ method: "su", user: OTHER, password: "wrong" })).rejects.toMatchObject({
      code: "become-failed",
    });
    await expect(become({ method: "su", user: OTHER })).rejects.toThrow("none was given");
  });
});
