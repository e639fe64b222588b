import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Config, readConfig } from "../../../engine/cli/config.ts";
import { playbookCommand } from "../../../engine/cli/flags.ts";

/* Every line of docs/settings.md: the setting is read from the file, its variable wins, its flag is there. */

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/settings.md"), "utf8");
const rows = [...page.matchAll(/^\| (\w+) \| `(\w+)` \| `(ANSIBLE_\w+)` \| (?:`(-[\w-]+)` )?\|$/gm)].map(
  ([, section = "", key = "", variable = "", flag]) => ({ section, key, variable, flag }),
);

/** Two values of the right kind for a setting. */
function valuesFor(key: string): readonly [string, string] {
  if (["forks", "timeout", "verbosity"].includes(key)) return ["2", "3"];
  if (key === "gathering") return ["explicit", "smart"];
  if (key === "strategy") return ["free", "host_pinned"];
  if (key === "transport") return ["local", "docker"];
  if (key === "become_method") return ["su", "doas"];
  const truth = [
    "enable_task_debugger",
    "host_key_checking",
    "become",
    "force_handlers",
    "display_skipped_hosts",
    "show_custom_stats",
    "retry_files_enabled",
    "always",
  ];
  return truth.includes(key) ? ["true", "false"] : ["one", "two"];
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "play-settings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The settings that two configurations do not share. */
function differing(a: Config, b: Config): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Config>;
  return [...names].filter((name) => name !== "file" && JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}

it("the page has every setting that is read", () => {
  const source = readFileSync(resolve(import.meta.dirname, "../../../engine/cli/config.ts"), "utf8");
  const read = new Set(source.match(/ANSIBLE_[A-Z]+(?:_[A-Z]+)*/g));
  read.delete("ANSIBLE_CONFIG");
  expect(rows.map((row) => row.variable).sort()).toEqual([...read].sort());
});

it.each(rows)("$section.$key, $variable", ({ section, key, variable, flag }) => {
  const [first, second] = valuesFor(key);
  writeFileSync(join(folder, "ansible.cfg"), `[${section}]\n${key} = ${first}\n`);
  const none = readConfig({ ANSIBLE_CONFIG: "/nowhere" }, folder);
  const file = readConfig({}, folder);
  const both = readConfig({ [variable]: second }, folder);
  expect(differing(none, file)).toHaveLength(1);
  expect(differing(file, both)).toEqual(differing(none, file));
  const flags = playbookCommand().options.flatMap((option) => [option.short, option.long]);
  if (flag !== undefined) expect(flags).toContain(flag);
});
