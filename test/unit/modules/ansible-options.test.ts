import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findModule } from "../../../engine/modules/registry.ts";
import { instead } from "../../../engine/playbook/keyword-table.ts";

/** Options of ansible-core 2.19's own modules, name → aliases; ansible_options.py makes the file. */
const options: { [module: string]: { [option: string]: string[] } } = JSON.parse(
  readFileSync(new URL("ansible-options.json", import.meta.url), "utf8"),
);

/** Parts of the language that Ansible documents as modules; the engine itself runs them. */
const language = [
  "async_status",
  "import_playbook",
  "import_role",
  "import_tasks",
  "include_role",
  "include_tasks",
  "meta",
  "validate_argument_spec",
];

/** What play has no module for; the refusal says what does the work. */
const lacking = ["debconf", "expect", "mount_facts", "subversion"];
const noModules = [...language, ...lacking];

/** How Ansible's pages write what stands there without a name. */
const placeholders = ["free_form", "free-form", "key_value"];

test("the modules of ansible-core that are none here are known by name", async () => {
  const absent: string[] = [];
  for (const name of Object.keys(options)) if (!(await findModule(name))) absent.push(name);
  expect(absent).toEqual([...noModules].sort());
  expect(Object.keys(instead)).toEqual(expect.arrayContaining(lacking));
});

describe("every option of Ansible's is there or refused by name", () => {
  test.each(Object.entries(options).filter(([name]) => !noModules.includes(name)))("%s", async (name, theirs) => {
    const module = await findModule(name);
    if (!module) throw new Error(`no module ${name}`);
    const { args, argAliases = {}, unsupported = {} } = module;
    const missing: string[] = [];
    for (const [option, aliases] of Object.entries(theirs)) {
      if (placeholders.includes(option)) continue;
      const own = Object.hasOwn(args.properties, option) ? option : argAliases[option];
      const refused = Object.hasOwn(unsupported, option);
      if (own === undefined && !refused) missing.push(option);
      if (refused) expect(unsupported[option], option).toMatch(/\w+ \w+/);
      for (const alias of aliases) {
        const known = Object.hasOwn(args.properties, alias) || (own !== undefined && argAliases[alias] === own);
        if (!known && !Object.hasOwn(unsupported, alias)) missing.push(`${alias} (for ${option})`);
      }
    }
    expect(missing).toEqual([]);
  });
});
