import { describe, expect, test } from "vitest";
import { checkArgumentNames } from "../../../engine/modules/arguments.ts";
import type { Module } from "../../../engine/modules/contract.ts";
import { parseFreeForm } from "../../../engine/modules/free-form.ts";
import { findModule, moduleNames, shortName } from "../../../engine/modules/registry.ts";
import { isDict, type Value } from "../../../engine/source/value.ts";
import { parseYaml, toValue } from "../../../engine/source/yaml.ts";

/** What `play doc` shows of each module: all of it, and true. */
describe("every module is documented", () => {
  test.each(moduleNames())("%s", async (name) => {
    const module = await findModule(name);
    if (!module) throw new Error(`no module ${name}`);
    expect(module.summary).toMatch(/^[A-Z`].*\.$/);
    for (const [argument, schema] of Object.entries(module.args.properties)) {
      expect(schema.description, argument).toMatch(/\w/);
    }
    for (const [alias, target] of Object.entries(module.argAliases ?? {})) {
      expect(Object.keys(module.args.properties), alias).toContain(target);
      expect(Object.keys(module.args.properties), `the alias ${alias}`).not.toContain(alias);
    }
    for (const refused of Object.keys(module.unsupported ?? {})) {
      expect(Object.keys(module.args.properties), `refused and taken: ${refused}`).not.toContain(refused);
    }
    // Of these there is nothing to tell but whether something changed.
    if (!["add_host", "group_by", "rpm_key", "set_fact", "set_stats", "sysctl", "timezone"].includes(module.name))
      expect(Object.keys(module.returns ?? {})).not.toEqual([]);
    for (const secret of module.secret ?? []) expect(Object.keys(module.args.properties)).toContain(secret);
    for (const given of argumentsOf(module)) expect(checkArgumentNames(module, given)).toEqual([]);
  });
});

/** The arguments of each task in a module's example. */
function argumentsOf(module: Module): { [argument: string]: Value }[] {
  const [document] = parseYaml(module.example, "example").documents;
  const tasks = document && toValue(document);
  if (!Array.isArray(tasks)) throw new Error(`the example of ${module.name} is no list of tasks`);
  return tasks.map((task) => {
    if (!isDict(task)) throw new Error("no task");
    const key = Object.keys(task).find((each) => shortName(each) === module.name);
    if (key === undefined) throw new Error(`the example does not use ${module.name}`);
    const given = task[key];
    if (typeof given === "string") return { ...parseFreeForm(module, given) };
    return isDict(given) ? { ...given } : {};
  });
}
