import { Type } from "@sinclair/typebox";
import { choice, flag, list, optional, text } from "./argument-types.ts";
import { stateModule } from "./contract.ts";
import { type Edited, edit, editArguments } from "./edit.ts";
import { attributeRefusals } from "./ownership.ts";
import { linesOf } from "./python-regex.ts";

const args = Type.Object({
  ...editArguments,
  section: optional(text("The section; left away: before the first one.")),
  option: optional(text("The option; left away: the section as a whole.")),
  value: optional(text("Its value.")),
  values: optional(list(text("A value."), "Several values of one option, a line each.")),
  state: choice(["present", "absent"], "Whether it shall be there.", { default: "present" }),
  exclusive: flag("Take away other values of the option.", true),
  no_extra_spaces: flag("No blanks around `=`."),
  ignore_spaces: flag("A line that differs only in blanks stays."),
  allow_no_value: flag("An option may stand without a value."),
  modify_inactive_option: flag("A commented-out option is used for the new line.", true),
  create: flag("Make the file if it is missing.", true),
});

interface IniArguments {
  readonly section?: string;
  readonly option?: string;
  readonly values?: readonly string[];
  readonly value?: string;
  readonly state: "present" | "absent";
  readonly exclusive: boolean;
  readonly no_extra_spaces: boolean;
  readonly ignore_spaces: boolean;
  readonly allow_no_value: boolean;
  readonly modify_inactive_option: boolean;
}

export default stateModule({
  name: "ini_file",
  summary: "Manage options of an INI file.",
  collection: "community.general.ini_file",
  args,
  argAliases: { dest: "path" },
  unsupported: {
    ...attributeRefusals,
    section_has_values: "sections are found by name alone",
    follow: "links are always looked through",
  },
  mutuallyExclusive: [["value", "values"]],
  example:
    "- community.general.ini_file:\n    path: /etc/app.ini\n    section: server\n    option: port\n    value: '8080'\n",
  returns: { msg: "what was done" },

  *look(args) {
    const create = args.create || args.state === "absent";
    return yield* edit(args, { create, missing: "Destination %s does not exist!", tells: true }, (given) =>
      given === undefined && args.state === "absent" ? undefined : withOption(given ?? "", args),
    );
  },
});

/** The text with the option (or section) as asked. */
export function withOption(given: string, args: IniArguments): Edited {
  const lines = linesOf(given);
  const last = lines.at(-1);
  if (last !== undefined && !last.endsWith("\n")) lines[lines.length - 1] = `${last}\n`;
  let start = 0;
  if (args.section !== undefined && args.section !== "") {
    const header = lines.findIndex((line) => line.trim() === `[${args.section}]`);
    if (header < 0) {
      if (args.state === "absent") return { text: given, message: "OK" };
      // A file that is new begins with an empty line, as Ansible's do.
      if (lines.length === 0) lines.push("\n");
      if (args.option === undefined)
        return { text: `${lines.join("")}[${args.section}]\n`, message: "only section added" };
      return {
        text: `${lines.join("")}[${args.section}]\n${wanted(args).join("")}`,
        message: "section and option added",
      };
    }
    start = header + 1;
  }
  const next = lines.findIndex((line, index) => index >= start && /^\s*\[.+\]\s*$/.test(line));
  const end = next < 0 ? lines.length : next;
  if (args.option === undefined) {
    if (args.state === "present" || args.section === undefined) return { text: given, message: "OK" };
    lines.splice(start - 1, end - start + 1);
    return { text: lines.join(""), message: "section removed" };
  }
  const body = lines.slice(start, end);
  const edited = args.state === "present" ? present(body, args) : absent(body, args);
  const text = [...lines.slice(0, start), ...edited.lines, ...lines.slice(end)].join("");
  const same = edited.lines.join("") === lines.slice(start, end).join("");
  return same ? { text: given, message: "OK" } : { text, message: edited.message };
}

function present(body: readonly string[], args: IniArguments): { lines: string[]; message: string } {
  const pending = wanted(args);
  const lines: string[] = [];
  let lastAt = -1;
  let message = "option added";
  const isWanted = (line: string) =>
    pending.findIndex((each) => (args.ignore_spaces ? squeezed(each) === squeezed(line) : each === line));
  // First the lines that are already right, so that a value is never written twice.
  const kept = new Set<number>();
  for (const [index, line] of body.entries()) {
    if (!matches(line, args.option ?? "", false)) continue;
    const at = isWanted(line);
    if (at >= 0) {
      pending.splice(at, 1);
      kept.add(index);
    }
  }
  for (const [index, line] of body.entries()) {
    const active = matches(line, args.option ?? "", false);
    const inactive = !active && args.modify_inactive_option && matches(line, args.option ?? "", true);
    if (kept.has(index)) lines.push(line);
    else if ((active && args.exclusive) || (inactive && pending.length > 0)) {
      const replacement = pending.shift();
      message = "option changed";
      if (replacement === undefined) continue;
      lines.push(replacement);
    } else {
      lines.push(line);
      if (!active) continue;
    }
    lastAt = lines.length;
  }
  if (pending.length > 0) {
    let at = lastAt >= 0 ? lastAt : lines.length;
    if (lastAt < 0) while (at > 0 && (lines[at - 1] ?? "").trim() === "") at--;
    lines.splice(at, 0, ...pending);
  }
  return { lines, message };
}

function absent(body: readonly string[], args: IniArguments): { lines: string[]; message: string } {
  const values = args.values ?? (args.value === undefined ? undefined : [args.value]);
  const lines = body.filter((line) => {
    if (!matches(line, args.option ?? "", false)) return true;
    return !args.exclusive && values !== undefined && !values.includes(line.slice(line.indexOf("=") + 1).trim());
  });
  return { lines, message: "option changed" };
}

function wanted(args: IniArguments): string[] {
  const values = args.values ?? [args.value];
  const equals = args.no_extra_spaces ? "=" : " = ";
  if (args.option === undefined) return [];
  return values.map((value) =>
    value === undefined && args.allow_no_value ? `${args.option}\n` : `${args.option}${equals}${value ?? ""}\n`,
  );
}

function matches(line: string, option: string, inactive: boolean): boolean {
  const text = inactive ? /^\s*[#;]\s*(.*)$/s.exec(line)?.[1] : line;
  return text !== undefined && (text.split("=")[0] ?? "").trim() === option && !/^\s*[#;]/.test(text);
}

function squeezed(line: string): string {
  return line.replaceAll(/\s*=\s*/g, "=").trim();
}
