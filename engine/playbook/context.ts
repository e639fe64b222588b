import { existsSync, readFileSync, statSync } from "node:fs";
import type { Position } from "../source/diagnostic.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import type { Node } from "../source/node.ts";
import { decodeText } from "../source/text.ts";
import { type Dict, dict, isDict } from "../source/value.ts";
import { isVault, Vault } from "../source/vault.ts";
import { parseDocument, toValue } from "../source/yaml.ts";
import { Notes } from "./notes.ts";

/** How playbooks are loaded. */
export interface LoadOptions {
  /** Folders searched for roles, after those beside the playbook. */
  readonly rolesPath?: readonly string[];
  /** May stand in the file names of imports. */
  readonly extraVars?: Dict;
  readonly vault?: Vault;
  /** Warnings become errors. */
  readonly strict?: boolean;
}

/** What the loading of one set of playbooks shares. */
export class LoadContext {
  readonly notes: Notes;
  readonly rolesPath: readonly string[];
  readonly extraVars: Dict;
  /** Folders in which plugins were looked for. */
  readonly searched = new Set<string>();
  readonly #vault: Vault;
  readonly #documents = new Map<string, Node | undefined>();

  constructor(options: LoadOptions) {
    this.notes = new Notes(options.strict === true);
    this.rolesPath = options.rolesPath ?? [];
    this.extraVars = options.extraVars ?? dict();
    this.#vault = options.vault ?? new Vault([]);
  }

  /** The first document of a YAML file; undefined where the file holds none. @throws DiagnosticError */
  document(file: string, from?: Position): Node | undefined {
    if (this.#documents.has(file)) return this.#documents.get(file);
    const node = this.#read(file, from);
    this.#documents.set(file, node);
    return node;
  }

  /** A file that holds a mapping of variables. */
  variables(file: string, from?: Position): Dict {
    const node = this.document(file, from);
    const value = node ? toValue(node) : null;
    if (value === null) return dict();
    if (isDict(value)) return value;
    throw new DiagnosticError({
      code: "variables-type",
      severity: "error",
      summary: "a file of variables is a mapping of names to values",
      at: node?.at,
    });
  }

  /** @throws DiagnosticError where no password opens it */
  decrypt(vaultText: string): string {
    return this.#vault.decrypt(vaultText);
  }

  #read(file: string, from: Position | undefined): Node | undefined {
    if (!existsSync(file)) {
      throw new DiagnosticError({
        code: "file-missing",
        severity: "error",
        summary: `there is no file ${file}`,
        at: from,
      });
    }
    if (statSync(file).isDirectory()) {
      throw new DiagnosticError({
        code: "file-is-folder",
        severity: "error",
        summary: `${file} is a folder, not a file`,
        at: from,
      });
    }
    const bytes = readFileSync(file);
    let text: string;
    try {
      text = isVault(bytes) ? this.#vault.decrypt(bytes) : decodeText(bytes, file);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      const place = { file, line: 1, column: 1 };
      throw new DiagnosticError(error.diagnostics.map((each) => ({ ...each, at: each.at ?? place })));
    }
    const { document, warnings } = parseDocument(text, file);
    this.notes.addLater(warnings);
    return document.kind === "scalar" && document.value === null ? undefined : document;
  }
}
