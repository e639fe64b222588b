import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { labHosts, projectLab, removeHosts, type TestHost } from "../lab/hosts.ts";
import { type PlayRecord, runIn } from "../unit/run/play.ts";
import { CutLine } from "./cut-line.ts";

const HOSTS = 50;
const CUTS = 20;

/** Probes, changes and actions in turn; the actions count how often they ran. */
const playbook = `
- hosts: all
  tasks:
    - {name: folder, file: {path: /srv/fleet, state: directory, mode: "0750"}}
    - {name: files, copy: {content: "{{ item }} of {{ inventory_hostname }}\\n", dest: "/srv/fleet/{{ item }}"}, loop: [a, b, c, d, e]}
    - {name: first action, shell: echo ran >> /srv/first}
    - {name: large, copy: {content: "{{ 'x' * 100000 }}", dest: /srv/fleet/large}}
    - {name: lines, lineinfile: {path: /srv/fleet/a, line: "line {{ item }}"}, loop: [1, 2, 3]}
    - {name: second action, shell: "echo ran >> /srv/second; cat /srv/fleet/a", register: seen}
    - {name: what it said, copy: {content: "{{ seen.stdout }}\\n", dest: /srv/fleet/said}}
    - {name: link, file: {src: /srv/fleet/said, dest: /srv/fleet/link, state: link}}
`;
const actions = ["first action", "second action"];
/** What the run makes, and how often the actions ran. */
const look =
  "cd /srv && find fleet -exec stat -c '%n %F %a' {} + | sort; sha256sum fleet/*; wc -l < first; wc -l < second";
const wipe = "rm -rf /srv/fleet /srv/first /srv/second";

let hosts: TestHost[] = [];
let lines: CutLine[] = [];
let folder: string;
let inventory: string;

beforeAll(async () => {
  hosts = await labHosts({ count: HOSTS, prefix: "fleet" });
  lines = await Promise.all(hosts.map((host) => CutLine.to(host.address ?? "", host.port ?? 22)));
  folder = mkdtempSync(join(tmpdir(), "play-fleet-"));
  const entries = hosts.map((host, index) => {
    const options = `-o UserKnownHostsFile=${host.knownHostsFile} -o HostKeyAlias=${host.address}`;
    return (
      `    ${host.name}: {ansible_host: 127.0.0.1, ansible_port: ${lines[index]?.port}, ansible_user: root, ` +
      `ansible_ssh_private_key_file: ${host.privateKeyFile}, ansible_ssh_common_args: "-F none ${options}"}\n`
    );
  });
  inventory = `all:\n  hosts:\n${entries.join("")}`;
});

afterAll(async () => {
  await Promise.all(lines.map((line) => line.close()));
  await removeHosts(hosts);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const runAll = (): Promise<PlayRecord> => runIn(folder, playbook, { inventory, forks: HOSTS });

async function onAll(line: string): Promise<Map<string, string>> {
  const lab = await projectLab();
  return new Map(
    await Promise.all(
      hosts.map(async (host) => [host.name, await lab.exec(host.container, ["sh", "-c", line])] as const),
    ),
  );
}

/** Sockets and timers of this process that hold it open, beside those of the test itself. */
const held = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => name === "TCPSocketWrap" || name === "ProcessWrap" || name === "Timeout")
    .sort();

let undisturbed: Map<string, string>;
let traffic: number[];

it("50 hosts in one run", async () => {
  const before = held();
  const run = await runAll();
  expect(run.exitCode, run.output.slice(-5000)).toBe(0);
  expect(Object.values(run.hosts).map(({ ok, changed }) => `${ok} ${changed}`)).toEqual(Array(HOSTS).fill("8 8"));
  undisturbed = await onAll(look);
  traffic = lines.map((line) => line.pieces);
  await onAll(wipe);
  expect(held()).toEqual(before);
});

it("20 of their connections cut at random places", async () => {
  const seed = Number(process.env["PLAY_FLEET_SEED"] ?? Date.now() % 1_000_000);
  console.log(`the cuts are those of PLAY_FLEET_SEED=${seed}`);
  const random = generator(seed);
  const chosen = new Set<number>();
  while (chosen.size < CUTS) chosen.add(Math.floor(random() * HOSTS));
  lines.forEach((line, index) => {
    line.restart(chosen.has(index) ? 1 + Math.floor(random() * (traffic[index] ?? 1)) : undefined);
  });
  const before = held();
  const run = await runAll();
  expect(held()).toEqual(before);
  const cut = hosts.filter((_, index) => (lines[index]?.cuts ?? 0) > 0).map(({ name }) => name);
  expect(cut.length, "lines that were cut").toBeGreaterThan(CUTS / 2);

  // Who was not cut noticed nothing; who was either went on, or failed at an action that may have run, or was not
  // reached at all.
  const said = Object.entries(run.hosts).filter(([, { failed, unreachable }]) => failed + unreachable > 0);
  expect(said.map(([name]) => name).filter((name) => !cut.includes(name))).toEqual([]);
  for (const [name] of said) {
    const [task, result] = failure(run, name);
    const message = String(result["msg"]);
    if (/may have run/.test(message)) expect(actions, `${name}: ${message}`).toContain(task);
    else expect(message, `${name} at ${task}`).toMatch(/lost|closed|cannot be (connected|reached)|dropped|ended/);
  }
  const ran = await onAll("cat /srv/first 2>/dev/null | wc -l; cat /srv/second 2>/dev/null | wc -l");
  for (const [name, counts] of ran)
    expect(
      counts
        .trim()
        .split("\n")
        .every((count) => Number(count) <= 1),
      `${name}: actions ran once at most`,
    ).toBe(true);
  const found = await onAll(`{ ${look}; } 2>/dev/null || true`);
  for (const { name } of hosts) {
    if (!said.some(([each]) => each === name)) expect(found.get(name), name).toBe(undisturbed.get(name));
  }
  expect(run.exitCode).toBe(said.length === 0 ? 0 : said.some(([, each]) => each.failed > 0) ? 2 : 4);

  // Whatever was left half done, the next run does.
  for (const line of lines) line.restart();
  const next = await runAll();
  expect(next.exitCode, next.output.slice(-5000)).toBe(0);
  const files = await onAll("cd /srv && find fleet -exec stat -c '%n %F %a' {} + | sort; sha256sum fleet/*");
  for (const { name } of hosts) expect(undisturbed.get(name), name).toContain(files.get(name)?.trim());
});

function failure(run: PlayRecord, host: string): [task: string, value: { readonly [key: string]: unknown }] {
  const names = new Map<number, string>();
  for (const event of run.events) {
    if (event.type === "task-start") names.set(event.id, event.task);
    if (event.type === "result" && event.result.host === host && /failed|unreachable/.test(event.result.status)) {
      return [names.get(event.id) ?? "", event.result.value];
    }
  }
  throw new Error(`${host} has no failure`);
}

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
