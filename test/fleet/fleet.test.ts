import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Event, HostSummary } from "../../engine/run/events.ts";
import { labHosts, removeHosts, type TestHost } from "../lab/hosts.ts";
import { inside } from "../lab/inside.ts";
import { CutLine } from "./cut-line.ts";

const play = fileURLToPath(new URL("../../play", import.meta.url));

const HOSTS = 50;
const CUTS = 20;

/** Probes, changes and actions in turn; the actions count how often they ran. */
const playbook = `
- hosts: all
  tasks:
    - {name: folder, file: {path: /srv/fleet, state: directory, mode: "0750"}}
    - {name: files, copy: {content: "{{ item }} of {{ inventory_hostname }}\\n", dest: "/srv/fleet/{{ item }}"}, loop: [a, b, c, d, e]}
    - {name: first action, shell: echo ran >> /srv/first}
    - {name: large, copy: {content: "{{ 'x' * 100000 }}", dest: /srv/fleet/large}, notify: told}
    - {name: lines, lineinfile: {path: /srv/fleet/a, line: "line {{ item }}"}, loop: [1, 2, 3]}
    - {name: second action, shell: "echo ran >> /srv/second; cat /srv/fleet/a", register: seen}
    - {name: what it said, copy: {content: "{{ seen.stdout }}\\n", dest: /srv/fleet/said}}
    - {name: link, file: {src: /srv/fleet/said, dest: /srv/fleet/link, state: link}}
  handlers:
    - {name: told, shell: echo told >> /srv/told}
`;
const actions = ["first action", "second action"];
/** What the run makes, and how often the actions ran. */
const look =
  "cd /srv && find fleet -exec stat -c '%n %F %a' {} + | sort; sha256sum fleet/*; wc -l < first; wc -l < second; wc -l < told";
/** Folders of sessions and leases: whoever ends, cut off or not, takes its own away. */
const leftovers = "find /root /tmp -maxdepth 1 -name '.play-????????'";
const wipe = "rm -rf /srv/fleet /srv/first /srv/second /srv/told";

let hosts: TestHost[] = [];
let lines: CutLine[] = [];
let folder: string;

interface Run {
  readonly exitCode: number | null;
  readonly events: readonly Event[];
  readonly hosts: { readonly [host: string]: HostSummary };
  readonly errors: string;
}

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
  writeFileSync(join(folder, "hosts.yml"), `all:\n  hosts:\n${entries.join("")}`);
  writeFileSync(join(folder, "site.yml"), playbook);
});

afterAll(async () => {
  await Promise.all(lines.map((line) => line.close()));
  await removeHosts(hosts);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A run as a user's: a process of its own, which ends by itself only when it holds no socket and no timer. */
async function runAll(): Promise<Run> {
  const child = spawn(
    play,
    [join(folder, "site.yml"), "-i", join(folder, "hosts.yml"), "-f", String(HOSTS), "--output", "ndjson"],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ANSIBLE_GATHERING: "explicit" },
    },
  );
  const ended = once(child, "close") as Promise<[number | null]>;
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = await ended;
  const events = output.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Event]));
  const last = events.find((event) => event.type === "run-end");
  return { exitCode, errors, events, hosts: last?.type === "run-end" ? last.hosts : {} };
}

async function onAll(line: string): Promise<Map<string, string>> {
  return new Map(
    await Promise.all(hosts.map(async ({ name, container }) => [name, await inside(container, line)] as const)),
  );
}

let undisturbed: Map<string, string>;
let traffic: number[];

it("50 hosts in one run", async () => {
  const run = await runAll();
  expect(run.exitCode, run.errors).toBe(0);
  expect(Object.values(run.hosts).map(({ ok, changed }) => `${ok} ${changed}`)).toEqual(Array(HOSTS).fill("9 9"));
  undisturbed = await onAll(look);
  traffic = lines.map((line) => line.pieces);
});

it("20 of their connections cut at random places", async () => {
  const seed = Number(process.env["PLAY_FLEET_SEED"] ?? 20261128);
  console.log(`the cuts are those of PLAY_FLEET_SEED=${seed}`);
  await onAll(wipe);
  const random = generator(seed);
  const chosen = new Set<number>();
  while (chosen.size < CUTS) chosen.add(Math.floor(random() * HOSTS));
  lines.forEach((line, index) => {
    line.restart(chosen.has(index) ? 1 + Math.floor(random() * (traffic[index] ?? 1)) : undefined);
  });
  const run = await runAll();
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
  expect(run.exitCode).toBe(said.length === 0 ? 0 : said.some(([, each]) => each.unreachable > 0) ? 4 : 2);

  // Whatever was left half done, the next run does.
  for (const line of lines) line.restart();
  const next = await runAll();
  expect(next.exitCode, next.errors).toBe(0);
  const files = await onAll("cd /srv && find fleet -exec stat -c '%n %F %a' {} + | sort; sha256sum fleet/*");
  for (const { name } of hosts) expect(undisturbed.get(name), name).toContain(files.get(name)?.trim());
  // A handler that was due and not run is run by the next run.
  const told = await onAll("wc -l < /srv/told");
  for (const [name, count] of told) expect(Number(count), `${name}: handler`).toBeGreaterThanOrEqual(1);
});

it("nothing of the sessions is left behind, those that were cut included", async () => {
  const left = async (): Promise<string[]> => [...(await onAll(leftovers)).values()].filter((found) => found !== "");
  await expect.poll(left, { timeout: 120_000, interval: 3_000 }).toEqual([]);
});

function failure(run: Run, host: string): [task: string, value: { readonly [key: string]: unknown }] {
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
