import { type Diagnostic, DiagnosticError, type Position } from "../source/diagnostic.ts";

/** A setting as the file has it. */
export interface IniEntry {
  readonly text: string;
  readonly at: Position;
}

export type Ini = ReadonlyMap<string, ReadonlyMap<string, IniEntry>>;

/**
 * The INI dialect of Python's configparser, as far as ansible.cfg uses it.
 * @throws DiagnosticError `settings-syntax` with every line that is none
 */
export function parseIni(text: string, file: string): Ini {
  const sections = new Map<string, Map<string, IniEntry>>();
  const problems: Diagnostic[] = [];
  let section: Map<string, IniEntry> | undefined;
  let last: string | undefined;
  const complain = (summary: string, at: Position, hint: string) =>
    void problems.push({ code: "settings-syntax", severity: "error", summary, at, hint });
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*[#;]/.test(line)) continue;
    if (line.trim() === "") {
      last = undefined;
      continue;
    }
    const at: Position = { file, line: index + 1, column: line.length - line.trimStart().length + 1 };
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (heading !== undefined) {
      section = sections.get(heading) ?? new Map();
      sections.set(heading, section);
      last = undefined;
      continue;
    }
    if (!section) {
      complain(
        "this stands above the first section",
        at,
        "ansible.cfg is an INI file: put `[defaults]` above its settings.",
      );
      break;
    }
    const before = last === undefined ? undefined : section.get(last);
    if (/^\s/.test(line) && last !== undefined && before) {
      section.set(last, { ...before, text: `${before.text}\n${line.trim()}`.trim() });
      continue;
    }
    const pair = /^\s*([^=:]+?)\s*[=:]\s*(.*?)\s*(?:\s;.*)?$/.exec(line);
    const name = pair?.[1]?.toLowerCase();
    if (name === undefined) {
      complain(`"${line.trim()}" is not name = value`, at, "Every line of a section is name = value.");
      continue;
    }
    const twin = section.get(name);
    if (twin) complain(`'${name}' is set twice`, at, `It stands on line ${twin.at.line} already.`);
    last = name;
    section.set(name, { text: pair?.[2] ?? "", at });
  }
  if (problems.length > 0) throw new DiagnosticError(problems);
  return sections;
}
