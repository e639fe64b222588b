import type { Dict, Value } from "../../source/value.ts";
import { sectionMark } from "./script.ts";

/** The script's output by section name. */
export type Sections = ReadonlyMap<string, string>;

export function splitSections(output: string): Sections {
  const sections = new Map<string, string>();
  for (const part of output.split(`\n${sectionMark} `).slice(1)) {
    const end = part.indexOf("\n");
    sections.set(end < 0 ? part : part.slice(0, end), end < 0 ? "" : part.slice(end + 1));
  }
  return sections;
}

/** The lines of a section, without empty ones. */
export function lines(sections: Sections, name: string): string[] {
  return (sections.get(name) ?? "").split("\n").filter((line) => line !== "");
}

/** What `grep -H ''` printed: path → the file's text without the last newline. */
export function filesOf(sections: Sections, name: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const line of lines(sections, name)) {
    const colon = line.indexOf(":", 1);
    if (colon < 0) continue;
    const path = line.slice(0, colon);
    const before = files.get(path);
    files.set(path, before === undefined ? line.slice(colon + 1) : `${before}\n${line.slice(colon + 1)}`);
  }
  return files;
}

/** `KEY=value` lines, quotes removed. */
export function assignments(text: string | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of (text ?? "").split("\n")) {
    const match = /^\s*([A-Za-z_0-9]+)=(.*)$/.exec(line);
    if (match?.[1] !== undefined) found.set(match[1], (match[2] ?? "").trim().replace(/^(["'])(.*)\1$/, "$2"));
  }
  return found;
}

/** A dict of the entries that have a value. */
export function present(entries: { readonly [key: string]: Value | undefined }): Dict {
  const result: Dict = Object.create(null);
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) result[key] = value;
  return result;
}
