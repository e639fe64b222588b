import { Chalk } from "chalk";
import type { Diagnostic } from "./diagnostic.ts";

/**
 * A diagnostic for people: the summary, the place, the line with its neighbours and a caret, the hint.
 * @param readSource the text of a file that a position names; undefined where it cannot be read
 */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  readSource: (file: string) => string | undefined,
  options: { readonly color: boolean },
): string {
  const paint = new Chalk({ level: options.color ? 1 : 0 });
  const word = diagnostic.severity === "error" ? paint.red.bold("[ERROR]") : paint.yellow.bold("[WARNING]");
  const result = [`${word}: ${paint.bold(diagnostic.summary)}`];
  if (diagnostic.at) {
    const { file, line, column } = diagnostic.at;
    result.push(`  ${paint.dim("at")} ${paint.cyan(`${file}:${line}:${column}`)}`);
    const frame = codeFrame(readSource(file), line, column, (text) =>
      diagnostic.severity === "error" ? paint.red(text) : paint.yellow(text),
    );
    if (frame.length > 0) result.push("", ...frame, "");
  }
  if (diagnostic.hint) result.push(`  ${paint.green("hint:")} ${diagnostic.hint}`);
  return result.join("\n");
}

const longest = 160;

function codeFrame(
  source: string | undefined,
  line: number,
  column: number,
  paint: (text: string) => string,
): string[] {
  if (source === undefined || source.trim() === "") return [];
  const lines = source.split(/\r?\n/);
  if (line < 1 || line > lines.length) return [];
  const last = lines.length > 1 && lines.at(-1) === "" ? lines.length - 1 : lines.length;
  const width = String(Math.min(line + 1, last)).length;
  const result: string[] = [];
  for (let number = Math.max(1, line - 1); number <= Math.min(Math.max(last, line), line + 1); number++) {
    // A tab is one column of a position, so it must be one column of the frame.
    const text = (lines[number - 1] ?? "").replaceAll("\t", " ");
    const from = number === line && column > longest - 20 ? column - longest / 2 : 0;
    const shown = text.slice(from, from + longest);
    const mark = number === line ? paint(">") : " ";
    result.push(`${mark} ${String(number).padStart(width)} | ${shown}`.trimEnd());
    if (number === line)
      result.push(`  ${" ".repeat(width)} | ${" ".repeat(Math.max(0, column - 1 - from))}${paint("^")}`);
  }
  return result;
}
