import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../engine/host/connect.ts";
import type { Target } from "../../engine/host/contract.ts";
import { sh } from "../../engine/host/script.ts";
import { freePort, PASSWORD, type Sshd, startSshd, USER } from "./sshd.ts";

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());

const file = (name: string): string => join(sshd.folder, name);
const knownHosts = (name: string): string => `-F none -o IdentityAgent=none -o UserKnownHostsFile=${file(name)}`;

async function whoami(changes: Partial<Target>): Promise<string> {
  const connection = connect({ ...sshd.target, ...changes });
  try {
    const session = await connection.session();
    return (await session.request(sh`id -un`)).stdout.toString().trim();
  } finally {
    await connection.close();
  }
}

describe.each(["ssh", "openssh"] as const)("over %s", (transport) => {
  it("runs requests, moves files, reaches addresses", async () => {
    const connection = connect({ ...sshd.target, transport });
    const session = await connection.session();
    const replies = await Promise.all(Array.from({ length: 50 }, (_, index) => session.request(sh`echo ${index}`)));
    expect(replies.map((reply) => Number(reply.stdout.toString()))).toEqual(Array.from({ length: 50 }, (_, i) => i));

    const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 31) % 256));
    await Promise.all(["a", "b"].map((name) => session.upload(content, file(name), { mode: "0600" })));
    expect(readFileSync(file("b")).equals(content)).toBe(true);
    expect((await buffer(await session.download(file("a")))).equals(content)).toBe(true);

    // The end of a small file comes along with its first bytes.
    for (let round = 0; round < 20; round++) {
      await session.upload(Buffer.from("small"), file("small"));
      expect(await text(await session.download(file("small")))).toBe("small");
    }

    const server = createServer((socket) => socket.end("hello"));
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    expect(await text(await connection.forward("127.0.0.1", port))).toBe("hello");
    server.close();

    const hung = session.request(sh`sleep 1000`, { kind: "command", timeout: 0.5 });
    await expect(hung).rejects.toMatchObject({ code: "timeout" });
    expect((await session.request(sh`echo on`)).stdout.toString()).toBe("on\n");
    await connection.close();
  });
});

