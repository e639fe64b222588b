import { join } from "node:path";
import { globSync } from "tinyglobby";
import { readScenario, type Scenario } from "./definition.ts";

/**
 * All scenarios below a folder: of roles, of playbooks, and a project's own.
 * @param names roles (`consul`), scenarios (`consul/default`, `swarm`); none: all
 */
export function discoverScenarios(
  root: string,
  names: readonly string[],
): { scenarios: Scenario[]; unknown: string[] } {
  const files = globSync(["roles/*/molecule/*/molecule.yml", "*/molecule/*/molecule.yml", "molecule/*/molecule.yml"], {
    cwd: root,
    ignore: ["node_modules/**"],
  });
  const all = [...new Set(files)].map((file) => readScenario(join(root, file))).sort(byName);
  if (names.length === 0) return { scenarios: all, unknown: [] };
  const wanted = new Map<string, Scenario>();
  const unknown: string[] = [];
  for (const name of names) {
    const found = all.filter((each) => each.name === name || each.name.split("/").includes(name));
    for (const each of found) wanted.set(each.name, each);
    if (found.length === 0) unknown.push(name);
  }
  return { scenarios: [...wanted.values()], unknown };
}

function byName(a: Scenario, b: Scenario): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
