import { readFileSync } from "node:fs";
import { type Palette, palette, wantsColour } from "../report/colour.ts";
import { type Diagnostic, DiagnosticError } from "../source/diagnostic.ts";
import { formatDiagnostic } from "../source/diagnostic-format.ts";

/** Colours for standard output, as the environment and the terminal want them. */
export function outputColours(): Palette {
  return palette(wantsColour(process.stdout, process.env));
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Shows diagnostics on standard error, each with its line. */
export function showDiagnostics(
  diagnostics: readonly Diagnostic[],
  redact: (text: string) => string = (text) => text,
): void {
  const color = wantsColour(process.stderr, process.env);
  for (const each of diagnostics) complain(redact(formatDiagnostic(each, readSource, { color })));
}

/** Shows what ended a command, in a form for people; what is no known failure keeps its stack. */
export function showFailure(error: unknown, redact?: (text: string) => string): void {
  if (error instanceof DiagnosticError) showDiagnostics(error.diagnostics, redact);
  else if (error instanceof Error && isExpected(error)) complain(`ERROR: ${(redact ?? String)(error.message)}`);
  else
    complain(
      `ERROR: unexpected: ${(redact ?? String)(error instanceof Error ? (error.stack ?? error.message) : String(error))}`,
    );
}

/** Failures of the system and of programs, whose message says it all. */
function isExpected(error: Error): boolean {
  return (
    "code" in error || ["CommandError", "UsageError", "LabError", "HostError", "ScenarioError"].includes(error.name)
  );
}

/** A call that cannot be understood; exit code 5, as ansible-playbook's. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
