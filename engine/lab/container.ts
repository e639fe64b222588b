import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Docker } from "./docker.ts";
import type { LabKeys } from "./keys.ts";
import { type TarEntry, tar } from "./tar.ts";

/** A container that plays a host: systemd, or what the image starts, as PID 1, and sshd. */
export interface ContainerPlan {
  readonly name: string;
  readonly hostname: string;
  readonly image: string;
  readonly network: string;
  /** Left out, the network chooses. */
  readonly address?: string;
  /** Volume name by folder. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly ports: readonly number[];
  readonly labels: ReadonlyMap<string, string>;
  readonly files: readonly TarEntry[];
  /** What it runs as PID 1; empty: what its image says. */
  readonly command: readonly string[];
}

/** Makes and starts a host, with the lab's keys in it where it has an SSH server. @returns its address. */
export async function startHost(docker: Docker, plan: ContainerPlan, keys: LabKeys | undefined): Promise<string> {
  const args = ["create", "--name", plan.name, "--hostname", plan.hostname, "--network", plan.network];
  if (plan.address !== undefined) args.push("--ip", plan.address);
  for (const [key, value] of plan.labels) args.push("--label", `${key}=${value}`);
  for (const [folder, volume] of plan.volumes) args.push("--volume", `${volume}:${folder}`);
  for (const port of plan.ports) args.push("--publish", `127.0.0.1::${port}`);
  args.push(...(await isolation()), plan.image, ...plan.command);
  await docker.run(args);
  const files = [...(keys ? loginFiles(keys) : []), ...plan.files];
  if (files.length > 0) await docker.run(["cp", "-", `${plan.name}:/`], { input: tar(files) });
  await docker.run(["start", plan.name]);
  return addressOf(docker, plan.name, plan.network);
}

/** The address that a running host has on a network. */
export async function addressOf(docker: Docker, name: string, network: string): Promise<string> {
  const found = await docker.inspect("container", name);
  const address = found?.NetworkSettings?.Networks?.[network]?.IPAddress;
  if (address) return address;
  const logs = await docker.try(["logs", "--tail=15", name]);
  throw new Error(
    `The host ${name} has no address on ${network} (${found?.State?.Status ?? "gone"}); ` +
      `it said: ${logs.stdout.toString("utf8")}${logs.stderr}`,
  );
}

/** Waits until sshd greets, which the images let it do only when logins are allowed. */
export async function waitForSsh(address: string, port: number, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await greets(address, port))) {
    if (Date.now() > end) throw new Error(`No SSH server answered at ${address}:${port} within ${seconds} s.`);
    await delay(100);
  }
}

function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end(false));
    socket.once("error", () => end(false));
    socket.once("close", () => resolve(false));
    socket.once("data", (chunk) => end(chunk.toString("latin1").startsWith("SSH-")));
  });
}

function loginFiles(keys: LabKeys): TarEntry[] {
  return [
    { path: "root/.ssh", mode: 0o700 },
    { path: "root/.ssh/authorized_keys", mode: 0o600, content: `${keys.authorizedKey}\n` },
    // The other users of an image read the same list: see AuthorizedKeysFile in test/lab/lab.yml.
    { path: "etc/ssh/lab_authorized_keys", mode: 0o644, content: `${keys.authorizedKey}\n` },
    { path: "etc/ssh/ssh_host_ed25519_key", mode: 0o600, content: keys.hostKey },
    { path: "etc/ssh/ssh_host_ed25519_key.pub", mode: 0o644, content: `${keys.hostKeyPublic}\n` },
  ];
}

/**
 * What systemd and a Docker engine inside need. `--privileged` asks for every capability and fails on a machine
 * that lacks one itself, so what the machine lacks is dropped by name.
 */
async function isolation(): Promise<string[]> {
  const args = ["--cap-add=ALL"];
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  for (const name of missingCapabilities(status)) args.push(`--cap-drop=${name}`);
  for (const what of ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"]) {
    args.push(`--security-opt=${what}`);
  }
  args.push("--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp:exec");
  if (existsSync("/sys/fs/cgroup/cgroup.controllers") || !existsSync("/sys/fs/cgroup")) args.push("--cgroupns=private");
  else args.push("--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw");
  if (existsSync("/dev/net/tun")) args.push("--device=/dev/net/tun");
  return args;
}

/** The capabilities that `CapBnd` of /proc/self/status lacks, of those that the kernel has names for. */
export function missingCapabilities(status: string): string[] {
  const mask = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (mask === undefined) return [];
  const bits = BigInt(`0x${mask}`);
  return capabilities.filter((_, bit) => (bits & (1n << BigInt(bit))) === 0n);
}

// In the order of their numbers (linux/capability.h).
const capabilities = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
  "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
  "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
  "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split(" ");
