import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Target } from "../../engine/host/contract.ts";

/** The login user of these tests, and their password; made with the server, and removed with it. */
export const USER = "play-test";
export const PASSWORD = 'it\'s a "pass word"';

/** A private sshd of this machine, on its own port with its own keys. */
export interface Sshd {
  readonly port: number;
  readonly folder: string;
  /** How the user logs in there with the key `id`; known_hosts is right. */
  readonly target: Target;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port was given")),
      );
    });
  });
}

export async function startSshd(): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), "play-sshd-"));
  const port = await freePort();
  const file = (name: string): string => join(folder, name);
  for (const [name, passphrase] of [
    ["host_key", ""],
    ["other_key", ""],
    ["id", ""],
    ["id_wrong", ""],
    ["id_locked", "open sesame"],
  ] as const) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", file(name)]);
  }
  chmodSync(folder, 0o755);
  const read = (name: string): string => execFileSync("cat", [file(name)], { encoding: "utf8" });
  writeFileSync(file("authorized_keys"), read("id.pub") + read("id_locked.pub"), { mode: 0o644 });
  writeFileSync(file("known_hosts"), `[127.0.0.1]:${port} ${read("host_key.pub")}`);
  writeFileSync(
    file("sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${file("host_key")}`,
      `AuthorizedKeysFile ${file("authorized_keys")}`,
      `PidFile ${file("pid")}`,
      "StrictModes no",
      "UsePAM yes",
      "PermitRootLogin yes",
      "PasswordAuthentication yes",
      "KbdInteractiveAuthentication yes",
      "MaxStartups 100",
    ].join("\n"),
  );
  removeUser();
  // A plain login shell: the one of this machine's root may run anything first.
  execFileSync("useradd", ["--create-home", "--shell", "/bin/sh", USER]);
  execFileSync("chpasswd", { input: `${USER}:${PASSWORD}\n` });
  execFileSync("chown", [USER, folder]);
  execFileSync("mkdir", ["-p", "/run/sshd"]); // its chroot, which the service's unit would make
  const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", file("sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.once("error", reject);
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Server listening")) resolve();
    });
    child.once("close", () => reject(new Error(`sshd ended: ${said}`)));
  });
  return {
    port,
    folder,
    target: {
      name: "private",
      transport: "ssh",
      address: "127.0.0.1",
      port,
      user: USER,
      privateKeyFile: file("id"),
      sshArguments: `-F none -o IdentityAgent=none -o UserKnownHostsFile=${file("known_hosts")}`,
      hostKeyChecking: true,
      timeout: 20,
    },
    async stop() {
      child.kill();
      await ended;
      removeUser();
      rmSync(folder, { recursive: true });
    },
  };
}

function removeUser(): void {
  // There is none the first time; -f because a session of it may be ending still.
  spawnSync("userdel", ["-rf", USER], { stdio: "ignore" });
}
