import { Type } from "@sinclair/typebox";
import { choice, flag, optional, text } from "./argument-types.ts";
import { stateModule } from "./contract.ts";
import { type Edited, edit, editArguments } from "./edit.ts";
import { attributeRefusals } from "./ownership.ts";
import { linesOf, pythonRegex } from "./python-regex.ts";

const args = Type.Object({
  ...editArguments,
  state: choice(["present", "absent"], "Whether the block shall be there.", { default: "present" }),
  block: text("The lines; empty takes the block away.", { default: "" }),
  marker: text("The lines around the block; {mark} becomes BEGIN and END.", {
    default: "# {mark} ANSIBLE MANAGED BLOCK",
  }),
  marker_begin: text("Stands for {mark} above.", { default: "BEGIN" }),
  marker_end: text("Stands for {mark} below.", { default: "END" }),
  insertafter: optional(text("Where the block is new: after the last line that matches this, or EOF (the default).")),
  insertbefore: optional(text("Where the block is new: before the last line that matches this, or BOF.")),
  create: flag("Make the file if it is missing."),
  append_newline: flag("An empty line after the block."),
  prepend_newline: flag("An empty line before the block."),
});

interface BlockArguments {
  readonly state: "present" | "absent";
  readonly block: string;
  readonly marker: string;
  readonly marker_begin: string;
  readonly marker_end: string;
  readonly insertafter?: string;
  readonly insertbefore?: string;
  readonly append_newline: boolean;
  readonly prepend_newline: boolean;
}

export default stateModule({
  name: "blockinfile",
  summary: "Keep a block of lines between two marker lines of a text file.",
  collection: "ansible.builtin.blockinfile",
  args,
  argAliases: { dest: "path", destfile: "path", name: "path", content: "block" },
  unsupported: { ...attributeRefusals, encoding: "files are UTF-8" },
  mutuallyExclusive: [["insertbefore", "insertafter"]],
  example:
    "- ansible.builtin.blockinfile:\n    path: /etc/hosts\n    block: |\n      10.0.0.1 db\n      10.0.0.2 web\n",
  returns: { msg: "what was done" },

  *look(args) {
    const create = args.create || args.state === "absent";
    return yield* edit(args, { create, missing: "Path %s does not exist !" }, (given, native) => {
      if (args.state === "absent" && given === undefined) return undefined;
      return withBlock(given, { ...args, block: native(args.block) });
    });
  },
});

/** The text with the block where it was, or at the place asked for. */
export function withBlock(given: string | undefined, args: BlockArguments): Edited {
  const lines = linesOf(given ?? "");
  const begin = args.marker.replaceAll("{mark}", args.marker_begin);
  const end = args.marker.replaceAll("{mark}", args.marker_end);
  const inside = args.state === "present" && args.block !== "" ? linesOf(args.block.replace(/\n?$/, "\n")) : [];
  const block = inside.length > 0 ? [`${begin}\n`, ...inside, `${end}\n`] : [];
  let first = lines.findLastIndex((line) => bare(line) === begin);
  const last = lines.findLastIndex((line) => bare(line) === end);
  if (first < 0 || last < 0) first = placeFor(lines, given ?? "", args);
  else {
    const [from, to] = first < last ? [first, last] : [last, first];
    lines.splice(from, to - from + 1);
    first = from;
  }
  const before = lines[first - 1];
  if (before !== undefined && !before.endsWith("\n")) lines[first - 1] = `${before}\n`;
  if (args.prepend_newline && block.length > 0 && first > 0 && lines[first - 1] !== "\n")
    lines.splice(first++, 0, "\n");
  lines.splice(first, 0, ...block);
  const after = first + block.length;
  if (args.append_newline && block.length > 0 && after < lines.length && lines[after] !== "\n")
    lines.splice(after, 0, "\n");
  const text = lines.join("");
  if (given === undefined) return { text, message: "File created" };
  if (text === given) return { text, message: "" };
  return { text, message: block.length > 0 ? "Block inserted" : "Block removed" };
}

function placeFor(lines: readonly string[], whole: string, args: BlockArguments): number {
  const pattern = args.insertbefore ?? args.insertafter ?? "EOF";
  if (args.insertbefore === "BOF") return 0;
  if (pattern === "EOF") return lines.length;
  const regex = pythonRegex(pattern, "", { ascii: true });
  if (regex.multiline) {
    const match = regex.exec(whole);
    if (!match) return lines.length;
    const upTo = args.insertbefore === undefined ? match.index + match[0].length : match.index;
    const breaks = whole.slice(0, upTo).split("\n").length - 1;
    return args.insertbefore === undefined && !match[0].endsWith("\n") ? breaks + 1 : breaks;
  }
  const at = lines.findLastIndex((line) => regex.test(line));
  if (at < 0) return lines.length;
  return args.insertbefore === undefined ? at + 1 : at;
}

function bare(line: string): string {
  return line.replace(/[\r\n]+$/, "");
}
