import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { contentKey, type ParityCase } from "./cases.ts";

/*
 * What ansible-playbook did with a case, as the lines that are compared (transcript.ts): `answers/GROUP/FAMILY/NAME.txt`.
 * An answer counts as long as the case and all that makes the lines are what they were; else ansible-playbook is asked.
 */

const folder = join(import.meta.dirname, "answers");
const makers = ["oracle/run.sh", "oracle/transcript.py", "transcript.ts"].map((name) =>
  readFileSync(join(import.meta.dirname, name), "utf8"),
);

/** The answer to one command line, or undefined where there is none that still counts. */
export function keptAnswer(group: string, each: ParityCase, flags: string): readonly string[] | undefined {
  const section = sections(fileOf(group, each)).get(flags);
  return section?.key === keyOf(each, flags) ? section.lines : undefined;
}

/** Keeps the answer to one command line in the place of what was there before. */
export function keepAnswer(group: string, each: ParityCase, flags: string, lines: readonly string[]): void {
  const file = fileOf(group, each);
  const all = sections(file).set(flags, { key: keyOf(each, flags), lines });
  // In the case's order, and without those to command lines that it has no more.
  const text = each.runs.flatMap((run) => {
    const section = all.get(run);
    if (section === undefined) return [];
    return [`run:${run === "" ? "" : ` ${run}`}`, `key: ${section.key}`, ...section.lines.map((line) => `  ${line}`)];
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text.join("\n")}\n`);
}

interface Section {
  readonly key: string;
  readonly lines: readonly string[];
}

function sections(file: string): Map<string, Section> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return new Map(); // nobody has asked yet
  }
  return new Map(
    text.split(/^run:/m).flatMap((section) => {
      const [flags = "", key = "", ...lines] = section.trimEnd().split("\n");
      if (!key.startsWith("key: ")) return [];
      return [[flags.trim(), { key: key.slice("key: ".length), lines: lines.map((line) => line.slice(2)) }] as const];
    }),
  );
}

function fileOf(group: string, each: ParityCase): string {
  return join(folder, group, `${each.name}.txt`);
}

function keyOf(each: ParityCase, flags: string): string {
  return contentKey(each, flags, ...makers);
}
