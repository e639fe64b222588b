/** A place in a file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The one form of error and warning that crosses all rooms. It is data; `formatDiagnostic` makes it readable.
 */
export interface Diagnostic {
  /** Stable, kebab-case: `unknown-keyword`, `yaml-syntax`, `undefined-variable`, `host-unreachable` … */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** One sentence that says what is wrong. */
  readonly summary: string;
  readonly at?: Position | undefined;
  /** What to do, or the nearest known name. */
  readonly hint?: string | undefined;
}

/** Thrown where work cannot go on; carries every diagnostic that was found, at least one. */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: Diagnostic | readonly Diagnostic[]) {
    const list = Array.isArray(diagnostics) ? (diagnostics as readonly Diagnostic[]) : [diagnostics as Diagnostic];
    super(list.map((each) => each.summary).join("\n"));
    this.name = "DiagnosticError";
    this.diagnostics = list;
  }
}
