import { describe, expect, onTestFinished, test, vi } from "vitest";
import { main as doc } from "../../../engine/cli/doc.ts";
import { checkArgumentNames } from "../../../engine/modules/arguments.ts";
import type { Module } from "../../../engine/modules/contract.ts";
import { parseFreeForm } from "../../../engine/modules/free-form.ts";
import { shortName } from "../../../engine/modules/registry.ts";
import { includes, languageActions } from "../../../engine/playbook/language-actions.ts";
import { engineModule, engineModuleNames } from "../../../engine/run/engine-modules.ts";
import { isDict, type Value } from "../../../engine/source/value.ts";
import { parseYaml, toValue } from "../../../engine/source/yaml.ts";

/** What `play doc` shows of each module: all of it, and true. */
describe("every module is documented", () => {
  test.each(engineModuleNames())("%s", async (name) => {
    const module = await engineModule(name);
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

describe("every action of the language is documented", () => {
  test.each(Object.entries(languageActions))("%s", (name, action) => {
    expect(action.summary).toMatch(/^[A-Z].*\.$/);
    for (const [argument, meaning] of Object.entries(action.args)) expect(meaning, argument).toMatch(/^[A-Z].*\.$/);
    const [document] = parseYaml(action.example, "example").documents;
    const tasks = document && toValue(document);
    if (!Array.isArray(tasks)) throw new Error("the example is no list");
    for (const task of tasks) {
      const given = isDict(task) ? task[`ansible.builtin.${name}`] : undefined;
      if (isDict(given)) expect(Object.keys(action.args)).toEqual(expect.arrayContaining(Object.keys(given)));
      else expect(given).toBeTypeOf("string");
      if (name === "meta") expect(Object.keys(action.args)).toContain(given);
    }
  });

  test("and play doc finds them by both names, as it finds modules of the engine", async () => {
    const written = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockReturnValue(true));
    onTestFinished(() => {
      for (const each of written) each.mockRestore();
    });
    for (const name of [
      ...Object.keys(includes),
      "meta",
      "import_playbook",
      "async_status",
      "validate_argument_spec",
    ]) {
      expect(await doc([name, `ansible.builtin.${name}`])).toBe(0);
    }
    expect(await doc(["no_such_module"])).toBe(1);
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
