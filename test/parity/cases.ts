import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A playbook that both engines run: files by path below its folder; `site.yml` is one of them. */
export interface ParityCase {
  /** `loops/with-items`: family and name. */
  readonly name: string;
  readonly files: ReadonlyMap<string, { readonly content: Buffer; readonly mode: number }>;
  /** Command lines to run it with, each from a fresh copy: the lines `# run: FLAGS` at the top of its site.yml. */
  readonly runs: readonly string[];
}

const root = fileURLToPath(new URL("playbooks", import.meta.url));

/**
 * The cases below `playbooks/GROUP/FAMILY`: a folder with a `site.yml`, or a file alone. What lies in `GROUP/` itself
 * (inventory, ansible.cfg, variables) is part of every case that has no such file of its own.
 */
export function parityCases(group: string): ParityCase[] {
  const entries = readdirSync(join(root, group), { withFileTypes: true });
  const shared = new Map(
    entries.filter((entry) => entry.isFile()).map((entry) => [entry.name, join(root, group, entry.name)] as const),
  );
  return entries.filter((entry) => entry.isDirectory()).flatMap((family) => familyCases(group, family.name, shared));
}

function familyCases(group: string, family: string, shared: ReadonlyMap<string, string>): ParityCase[] {
  const folder = join(root, group, family);
  return readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const paths = new Map(shared);
    if (entry.isDirectory()) {
      for (const path of filesBelow(join(folder, entry.name), "")) paths.set(path, join(folder, entry.name, path));
    } else paths.set("site.yml", join(folder, entry.name));
    const files = new Map(
      [...paths].map(([path, from]) => [path, { content: readFileSync(from), mode: modeOf(from) }]),
    );
    return {
      name: `${family}/${entry.name.replace(/\.yml$/, "")}`,
      files,
      runs: runsOf(files.get("site.yml")?.content),
    };
  });
}

/** What git keeps of a mode; the rest is the umask of whoever checked it out. */
function modeOf(file: string): number {
  return statSync(file).mode & 0o100 ? 0o755 : 0o644;
}

function filesBelow(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = join(prefix, entry.name);
    return entry.isDirectory() ? filesBelow(folder, path) : [path];
  });
}

function runsOf(playbook: Buffer | undefined): string[] {
  if (!playbook) throw new Error("a parity case needs a site.yml");
  const runs = [...playbook.toString().matchAll(/^# run:(.*)$/gm)].map((match) => (match[1] ?? "").trim());
  return runs.length > 0 ? runs : [""];
}

/** What a case is, as a key under which the answer to it is kept. */
export function contentKey(each: ParityCase, run: string, ...more: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify([each.name, run, ...more]));
  for (const [path, file] of [...each.files].sort()) hash.update(`\0${path}\0${file.mode}\0`).update(file.content);
  return hash.digest("hex").slice(0, 32);
}