describe("the system's ssh", () => {
  it("says the same as ours when it is not let in", async () => {
    const openssh = { transport: "openssh" } as const;
    writeFileSync(file("none"), "");
    const strict = `${knownHosts("none")} -o StrictHostKeyChecking=yes`;
    await expect(whoami({ ...openssh, sshArguments: strict })).rejects.toMatchObject({ code: "host-key-unknown" });
    const wrong = whoami({ ...openssh, privateKeyFile: file("id_wrong") });
    await expect(wrong).rejects.toMatchObject({ code: "authentication-failed" });
    await expect(whoami({ ...openssh, port: await freePort() })).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("many channels", () => {
  it("opens more connections than one could carry", async () => {
    const connection = connect(sshd.target);
    const session = await connection.session();
    const content = Buffer.alloc(300_000, 7);
    const names = Array.from({ length: 20 }, (_, index) => file(`many-${index}`));
    await Promise.all(names.map((name) => session.upload(content, name)));
    for (const name of names) expect(readFileSync(name).equals(content)).toBe(true);
    await connection.close();
  });
});

describe("the host's key", () => {
  it("must be known", async () => {
    writeFileSync(file("none"), "");
    await expect(whoami({ sshArguments: knownHosts("none") })).rejects.toMatchObject({ code: "host-key-unknown" });
    expect(await whoami({ sshArguments: knownHosts("none"), hostKeyChecking: false })).toBe(USER);
  });

  it("is taken down once, if asked", async () => {
    writeFileSync(file("new"), "");
    const sshArguments = `${knownHosts("new")} -o StrictHostKeyChecking=accept-new`;
    expect(await whoami({ sshArguments })).toBe(USER);
    expect(await whoami({ sshArguments: knownHosts("new") })).toBe(USER);
  });

  it("must be the same, and the line that says so is shown", async () => {
    writeFileSync(file("changed"), `# first\n[127.0.0.1]:${sshd.port} ${readFileSync(file("other_key.pub"), "utf8")}`);
    const refused = whoami({ sshArguments: knownHosts("changed") });
    await expect(refused).rejects.toMatchObject({ code: "host-key-changed" });
    await expect(refused).rejects.toThrow(`${file("changed")}:2`);
  });

  it("is found hashed, and refused when revoked", async () => {
    writeFileSync(file("hashed"), readFileSync(file("known_hosts"), "utf8"));
    execFileSync("ssh-keygen", ["-q", "-H", "-f", file("hashed")], { stdio: "ignore" });
    expect(await whoami({ sshArguments: knownHosts("hashed") })).toBe(USER);
    appendFileSync(file("hashed"), `@revoked * ${readFileSync(file("host_key.pub"), "utf8")}`);
    await expect(whoami({ sshArguments: knownHosts("hashed") })).rejects.toThrow("revoked");
  });
});

describe("logging in", () => {
  it("opens an encrypted key, and says when it cannot", async () => {
    const privateKeyFile = file("id_locked");
    expect(await whoami({ privateKeyFile, passphrase: "open sesame" })).toBe(USER);
    await expect(whoami({ privateKeyFile, passphrase: "wrong" })).rejects.toThrow("the passphrase does not open");
    await expect(whoami({ privateKeyFile })).rejects.toThrow("encrypted");
  });

  it("says that a key is not let in", async () => {
    const refused = whoami({ privateKeyFile: file("id_wrong") });
    await expect(refused).rejects.toMatchObject({ code: "authentication-failed", sent: false });
  });

  it("tries several keys", async () => {
    const sshArguments = `${knownHosts("known_hosts")} -i ${file("id")}`;
    expect(await whoami({ privateKeyFile: file("id_wrong"), sshArguments })).toBe(USER);
  });

  it("gives a password, when asked in either way", async () => {
    const { privateKeyFile: _, ...keyless } = sshd.target;
    const login = async (password: string): Promise<string> => {
      const connection = connect({ ...keyless, sshArguments: `${knownHosts("known_hosts")} -i /none`, password });
      try {
        return (await (await connection.session()).request(sh`id -un`)).stdout.toString().trim();
      } finally {
        await connection.close();
      }
    };
    expect(await login(PASSWORD)).toBe(USER);
    await expect(login("wrong")).rejects.toMatchObject({ code: "authentication-failed" });
  });

  it("uses an agent", async () => {
    const socket = file("agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((resolve) => agent.stdout.once("data", resolve));
    execFileSync("ssh-add", ["-q", file("id")], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: "ignore" });
    const sshArguments = `-F none -o UserKnownHostsFile=${file("known_hosts")} -o IdentityAgent=${socket}`;
    expect(await whoami({ privateKeyFile: file("id_wrong"), sshArguments })).toBe(USER);
    agent.kill();
  });
});

describe("the way there", () => {
  it("leads over jump hosts, verifying each", async () => {
    const jump = `-J ${USER}@127.0.0.1:${sshd.port},${USER}@127.0.0.1:${sshd.port}`;
    expect(await whoami({ sshArguments: `${knownHosts("known_hosts")} ${jump}` })).toBe(USER);
    writeFileSync(file("none"), "");
    const blind = whoami({ sshArguments: `${knownHosts("none")} ${jump}` });
    await expect(blind).rejects.toThrow("jump host");
  });

  it("may be a command", async () => {
    const program =
      "const s = require('net').connect(process.argv[3], process.argv[2]); process.stdin.pipe(s).pipe(process.stdout);";
    writeFileSync(file("proxy.cjs"), program);
    const proxy = `-o "ProxyCommand=${process.execPath} ${file("proxy.cjs")} %h %p"`;
    expect(await whoami({ sshArguments: `${knownHosts("known_hosts")} ${proxy}` })).toBe(USER);
  });

  it("is told to be closed", async () => {
    const refused = whoami({ port: await freePort() });
    await expect(refused).rejects.toMatchObject({ code: "unreachable" });
    await expect(refused).rejects.toThrow("ECONNREFUSED");
    await expect(whoami({ address: "no-such-host.invalid" })).rejects.toMatchObject({ code: "unreachable" });
  });

  it("may be given up before its end", async () => {
    const silent = createServer(() => {}); // accepts, and never says anything
    const port = await freePort();
    await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
    const abort = new AbortController();
    const connection = connect({ ...sshd.target, port, timeout: 600 }, { signal: abort.signal });
    const opening = connection.session();
    silent.once("connection", () => abort.abort());
    await expect(opening).rejects.toMatchObject({ code: "cancelled" });
    silent.close();
  });

  it("may break, and is found again", async () => {
    const connection = connect(sshd.target);
    const session = await connection.session();
    const cut = session.request(sh`kill -9 "$PPID"; sleep 5`, { kind: "step" });
    await expect(cut).rejects.toMatchObject({ code: "connection-lost", sent: true });
    expect((await session.request(sh`echo again`)).stdout.toString()).toBe("again\n");
    await connection.reset();
    expect((await session.request(sh`echo anew`)).stdout.toString()).toBe("anew\n");
    await connection.close();
  });
});
