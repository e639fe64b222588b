import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { type ModuleContext, ModuleFailure } from "../modules/contract.ts";
import { nearestFile } from "../source/missing-file.ts";
import type { Vault } from "../source/vault.ts";
import type { TaskVars } from "../vars/contract.ts";
import type { RunContext } from "./context.ts";

export interface ModuleContextOptions {
  readonly host: string;
  readonly vars: TaskVars;
  readonly environment: { readonly [name: string]: string };
  readonly checkMode: boolean;
  readonly user: string | undefined;
  readonly searchPath: readonly string[];
}

/** What a module may know of its surroundings: the controller's files, the task's variables. */
export function moduleContext(run: RunContext, options: ModuleContextOptions): ModuleContext {
  const { templar } = options.vars;
  return {
    findFile: (name, kind) => findFile(name, kind, options.searchPath),
    readFile: (path) => readVaulted(path, run.vault),
    renderText: (text, more) => templar.renderText(text, more),
    evaluate: (expression) => templar.evaluate(expression),
    test: (expression) => templar.test(expression),
    variable: (name) => options.vars.lookup(name),
    environment: options.environment,
    checkMode: options.checkMode,
    hostName: options.host,
    user: options.user,
    addSecret: (text) => run.secrets.add(text),
  };
}

/** A file of the controller; a vault is decrypted. */
export function readVaulted(path: string, vault: Vault): Buffer {
  const content = readFileSync(path);
  return vault.isVault(content) ? vault.decryptBytes(content) : content;
}

/**
 * As Ansible searches: in each folder of the search path first below `files/`, `templates/` or `vars/`, then directly.
 * @throws ModuleFailure naming the places that were searched
 */
export function findFile(name: string, kind: "files" | "templates" | "vars", searchPath: readonly string[]): string {
  const wanted = name.startsWith("~/") ? join(homedir(), name.slice(2)) : name;
  const places = isAbsolute(wanted)
    ? [wanted]
    : searchPath.flatMap((folder) => [join(folder, kind, wanted), join(folder, wanted)]);
  if (places.length === 0) places.push(resolve(wanted));
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  const near = nearestFile(name, places);
  const looked = places.length > 1 ? `. Searched in: ${[...new Set(places)].join(", ")}` : "";
  throw new ModuleFailure(
    `Could not find or access '${name}'${looked}${near === undefined ? "" : `. Did you mean '${near}'?`}`,
  );
}
