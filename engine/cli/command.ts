import { version } from "./version.ts";

const commands: { readonly [name: string]: () => Promise<{ main(argv: string[]): Promise<number> }> } = {
  lab: () => import("./lab.ts"),
  demo: () => import("./demo.ts"),
  doc: () => import("./doc.ts"),
  test: () => import("./test.ts"),
  vault: () => import("./vault.ts"),
};

/**
 * One call of `play`. The first word decides which command this is, and that one alone is loaded, so that `--version`
 * costs next to nothing.
 * @returns the exit code
 */
export async function command(argv: string[]): Promise<number> {
  const [first] = argv;
  if (first === "--version") {
    process.stdout.write(`play ${version} (node ${process.versions.node})\n`);
    return 0;
  }
  const load = first !== undefined && Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (load) return (await load()).main(argv.slice(1));
  return (await import("./playbook.ts")).main(argv);
}
