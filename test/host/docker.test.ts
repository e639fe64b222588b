import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { labHosts, projectLab, removeHosts, type TestHost } from "../lab/hosts.ts";
import { inside } from "../lab/inside.ts";
import { runIn } from "../unit/run/play.ts";

// A container reached by `docker exec`: no sshd, no key, no host name. Become is doas here, which no other test has on
// a host.

let host: TestHost;
let folder: string;
let inventory: string;

beforeAll(async () => {
  [host] = (await labHosts({ prefix: "docker" })) as [TestHost];
  const { docker } = await projectLab();
  folder = mkdtempSync(join(tmpdir(), "play-host-docker-"));
  writeFileSync(join(folder, "large"), Buffer.alloc(3_000_001, "\0\u{ff}\n'x"));
  await inside(
    host.container,
    "printf 'permit nopass deploy\\n' >/etc/doas.conf; mkdir /srv/www; echo here >/srv/www/at",
  );
  inventory = `all:
  hosts:
    one: {ansible_connection: docker, ansible_host: ${host.container}, ansible_docker_host: "${docker.address}"}
  vars: {ansible_user: deploy, ansible_become_method: doas}
`;
});

afterAll(async () => {
  if (folder) rmSync(folder, { recursive: true, force: true });
  if (host) await removeHosts([host]);
});

test("a play by docker exec, with become by doas", async () => {
  const text = `
- hosts: one
  tasks:
    - {name: me, command: id -un, changed_when: false, check_mode: false, register: me}
    - {name: who, command: id -un, become: true, changed_when: false, check_mode: false, register: who}
    - {name: folders, file: {path: "/srv/{{ item }}", state: directory}, loop: [a, b], become: true}
    - {name: large, copy: {src: large, dest: /srv/a/large, mode: "0600"}, become: true}
    - {name: serve, shell: "busybox httpd -p 127.0.0.1:8123 -h /srv/www", become: true, args: {creates: /run/served}}
    - {name: served, file: {path: /run/served, state: touch, access_time: preserve, modification_time: preserve}, become: true}
    - {name: page, uri: {url: "http://127.0.0.1:8123/at", return_content: true}, register: page}
    - {name: back, fetch: {src: /srv/a/large, dest: "{{ playbook_dir }}/back", flat: true}, become: true}
    - name: all of it
      assert:
        that: ["me.stdout == 'deploy'", "who.stdout == 'root'", "page.content == 'here\\n'"]
`;
  const check = await runIn(folder, text, { inventory, check: true });
  expect(await inside(host.container, "ls /srv")).toBe("www\n");
  expect(check.lines, check.output).toContain("one changed large");
  const done = await runIn(folder, text, { inventory });
  expect(done.hosts["one"], done.output).toMatchObject({ failed: 0, unreachable: 0 });
  expect(await inside(host.container, "stat -c '%U %a %s' /srv/a/large")).toBe("root 600 3000001\n");
  const again = await runIn(folder, text, { inventory });
  expect(again.lines.filter((line) => line.includes("changed"))).toEqual([]);
});

test("a container that is not there is a host that cannot be reached", async () => {
  const gone = inventory.replace(host.container, "no-such-container");
  const done = await runIn(folder, "- hosts: one\n  tasks: [{name: a, ping: {}}]\n", { inventory: gone });
  expect(done.hosts["one"], done.output).toMatchObject({ unreachable: 1 });
});
