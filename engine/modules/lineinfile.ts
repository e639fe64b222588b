import { Type } from "@sinclair/typebox";
import { choice, flag, optional, text } from "./argument-types.ts";
import { ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { type Edited, edit, editArguments } from "./edit.ts";
import { attributeRefusals } from "./ownership.ts";
import { expandReplacement, linesOf, pythonRegex } from "./python-regex.ts";

const args = Type.Object({
  ...editArguments,
  regexp: optional(text("The line to replace: the last one that matches. With state=absent all that match go.")),
  search_string: optional(text("As regexp, but a plain text that the line contains.")),
  state: choice(["present", "absent"], "Whether the line shall be there.", { default: "present" }),
  line: optional(text("The line.")),
  backrefs: flag("`line` may use groups of regexp; without a match the file stays as it is."),
  insertafter: optional(text("Where the line is new: after the last line that matches this, or EOF (the default).")),
  insertbefore: optional(text("Where the line is new: before the last line that matches this, or BOF.")),
  create: flag("Make the file if it is missing."),
  firstmatch: flag("The first match counts instead of the last."),
});

interface LineArguments {
  readonly regexp?: string;
  readonly search_string?: string;
  readonly line?: string;
  readonly backrefs?: boolean;
  readonly insertafter?: string;
  readonly insertbefore?: string;
  readonly firstmatch?: boolean;
}

export default stateModule({
  name: "lineinfile",
  summary: "Make sure that a line is in a text file, or is not.",
  collection: "ansible.builtin.lineinfile",
  args,
  argAliases: { dest: "path", destfile: "path", name: "path", regex: "regexp", value: "line" },
  unsupported: { ...attributeRefusals, others: "it was never documented" },
  mutuallyExclusive: [
    ["insertbefore", "insertafter"],
    ["regexp", "search_string"],
    ["backrefs", "search_string"],
  ],
  example: "- ansible.builtin.lineinfile:\n    path: /etc/hosts\n    line: 10.0.0.1 db\n",
  returns: { msg: "what was done", backup: "the name under which the old file was kept" },

  *look(args) {
    if (args.state === "present") {
      if (args.backrefs && args.regexp === undefined) throw new ModuleFailure("regexp is required with backrefs=true");
      if (args.line === undefined) throw new ModuleFailure("line is required with state=present");
    } else if (args.regexp === undefined && args.search_string === undefined && args.line === undefined) {
      throw new ModuleFailure("one of line, search_string, or regexp is required with state=absent");
    }
    const create = args.create || args.state === "absent";
    const plan = yield* edit(args, { create, missing: "Destination %s does not exist !" }, (given, native) => {
      const arguments_ = { ...args, ...(args.line === undefined ? {} : { line: native(args.line) }) };
      if (args.state === "absent") return given === undefined ? undefined : withoutLine(given, arguments_);
      return withLine(given ?? "", arguments_);
    });
    return withBackupNamed(plan);
  },
});

/** Here the kept file's name is `backup`, empty where none was kept; every other module says `backup_file`. */
function withBackupNamed(plan: Plan): Plan {
  const result = { ...plan.result, backup: "" };
  const finish = plan.change?.finish;
  if (!plan.change || !finish) return { ...plan, result };
  return {
    result,
    change: {
      ...plan.change,
      finish(replies) {
        const { backup_file: backup = "", ...rest } = finish(replies);
        return { ...rest, backup };
      },
    },
  };
}

/** The text with the line in its place. */
export function withLine(given: string, args: LineArguments): Edited {
  const lines = linesOf(given);
  const line = args.line ?? "";
  const { at, match } = find(lines, args);
  const exact = match || at >= 0 ? -1 : lastIndex(lines, (each) => bare(each) === line);
  const place = at >= 0 ? at : exact;
  if (place >= 0) {
    const made = args.backrefs && match ? expandReplacement(line, match) : line;
    const wanted = made.endsWith("\n") ? made : `${made}\n`;
    if (lines[place] === wanted || (at < 0 && bare(lines[place] ?? "") === line && lines[place] === wanted)) {
      return { text: given, message: "" };
    }
    lines[place] = wanted;
    return { text: lines.join(""), message: "line replaced" };
  }
  if (args.backrefs) return { text: given, message: "" };
  const anchor = anchorOf(lines, args);
  const last = lines.at(-1);
  if (anchor === undefined && last !== undefined && !/[\r\n]$/.test(last)) lines.push("\n");
  const index = anchor ?? lines.length;
  const before = lines[index - 1];
  if (index === lines.length && before !== undefined && !/[\r\n]$/.test(before)) lines[index - 1] = `${before}\n`;
  lines.splice(index, 0, `${line}\n`);
  return { text: lines.join(""), message: "line added" };
}

/** The text without every line that matches. */
export function withoutLine(given: string, args: LineArguments): Edited {
  const regex = args.regexp === undefined ? undefined : pythonRegex(args.regexp, "", { ascii: true });
  const matches = (each: string) =>
    regex
      ? regex.test(each)
      : args.search_string !== undefined
        ? each.includes(args.search_string)
        : bare(each) === args.line;
  const lines = linesOf(given);
  const kept = lines.filter((each) => !matches(each));
  const found = lines.length - kept.length;
  return { text: kept.join(""), message: found > 0 ? `${found} line(s) removed` : "", result: { found } };
}

function find(lines: readonly string[], args: LineArguments): { at: number; match: RegExpExecArray | undefined } {
  const regex = args.regexp === undefined ? undefined : pythonRegex(args.regexp, "", { ascii: true });
  let found: { at: number; match: RegExpExecArray | undefined } = { at: -1, match: undefined };
  for (const [at, each] of lines.entries()) {
    const match = regex?.exec(each) ?? undefined;
    if (!match && !(args.search_string !== undefined && each.includes(args.search_string))) continue;
    found = { at, match };
    if (args.firstmatch) break;
  }
  return found;
}

/** Before which line the new one goes; undefined: at the end. */
function anchorOf(lines: readonly string[], args: LineArguments): number | undefined {
  if (args.insertbefore === "BOF" || args.insertafter === "BOF") return 0;
  const pattern = args.insertbefore ?? args.insertafter;
  if (pattern === undefined || pattern === "EOF") return undefined;
  const regex = pythonRegex(pattern, "", { ascii: true });
  const test = (each: string) => regex.test(each);
  const at = args.firstmatch ? lines.findIndex(test) : lastIndex(lines, test);
  if (at < 0) return undefined;
  return args.insertbefore === undefined ? at + 1 : at;
}

function lastIndex(lines: readonly string[], test: (line: string) => boolean): number {
  return lines.findLastIndex(test);
}

function bare(line: string): string {
  return line.replace(/[\r\n]+$/, "");
}
