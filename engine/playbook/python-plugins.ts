import { existsSync, readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { LoadContext } from "./context.ts";

/** Folders of plugins, with where the same is written in this project. */
const folders: { readonly [folder: string]: string } = {
  action_plugins: "as a module with a `prepare`, see docs/modules.md",
  filter_plugins: "below engine/template/filters/",
  test_plugins: "below engine/template/tests/",
  lookup_plugins: "below engine/template/lookups/",
  callback_plugins: "as a reporter below engine/report/",
};

/** Warns of plugins in Python beside a playbook or in a role: Ansible would load them, nothing here does. */
export function notePythonPlugins(beside: string, context: LoadContext): void {
  if (context.searched.has(beside)) return;
  context.searched.add(beside);
  for (const [name, place] of Object.entries(folders)) {
    const folder = join(beside, name);
    if (!existsSync(folder) || !statSync(folder).isDirectory()) continue;
    for (const file of readdirSync(folder).sort()) {
      if (extname(file) !== ".py" || file === "__init__.py") continue;
      context.notes.later(
        "python-plugin",
        `${name}/${file} is written in Python, which play does not run`,
        { file: join(folder, file), line: 1, column: 1 },
        `Write it in TypeScript ${place}.`,
      );
    }
  }
}

/** The file of a module in a `library/` folder, nearest first: Ansible would run it on the host. */
export function libraryModule(name: string, beside: readonly string[]): string | undefined {
  return beside
    .flatMap((folder) => [join(folder, "library", `${name}.py`), join(folder, "library", name)])
    .find((file) => existsSync(file) && statSync(file).isFile());
}
