import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { type Diagnostic, DiagnosticError } from "../source/diagnostic.ts";
import { nearestFile } from "../source/missing-file.ts";
import { decodeText } from "../source/text.ts";
import { isDict, type Value } from "../source/value.ts";
import { isVault, type Vault } from "../source/vault.ts";
import { readIni } from "./ini.ts";
import { HostInventory } from "./inventory.ts";
import { expandRange } from "./range.ts";
import { readYaml } from "./yaml-source.ts";

export interface InventoryOptions {
  readonly vault?: Vault | undefined;
  /** Warnings become errors. */
  readonly strict?: boolean;
  readonly warn: (diagnostic: Diagnostic) => void;
}

/** Extensions that are no inventories in a folder of them; Ansible's list. */
const ignored: ReadonlySet<string> = new Set([
  ".pyc",
  ".pyo",
  ".swp",
  ".bak",
  "~",
  ".rpm",
  ".md",
  ".txt",
  ".rst",
  ".orig",
  ".cfg",
  ".retry",
]);

/**
 * Reads all sources into one inventory: `host,` lists, YAML, INI, programs that answer to `--list`, folders of these.
 * @throws DiagnosticError where a source is not there or cannot be read
 */
export function loadInventory(sources: readonly string[], options: InventoryOptions): HostInventory {
  const paths = sources.map((source) => (source.includes(",") ? source : resolve(source)));
  return new HostInventory(paths, (inventory) => {
    const warnings: Diagnostic[] = [];
    for (const source of paths) readSource(source, inventory, { ...options, warn: (each) => void warnings.push(each) });
    if (options.strict && warnings.length > 0)
      throw new DiagnosticError(warnings.map((each) => ({ ...each, severity: "error" })));
    for (const warning of warnings) options.warn(warning);
  });
}

function readSource(source: string, inventory: HostInventory, options: InventoryOptions): void {
  if (source.includes(",")) {
    for (const name of source.split(",")) {
      const host = name.trim();
      if (host === "") continue;
      for (const each of expandRange(host, { file: source, line: 1, column: 1 })) {
        const port = /^([^:]+):(\d+)$/.exec(each);
        inventory.host(port?.[1] ?? each);
        if (port?.[1] !== undefined) inventory.setHostVariable(port[1], "ansible_port", Number(port[2]));
      }
    }
    return;
  }
  if (!existsSync(source)) {
    const near = nearestFile(source, [source]);
    throw new DiagnosticError({
      code: "inventory-missing",
      severity: "error",
      summary: `there is no inventory ${source}`,
      hint: near
        ? `Did you mean '${near}'?`
        : `For a list of hosts on the command line end it with a comma: -i ${basename(source)},`,
    });
  }
  if (statSync(source).isDirectory()) {
    for (const name of readdirSync(source).sort()) {
      if (name.startsWith(".") || ignored.has(extname(name)) || name.endsWith("~")) continue;
      if (name === "group_vars" || name === "host_vars") continue;
      readSource(join(source, name), inventory, options);
    }
    return;
  }
  if (isProgram(source)) {
    readProgram(source, inventory);
    return;
  }
  const bytes = readFileSync(source);
  const text = isVault(bytes) && options.vault ? options.vault.decrypt(bytes) : decodeText(bytes, source);
  const extension = extname(source);
  if ([".yml", ".yaml", ".json"].includes(extension)) readYaml(text, source, inventory, options.warn);
  else if (looksLikeYaml(text)) readYaml(text, source, inventory, options.warn);
  else readIni(text, source, inventory);
}

/** Without an ending the first line that says something decides. */
function looksLikeYaml(text: string): boolean {
  const line = text.split("\n").find((each) => each.trim() !== "" && !/^\s*[#;]/.test(each));
  return line !== undefined && (/^---/.test(line) || /^[\w.-]+:\s*(#.*)?$/.test(line));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return false;
  }
  return (
    readFileSync(path).subarray(0, 2).toString("latin1") === "#!" ||
    ![".yml", ".yaml", ".ini", ".json", ""].includes(extname(path))
  );
}

/** A program prints JSON for `--list`; without `_meta` it is asked for each host. */
function readProgram(path: string, inventory: HostInventory): void {
  const top = ask(path, ["--list"]);
  const meta = isDict(top["_meta"]) ? top["_meta"] : undefined;
  const own = new Set<string>();
  for (const name of Object.keys(top)) {
    if (name === "_meta") continue;
    const body = top[name] ?? null;
    inventory.group(name);
    const hosts = Array.isArray(body) ? body : isDict(body) && Array.isArray(body["hosts"]) ? body["hosts"] : [];
    for (const host of hosts) {
      own.add(String(host));
      inventory.host(String(host), path);
      inventory.member(name, String(host));
    }
    if (!isDict(body)) continue;
    const vars = body["vars"];
    if (isDict(vars)) for (const key of Object.keys(vars)) inventory.setGroupVariable(name, key, vars[key] ?? null);
    if (Array.isArray(body["children"])) for (const child of body["children"]) inventory.child(name, String(child));
  }
  const known = meta && isDict(meta["hostvars"]) ? meta["hostvars"] : undefined;
  // Hosts of other sources are not asked for, and one that stands in `_meta` alone is none.
  for (const host of own) {
    const vars = known ? known[host] : ask(path, ["--host", host]);
    if (isDict(vars)) for (const key of Object.keys(vars)) inventory.setHostVariable(host, key, vars[key] ?? null);
  }
}

function ask(path: string, args: string[]): { [key: string]: Value } {
  const outcome = spawnSync(path, args, { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  const fail = (why: string) =>
    new DiagnosticError({
      code: "inventory-program",
      severity: "error",
      summary: `the inventory program ${path} ${args.join(" ")} ${why}`,
    });
  if (outcome.error) throw fail(`cannot be run: ${outcome.error.message}`);
  if (outcome.status !== 0)
    throw fail(`ended with status ${outcome.status ?? outcome.signal}: ${outcome.stderr.trim()}`);
  try {
    const answer: unknown = JSON.parse(outcome.stdout || "{}");
    if (isDict(answer)) return answer;
  } catch (error) {
    throw fail(`printed no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw fail("printed JSON that is no mapping");
}
