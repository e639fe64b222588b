import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../engine/host/connect.ts";
import type { Connection } from "../../engine/host/contract.ts";
import { acquireLease, HeldBy } from "../../engine/host/lease.ts";
import { sh } from "../../engine/host/script.ts";
import { labHosts, removeHosts, type TestHost } from "../lab/hosts.ts";
import { type PlayOptions, type PlayRecord, runIn } from "../unit/run/play.ts";

const play = fileURLToPath(new URL("../../play", import.meta.url));

let hosts: TestHost[] = [];
let folder: string;
let inventory: string;

beforeAll(async () => {
  hosts = await labHosts({ count: 2, prefix: "run" });
  folder = mkdtempSync(join(tmpdir(), "play-host-run-"));
  const entries = hosts.map(
    (host) =>
      `    ${host.name}: {ansible_host: ${host.address}, ansible_port: ${host.port}, ansible_user: deploy, ` +
      `ansible_ssh_private_key_file: ${host.privateKeyFile}, ansible_ssh_common_args: "-o UserKnownHostsFile=${host.knownHostsFile}"}\n`,
  );
  inventory = `all:\n  hosts:\n${entries.join("")}`;
});

afterAll(async () => {
  if (folder) rmSync(folder, { recursive: true, force: true });
  await removeHosts(hosts);
});

function runHere(playbook: string, options: PlayOptions = {}): Promise<PlayRecord> {
  return runIn(folder, playbook, { inventory, handlerMarks: true, ...options });
}

const [one, two] = ["run-01", "run-02"];

