import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Event, TaskResult } from "../../engine/run/events.ts";
import { type Sshd, startSshd, USER } from "../host/sshd.ts";
import { type CuttingProxy, cuttingProxy } from "./cutting-proxy.ts";

const play = fileURLToPath(new URL("../../play", import.meta.url));
const HOSTS = 50;
const CUTS = 20;
/** Each client has sent so much when it is logged in and has its shell; and at least so much more in the run. */
const LOGIN_BYTES = 8_000;
const RUN_BYTES = 4_000;

/*
 * One sshd on fifty addresses; each address has a home and temporary files of its own, so that handler marks, leases
 * and sessions of a host are its own too. Between play and each address stands a proxy that can break the connection.
 */
interface Host {
  readonly name: string;
  readonly folder: string;
  readonly proxy: CuttingProxy;
}
let sshd: Sshd;
let hosts: Host[] = [];

let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "play-fleet-"));
  chmodSync(root, 0o755);
  const names = Array.from({ length: HOSTS }, (_, index) => `host-${String(index + 1).padStart(2, "0")}`);
  const address = (index: number): string => `127.0.2.${index + 1}`;
  const settings = names.flatMap((name, index) => [
    `Match LocalAddress ${address(index)}`,
    `  SetEnv HOME=${join(root, name)} TMPDIR=${join(root, name)}`,
  ]);
  sshd = await startSshd(settings, "0.0.0.0");
  for (const name of names) {
    mkdirSync(join(root, name));
    execFileSync("chown", [USER, join(root, name)]);
  }
  hosts = await Promise.all(
    names.map(async (name, index) => ({
      name,
      folder: join(root, name),
      proxy: await cuttingProxy(address(index), sshd.port),
    })),
  );
  writeFileSync(join(root, "known_hosts"), `* ${readFileSync(join(sshd.folder, "host_key.pub"), "utf8")}`);
  const lines = hosts.map(({ name, folder, proxy }) => `    ${name}: {ansible_port: ${proxy.port}, work: ${folder}}\n`);
  const common = `-F none -o IdentityAgent=none -o UserKnownHostsFile=${join(root, "known_hosts")}`;
  writeFileSync(
    join(root, "hosts.yml"),
    `all:
  vars:
    ansible_host: 127.0.0.1
    ansible_user: ${USER}
    ansible_ssh_private_key_file: ${join(sshd.folder, "id")}
    ansible_ssh_common_args: ${common}
  hosts:
${lines.join("")}`,
  );
});

