import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readConfig } from "../../../engine/cli/config.ts";
import { parseIni } from "../../../engine/cli/ini.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "play-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (text: string) => writeFileSync(join(folder, "ansible.cfg"), text);

it("reads settings relative to the file", () => {
  write("[defaults]\ninventory = hosts.yml , more\nroles_path=roles:~/roles\nforks = 12\nhost_key_checking = False\n");
  const config = readConfig({ HOME: "/home/me" }, folder);
  expect(config).toMatchObject({
    file: join(folder, "ansible.cfg"),
    inventory: [join(folder, "hosts.yml"), join(folder, "more")],
    rolesPath: [join(folder, "roles"), "/home/me/roles"],
    forks: 12,
    hostKeyChecking: false,
    warnings: [],
  });
});

it("lets the environment win", () => {
  write("[defaults]\nforks = 12\nremote_user = a\n");
  expect(readConfig({ ANSIBLE_FORKS: "3" }, folder)).toMatchObject({ forks: 3, remoteUser: "a" });
});

it("refuses what it cannot read, all at once", () => {
  write("[defaults]\nforks = many\n[privilege_escalation]\nbecome = perhaps\n");
  expect(() => readConfig({}, folder)).toThrow(
    "'forks' takes a number, not 'many'\n'become' takes true or false, not 'perhaps'",
  );
});

it("does not read a file in a folder that everybody can write to", () => {
  write("[defaults]\nforks = 12\n");
  chmodSync(folder, 0o777);
  const config = readConfig({}, folder);
  expect(config.forks).toBeUndefined();
  expect(config.warnings[0]).toContain("everybody can write");
});

it("reads configparser's ini: comments, continued lines, both separators", () => {
  const ini = parseIni("; c\n[a]\nx = 1 ; note\ny: two\n three\n# z = 9\n", "ansible.cfg");
  expect([...(ini.get("a") ?? [])].map(([name, { text }]) => [name, text])).toEqual([
    ["x", "1"],
    ["y", "two\nthree"],
  ]);
});