describe("a play over SSH", () => {
  test("in lockstep on two hosts, with become, a loop and a delegation", async () => {
    const text = `
- hosts: all
  become: true
  tasks:
    - {name: folders, file: {path: "/srv/{{ item }}", state: directory, owner: deploy}, loop: [a, b, a/c]}
    - {name: file, copy: {content: "{{ inventory_hostname }}\\n", dest: /srv/a/name, mode: "0640"}}
    - {name: who, command: id -un, changed_when: false, register: who}
    - {name: me, command: id -un, changed_when: false, become: false, register: me}
    - {name: there, command: cat /srv/a/name, delegate_to: run-02, changed_when: false, register: there}
    - name: all of it
      assert:
        that: ["who.stdout == 'root'", "me.stdout == 'deploy'", "there.stdout == 'run-02'"]
`;
    const check = await runHere(text, { check: true });
    expect(check.lines.filter((line) => line.includes("changed"))).toEqual([
      ...[one, two].flatMap((host) => [
        `${host} changed folders ("a")`,
        `${host} changed folders ("b")`,
        `${host} changed folders ("a/c")`,
        `${host} changed folders`,
      ]),
      `${one} changed file`,
      `${two} changed file`,
    ]);
    const done = await runHere(text);
    expect(done.hosts[one ?? ""], done.output).toMatchObject({ ok: 6, changed: 2, failed: 0 });
    expect(done.hosts[two ?? ""], done.output).toMatchObject({ ok: 6, changed: 2, failed: 0 });
    const again = await runHere(text);
    const slow = await runHere(text, { readAhead: false });
    expect(again.lines.filter((line) => line.includes("changed"))).toEqual([]);
    expect(slow.lines).toEqual(again.lines);
  });

  test("the lease of a run that is no more is taken over", async () => {
    const [host] = hosts;
    if (!host) throw new Error("no host");
    const connection: Connection = connect(host);
    try {
      // The pid of no process: the largest that Linux gives is 2^22.
      const lease = await acquireLease(await connection.session(), `${hostname()}:${2 ** 22 + 1}`);
      expect(lease).not.toBeInstanceOf(HeldBy);
      const done = await runHere(`
- hosts: run-01
  become: true
  tasks: [{name: a, file: {path: /srv/leased, state: directory}}]
`);
      expect(done.lines, done.output).toEqual([`${one} changed a`]);
    } finally {
      await connection.close();
    }
  });

  test("what a killed run began is waited for, and looked at again", async () => {
    const folders = ["/srv/one", "/srv/two"];
    const connections = hosts.map((host) => connect(host));
    try {
      const sessions = await Promise.all(connections.map((each) => each.session()));
      writeFileSync(join(folder, "hosts.yml"), inventory);
      writeFileSync(
        join(folder, "killed.yml"),
        `
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: slow
      shell: "echo begun >/srv/begun; until [ -e /srv/go ]; do sleep 0.1; done; mkdir ${folders.join(" ")}; echo late >/srv/late"
`,
      );
      const child = spawn(play, [join(folder, "killed.yml"), "-i", join(folder, "hosts.yml")], { stdio: "ignore" });
      const ended = once(child, "exit");
      for (const session of sessions) await session.request(sh`until [ -s /srv/begun ]; do sleep 0.1; done`);
      child.kill("SIGKILL");
      await ended;
      writeFileSync(
        join(folder, "next.yml"),
        `
- hosts: run-01
  gather_facts: false
  become: true
  tasks:
    - {name: folders, file: {path: "{{ item }}", state: directory}, loop: [${folders.join(", ")}]}
- hosts: run-02
  gather_facts: false
  become: true
  tasks:
    - {name: once, shell: "echo again >/srv/late", args: {creates: /srv/late}}
`,
      );
      const next = spawn(play, [join(folder, "next.yml"), "-i", join(folder, "hosts.yml")], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      const over = once(next, "close");
      let output = "";
      let opened = 0;
      for (const stream of [next.stdout, next.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk.toString();
          // The next run has looked, and found nothing yet, when it comes upon the lease.
          for (; (output.match(/a run that is no more .* began; waiting for it/g) ?? []).length > opened; opened++) {
            void sessions[opened]?.request(sh`sudo touch /srv/go`);
          }
        });
      }
      expect(await over, output).toEqual([0, null]);
      expect(opened, output).toBe(2);
      expect(output.match(/^run-0\d +: ok=1 +changed=0 /gm), output).toHaveLength(2);
    } finally {
      await Promise.all(connections.map((each) => each.close()));
    }
  });

  test("a run that is cut ends what it runs on the hosts, and gives its lease back", async () => {
    const [host] = hosts;
    if (!host) throw new Error("no host");
    const cut = new AbortController();
    const connection = connect(host);
    try {
      const session = await connection.session();
      const running = runHere(
        `
- hosts: run-01
  gather_facts: false
  become: true
  tasks:
    - {name: hang, shell: "trap '' HUP TERM; echo $$ >/srv/hanging; while :; do sleep 600; done"}
`,
        { cut: cut.signal },
      );
      await session.request(sh`until [ -s /srv/hanging ]; do sleep 0.1; done`);
      cut.abort();
      const done = await running;
      expect(done.lines, done.output).toEqual([`${one} failed hang`]);
      const left = await session.request(
        sh`read -r p </srv/hanging; for p in "$p" $(pgrep -x sleep); do [ -e "/proc/$p" ] && echo "$p"; done; ls -d /run/play/lease`,
      );
      expect(left.stdout.toString()).toBe("");
    } finally {
      await connection.close();
    }
  });

  test("a handler whose run was killed is run by the next one", async () => {
    const text = `
- hosts: run-01
  gather_facts: false
  become: true
  tasks:
    - {name: change, copy: {content: new, dest: /srv/setting}, notify: restart}
    - {name: hang, shell: "echo begun >/srv/hung; until [ -e /srv/over ]; do sleep 0.1; done", when: hang | default(false)}
  handlers:
    - {name: restart, shell: "echo restarted >> /srv/restarts"}
`;
    writeFileSync(join(folder, "site.yml"), text);
    writeFileSync(join(folder, "hosts.yml"), inventory);
    const [host] = hosts;
    if (!host) throw new Error("no host");
    const connection = connect(host);
    try {
      const session = await connection.session();
      const files = ["site.yml", "-i", "hosts.yml"];
      const child = spawn(play, [...files, "-e", '{"hang": true}'], { cwd: folder, stdio: "ignore" });
      const ended = once(child, "exit");
      await session.request(sh`until [ -s /srv/hung ]; do sleep 0.1; done`);
      child.kill("SIGKILL");
      await ended;
      // What it began on the host outlives it: the next run waits for that.
      await session.request(sh`sudo touch /srv/over`);
      const next = await runHere(text);
      expect(next.lines, next.output).toEqual([
        `${one} ok change`,
        `${one} skipped hang`,
        `${one} changed handler restart`,
      ]);
      const last = await runHere(text);
      expect(last.lines, last.output).toEqual([`${one} ok change`, `${one} skipped hang`]);
      expect((await session.request(sh`cat /srv/restarts`)).stdout.toString()).toBe("restarted\n");
    } finally {
      await connection.close();
    }
  });
});
