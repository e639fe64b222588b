import { type Diagnostic, DiagnosticError, type Position } from "../source/diagnostic.ts";

/** Collects what is wrong with the files of a playbook, so that all of it is shown at once. */
export class Notes {
  readonly errors: Diagnostic[] = [];
  readonly warnings: Diagnostic[] = [];
  readonly #strict: boolean;

  constructor(strict: boolean) {
    this.#strict = strict;
  }

  error(code: string, summary: string, at: Position | undefined, hint?: string | undefined): void {
    this.#add(this.errors, { code, severity: "error", summary, at, hint });
  }

  /** Errors that Ansible finds when it reaches them: until then warnings, as {@link later}. */
  addLater(diagnostics: readonly Diagnostic[]): void {
    for (const { code, summary, at, hint } of diagnostics) this.later(code, summary, at, hint);
  }

  /** A warning first and an error when it is reached; an error at once with --strict. */
  later(code: string, summary: string, at: Position | undefined, hint?: string | undefined): void {
    if (this.#strict) this.error(code, summary, at, hint);
    else this.#add(this.warnings, { code, severity: "warning", summary, at, hint });
  }

  add(diagnostics: readonly Diagnostic[]): void {
    for (const each of diagnostics) this.#add(each.severity === "error" ? this.errors : this.warnings, each);
  }

  /** Takes over what a file's reader threw; anything else goes on. */
  caught(error: unknown, at?: Position): void {
    if (!(error instanceof DiagnosticError)) throw error;
    this.add(error.diagnostics.map((each) => ({ ...each, at: each.at ?? at })));
  }

  /** @throws DiagnosticError with everything that was found, errors first, where one is an error */
  end(): void {
    if (this.errors.length > 0) throw new DiagnosticError([...this.errors, ...this.warnings]);
  }

  #add(list: Diagnostic[], diagnostic: Diagnostic): void {
    const same = (each: Diagnostic) =>
      each.summary === diagnostic.summary &&
      each.at?.file === diagnostic.at?.file &&
      each.at?.line === diagnostic.at?.line &&
      each.at?.column === diagnostic.at?.column;
    if (!list.some(same)) list.push(diagnostic);
  }
}
