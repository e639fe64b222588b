import { createTwoFilesPatch } from "diff";
import type { DiffPart } from "../modules/contract.ts";
import { toJson } from "../source/to-json.ts";
import type { Value } from "../source/value.ts";
import type { Palette } from "./colour.ts";

/** Texts above this size are not compared line by line: the time grows with the square of what differs. */
const LARGEST = 512 * 1024;

/** The unified diff of a change, coloured; empty where nothing differs. */
export function formatDiff(parts: readonly DiffPart[], colours: Palette): string {
  return parts.map((part) => formatPart(part, colours)).join("");
}

function formatPart(part: DiffPart, colours: Palette): string {
  const from = part.beforeHeader ? `before: ${part.beforeHeader}` : "before";
  const to = part.afterHeader ? `after: ${part.afterHeader}` : "after";
  if (part.withheld) return `${header(from, to, colours)}${reasonWithheld[part.withheld]}\n`;
  const before = asText(part.before);
  const after = asText(part.after);
  if (before === after) return "";
  if (before.length > LARGEST || after.length > LARGEST) {
    return `${header(from, to, colours)}${reasonWithheld["too-large"]}\n`;
  }
  const lines = createTwoFilesPatch(from, to, before, after, undefined, undefined, { context: 3 }).split("\n");
  return `${lines
    .slice(lines[0]?.startsWith("=") ? 1 : 0) // the package's own rule above the headers
    .map((line) => colourLine(shortRange(line.replace(/\t$/, "")), colours))
    .join("\n")}`;
}

const reasonWithheld = {
  binary: "the content is binary: not shown",
  secret: "the content is secret: not shown",
  "too-large": "the content is too large: not shown",
} as const;

function header(from: string, to: string, colours: Palette): string {
  return `${colours.removed(`--- ${from}`)}\n${colours.added(`+++ ${to}`)}\n`;
}

/** A range of one line is written without its length, as diff and Ansible do. */
function shortRange(line: string): string {
  return line.startsWith("@@")
    ? line
        .replace(/^@@ -(\d+)(,1)? \+(\d+)(,1)? @@/, "@@ -$1 +$3 @@")
        .replace(/^(@@ -\d+),1 /, "$1 ")
        .replace(/(\+\d+),1 @@/, "$1 @@")
    : line;
}

function colourLine(line: string, colours: Palette): string {
  if (line.startsWith("+")) return colours.added(line);
  if (line.startsWith("-")) return colours.removed(line);
  if (line.startsWith("@@")) return colours.hunk(line);
  return line;
}

function asText(value: Value): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  return `${toJson(value, { indent: 4, sortKeys: true, ensureAscii: false })}\n`;
}
