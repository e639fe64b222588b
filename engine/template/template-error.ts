import { DiagnosticError, type Position } from "../source/diagnostic.ts";

/** A template that cannot be parsed or rendered; its one diagnostic has the place inside the template. */
export class TemplateError extends DiagnosticError {
  readonly code: string;
  /** Also thrown for what may be caught by `is defined` and `default`: an undefined variable. */
  constructor(code: string, summary: string, at: Position | undefined, hint?: string) {
    super({ code, severity: "error", summary, at, hint });
    this.name = "TemplateError";
    this.code = code;
  }
}

/** Stands in a position for the file of a template that came from none, as an expression that a module evaluates. */
export const NO_FILE = "<template>";

/** Where the text of a template comes from. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The place in the file of an offset in a template that starts at `origin`. */
export function placeIn(source: string, offset: number, origin: Origin | undefined): Position {
  const before = source.slice(0, offset);
  const lines = before.split("\n").length;
  const column = offset - (before.lastIndexOf("\n") + 1) + 1;
  if (origin === undefined) return { file: NO_FILE, line: lines, column };
  // Later lines of a block scalar are indented like the first, and their indentation is not part of the text.
  return { file: origin.file, line: origin.line + lines - 1, column: origin.column - 1 + column };
}
