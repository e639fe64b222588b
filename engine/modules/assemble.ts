import { readdirSync, statSync } from "node:fs";
import { posix } from "node:path";
import { Type } from "@sinclair/typebox";
import { flag, optional, path, text } from "./argument-types.ts";
import { ask, askAll, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { sourceBytes } from "./controller-files.ts";
import { landFile } from "./land-file.ts";
import { attributeArguments, attributeRefusals } from "./ownership.ts";
import { baseName, remotePath } from "./path-names.ts";
import { lookAt, pathState } from "./paths.ts";
import { pythonRegex } from "./python-regex.ts";
import { tree } from "./tree.ts";

const args = Type.Object({
  src: path("The folder that holds the fragments."),
  dest: path("The file made of them."),
  remote_src: flag("The folder is on the host.", true),
  backup: flag("Keep the replaced file under another name."),
  delimiter: optional(text("Stands between two fragments.")),
  regexp: optional(text("Only fragments whose name matches.")),
  ignore_hidden: flag("Leave out names that begin with a dot."),
  validate: optional(text("A command with %s that must accept the new file before it is used.")),
  decrypt: flag("Decrypt vaulted fragments.", true),
  ...attributeArguments,
});

type Fragment = readonly [name: string, content: Buffer];

export default stateModule<typeof args, readonly Fragment[] | undefined>({
  name: "assemble",
  summary: "Make a file of fragments, in the order of their names.",
  collection: "ansible.builtin.assemble",
  args,
  argAliases: {},
  unsupported: attributeRefusals,
  example: "- ansible.builtin.assemble:\n    src: /etc/app.d\n    dest: /etc/app.conf\n",
  returns: { dest: "the file made" },

  prepare(args, context) {
    if (args.remote_src) return undefined;
    const folder = context.findFile(args.src, "files");
    return readdirSync(folder)
      .map((name) => posix.join(folder, name))
      .filter((file) => statSync(file).isFile())
      .map((file) => [baseName(file), context.readFile(file)] as const);
  },

  *look(args, _context, prepared): Look<Plan> {
    const fragments = (prepared ?? (yield* fragmentsOnHost(args.src)))
      .filter(([name]) => !(args.ignore_hidden && name.startsWith(".")))
      .filter(([name]) => args.regexp === undefined || pythonRegex(args.regexp).test(name))
      .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const content = joined(
      fragments.map(([, bytes]) => bytes),
      args.delimiter,
    );
    const source = sourceBytes(content, "");
    const plan = yield* landFile({ ...args, force: true }, source);
    const { path: _, ...told } = plan.result ?? {};
    return { ...plan, result: { ...told, md5sum: source.md5 ?? null, src: args.src, msg: "OK" } };
  },
});

function* fragmentsOnHost(src: string): Look<Fragment[]> {
  const folder = yield* remotePath(src);
  const own = yield* lookAt(folder, { follow: true });
  if (!own.exists) throw new ModuleFailure(`Source (${src}) does not exist`);
  if (own.type !== "directory") throw new ModuleFailure(`Source (${src}) is not a directory`);
  const entries = (yield* ask(tree(folder, { depth: 1, follow: true }))).filter((entry) => entry.type === "file");
  const states = yield* askAll(entries.map((entry) => pathState(entry.path, { follow: true, content: true })));
  return states.flatMap((state) =>
    state.exists && state.content ? [[baseName(state.path), state.content] as const] : [],
  );
}

/** Fragments with the delimiter between them, each on lines of its own. */
export function joined(fragments: readonly Buffer[], delimiter: string | undefined): Buffer {
  const parts: Buffer[] = [];
  const newline = Buffer.from("\n");
  let last: Buffer | undefined;
  for (const fragment of fragments) {
    if (last !== undefined && last.at(-1) !== 0x0a && last.length > 0) parts.push(newline);
    if (last !== undefined && delimiter !== undefined) {
      const text = delimiter.replaceAll("\\n", "\n");
      parts.push(Buffer.from(text.endsWith("\n") ? text : `${text}\n`));
    }
    parts.push(fragment);
    last = fragment;
  }
  return Buffer.concat(parts);
}