afterAll(async () => {
  await Promise.all(hosts.map(({ proxy }) => proxy.close()));
  await sshd.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Outcome {
  readonly exitCode: number | null;
  readonly results: readonly { readonly task: string; readonly result: TaskResult }[];
  readonly said: string;
}

/** Runs it as its own process: that it ends says that no handle was left. */
async function run(...flags: string[]): Promise<Outcome> {
  const child = spawn(
    play,
    [join(root, "site.yml"), "-i", join(root, "hosts.yml"), "-f", "50", "-T", "300", "--output", "ndjson", ...flags],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [said, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const tasks = new Map<number, string>();
  const results: { task: string; result: TaskResult }[] = [];
  for (const line of said.split("\n").filter((each) => each.startsWith("{"))) {
    const event = JSON.parse(line) as Event; // what the ndjson reporter wrote
    if (event.type === "task-start") tasks.set(event.id, event.task);
    if (event.type === "result") results.push({ task: tasks.get(event.id) ?? "", result: event.result });
  }
  return { exitCode: await code, results, said: errors };
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Lines that an action of this name wrote on a host. */
function lines(host: Host, name: string): number {
  const path = join(host.folder, name);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}

const playbook = `
- hosts: all
  gather_facts: false
  tasks:
    - {name: folder, file: {path: "{{ work }}/d", state: directory}}
    - {name: name, copy: {content: "{{ (inventory_hostname ~ '\\n') * 500 }}", dest: "{{ work }}/d/name"}, notify: told}
    - {name: ran, shell: "echo ran >> {{ work }}/ran", when: first | default(false)}
    - {name: lines, lineinfile: {path: "{{ work }}/d/lines", line: "{{ item }}", create: true}, loop: [a, b, c]}
    - {name: last, copy: {content: "{{ 'last ' * 1000 }}", dest: "{{ work }}/d/last"}}
  handlers:
    - {name: told, shell: "echo told >> {{ work }}/told"}
`;

function expectFinalState(): void {
  for (const { name, folder } of hosts) {
    expect(readFileSync(join(folder, "d/name"), "utf8")).toBe(`${name}\n`.repeat(500));
    expect(readFileSync(join(folder, "d/lines"), "utf8")).toBe("a\nb\nc\n");
    expect(readFileSync(join(folder, "d/last"), "utf8")).toBe("last ".repeat(1000));
    expect(readdirSync(join(folder, "d")).sort()).toEqual(["last", "lines", "name"]); // nothing half written
  }
}

describe("fifty hosts", () => {
  const seed = Number(process.env["PLAY_FLEET_SEED"] ?? 20261128);

  it("of which twenty lose their connection, each once: what is a state is repeated, an action never", async () => {
    process.stderr.write(`fleet: PLAY_FLEET_SEED=${seed}\n`);
    const random = seeded(seed);
    writeFileSync(join(root, "site.yml"), playbook);
    const shuffled = hosts.map((host) => ({ host, at: random() })).sort((a, b) => a.at - b.at);
    const doomed = shuffled.slice(0, CUTS).map(({ host }) => host);
    for (const { proxy } of doomed) {
      const after = LOGIN_BYTES + Math.floor(random() * RUN_BYTES);
      proxy.cut = { after, lastArrives: random() < 0.5 };
    }
    const cutRun = await run("-e", "first=true");
    const cut = doomed.filter(({ proxy }) => proxy.done > 0);
    expect(cut.length, cutRun.said).toBe(CUTS);
    const failures = cutRun.results.filter(({ result }) => ["failed", "unreachable"].includes(result.status));
    for (const { task, result } of failures) {
      // Only an action may fail for it, only where a connection was cut, and it says why.
      expect([task, result.status, String(result.value["msg"])]).toEqual([
        expect.stringMatching(/^(ran|told)$/),
        "failed",
        expect.stringContaining("may have run"),
      ]);
      expect(doomed.map(({ name }) => name)).toContain(result.host);
    }
    expect(cutRun.exitCode, cutRun.said).toBe(failures.length > 0 ? 2 : 0);
    const lost = new Set(failures.map(({ result }) => result.host));
    for (const host of hosts) {
      const [ran, told] = [lines(host, "ran"), lines(host, "told")];
      if (lost.has(host.name)) expect(ran).toBeLessThanOrEqual(1);
      else expect([host.name, ran, told]).toEqual([host.name, 1, 1]);
    }
    process.stderr.write(`fleet: ${cut.length} connections cut, ${failures.length} actions may have run\n`);

    // The next run completes what the cuts left, the handlers too.
    const next = await run();
    expect(next.exitCode, next.said).toBe(0);
    expectFinalState();
    for (const host of hosts) expect(lines(host, "told")).toBeGreaterThanOrEqual(1);
  });

  it("that are as declared: nothing is changed, nothing is left behind", async () => {
    const again = await run();
    expect(again.exitCode, again.said).toBe(0);
    expect(again.results.filter(({ result }) => result.status === "changed")).toEqual([]);
    expect(new Set(again.results.map(({ result }) => result.host)).size).toBe(HOSTS);
    expectFinalState();
    // Sessions take their folders away as they end, the ones that were cut too.
    const left = (): string[] =>
      hosts.flatMap(({ folder }) => readdirSync(folder).filter((name) => /^\.play-\w{8}$/.test(name)));
    await expect.poll(left, { timeout: 120_000 }).toEqual([]);
  });
});
