import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import type { Inventory } from "../inventory/contract.ts";
import { DiagnosticError, type Position } from "../source/diagnostic.ts";
import { decodeText } from "../source/text.ts";
import { type Dict, dict, isDict } from "../source/value.ts";
import type { Vault } from "../source/vault.ts";
import { parseDocument, toValue } from "../source/yaml.ts";
import type { Layer } from "./contract.ts";
import { type Leveled, written } from "./precedence.ts";

/** Reads files of variables, each once. */
export class VarsFiles {
  readonly #vault: Vault;
  readonly #warn: (message: string, at?: Position) => void;
  readonly #read = new Map<string, Dict>();
  readonly #found = new Map<string, readonly string[]>();

  constructor(vault: Vault, warn: (message: string, at?: Position) => void) {
    this.#vault = vault;
    this.#warn = warn;
  }

  /** The variables of one file. @throws DiagnosticError where it cannot be read or is no mapping */
  file(path: string): Dict {
    const known = this.#read.get(path);
    if (known) return known;
    const values = this.#parse(path);
    this.#read.set(path, values);
    return values;
  }

  /** `group_vars/web`: the file with any of Ansible's endings, or all files of a folder of that name, by name. */
  named(folder: string, name: string): Layer[] {
    return this.#paths(folder, name).map((path) => written(path, this.file(path)));
  }

  /** Levels of group_vars and host_vars beside the inventory and the playbook, and what the inventory itself says. */
  host(inventory: Inventory, host: string, playbookFolder: string | undefined): Leveled {
    const beside = inventoryFolders(inventory.sources);
    const groups = inventory.groupsOf(host).filter((group) => group !== "all");
    const all = inventory.groups.get("all");
    const own = inventory.hosts.get(host);
    const from = (folders: readonly string[], kind: string, names: readonly string[]) =>
      folders.flatMap((folder) => names.flatMap((name) => this.named(join(folder, kind), name)));
    const besidePlaybook = playbookFolder === undefined || beside.includes(playbookFolder) ? [] : [playbookFolder];
    return {
      "inventory file group vars": [
        written("inventory, group all", all?.variables ?? dict()),
        ...groups.map((group) =>
          written(`inventory, group ${group}`, inventory.groups.get(group)?.variables ?? dict()),
        ),
      ],
      "inventory group_vars/all": from(beside, "group_vars", ["all"]),
      "playbook group_vars/all": from(besidePlaybook, "group_vars", ["all"]),
      "inventory group_vars/*": from(beside, "group_vars", groups),
      "playbook group_vars/*": from(besidePlaybook, "group_vars", groups),
      "inventory file host vars": own ? [written(`inventory, host ${host}`, own.variables)] : [],
      "inventory host_vars/*": from(beside, "host_vars", [host]),
      "playbook host_vars/*": from(besidePlaybook, "host_vars", [host]),
    };
  }

  #paths(folder: string, name: string): readonly string[] {
    const key = join(folder, name);
    const known = this.#found.get(key);
    if (known) return known;
    const paths: string[] = [];
    // As in Ansible the first that is there counts, and a folder hides the files beside it.
    for (const ending of ["", ".yml", ".yaml", ".json"]) {
      const path = `${key}${ending}`;
      if (!existsSync(path)) continue;
      paths.push(...(statSync(path).isDirectory() ? filesBelow(path) : [path]));
      break;
    }
    this.#found.set(key, paths);
    return paths;
  }

  #parse(path: string): Dict {
    let text: string;
    try {
      const bytes = readFileSync(path);
      text = this.#vault.isVault(bytes) ? this.#vault.decrypt(bytes) : decodeText(bytes, path);
    } catch (error) {
      if (error instanceof DiagnosticError) throw placed(error, path);
      throw new DiagnosticError({
        code: "file-missing",
        severity: "error",
        summary: `the file of variables ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
    const { document, warnings } = parseDocument(text, path);
    for (const warning of warnings) this.#warn(warning.summary, warning.at);
    const value = toValue(document);
    if (value === null) return dict();
    if (isDict(value)) return value;
    throw new DiagnosticError({
      code: "variables-type",
      severity: "error",
      summary: "a file of variables is a mapping of names to values",
      at: document.at,
    });
  }
}

function placed(error: DiagnosticError, path: string): DiagnosticError {
  return new DiagnosticError(
    error.diagnostics.map((each) => ({ ...each, at: each.at ?? { file: path, line: 1, column: 1 } })),
  );
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith(".") && !entry.name.endsWith("~"))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (statSync(path).isDirectory()) return filesBelow(path);
      return ["", ".yml", ".yaml", ".json"].includes(extname(entry.name)) ? [path] : [];
    });
}

/** The folders beside which group_vars and host_vars are looked for. */
export function inventoryFolders(sources: readonly string[]): string[] {
  const folders = sources
    .filter((source) => !source.includes(",") && existsSync(source))
    .map((source) => (statSync(source).isDirectory() ? source : dirname(source)));
  return [...new Set(folders)];
}
