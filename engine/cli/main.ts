import { version } from "./version.ts";

/*
 * The entry. It decides by the first word which command this is and loads that one alone, so that `--version` and
 * `--help` cost next to nothing.
 */

const commands: { readonly [name: string]: () => Promise<{ main(argv: string[]): Promise<number> }> } = {
  lab: () => import("./lab.ts"),
  demo: () => import("./demo.ts"),
  doc: () => import("./doc.ts"),
  test: () => import("./test.ts"),
  vault: () => import("./vault.ts"),
};

async function main(argv: string[]): Promise<number> {
  const [first] = argv;
  if (first === "--version") {
    process.stdout.write(`play ${version} (node ${process.versions.node})\n`);
    return 0;
  }
  const load = first === undefined ? undefined : commands[first];
  if (load) return (await load()).main(argv.slice(1));
  return (await import("./playbook.ts")).main(argv);
}

// A reader that goes away (`play … | head`) must not end a run in the middle of a change: the run goes on unread, as
// ansible-playbook's does.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await main(process.argv.slice(2));
