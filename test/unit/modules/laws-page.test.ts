import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findModule, moduleNames } from "../../../engine/modules/registry.ts";

/** docs/laws.md lists from which starting states each module is held to the laws; `npx vitest -u` writes it. */

const folder = fileURLToPath(new URL("../../modules/", import.meta.url));

/** State modules that change nothing, so that there is nothing to hold. */
const looking = ["ping", "stat", "find", "getent", "package_facts", "service_facts"];

const cases = new Map<string, string[]>();
for (const file of readdirSync(folder).filter((name) => name.endsWith(".test.ts"))) {
  for (const [, name = "", module = ""] of readFileSync(`${folder}${file}`, "utf8").matchAll(
    /name: "((?:[^"\\]|\\.)*)",\s+module: "(\w+)"/g,
  )) {
    cases.set(module, [...(cases.get(module) ?? []), name.replaceAll("\\", "")]);
  }
}

test("every module is listed with its starting states", async () => {
  const rows: string[] = [];
  const without: string[] = [];
  for (const name of moduleNames()) {
    const module = await findModule(name);
    if (module?.sort !== "state") continue;
    const found = cases.get(name);
    if (found) rows.push(`| \`${name}\` | ${found.join("; ")} |`);
    else if (module.name === name && !looking.includes(name)) without.push(`\`${name}\``);
  }
  const page = `# The laws, module by module

Made by \`test/unit/modules/laws-page.test.ts\` from the cases in \`test/modules/\`; [testing.md](testing.md) says what the
laws are. Each of these is tried on a container host without Python.

| module | starting states |
|---|---|
${rows.join("\n")}

Without a case there: ${without.join(", ")}.
`;
  await expect(page).toMatchFileSnapshot("../../../docs/laws.md");
});

test("no case is of a module that there is not", async () => {
  for (const name of cases.keys()) expect(await findModule(name), name).toBeDefined();
});
