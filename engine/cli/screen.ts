import { readFileSync } from "node:fs";
import { relative } from "node:path";
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
export function showDiagnostics(diagnostics: readonly Diagnostic[], redact: (text: string) => string = String): void {
  for (const each of diagnostics) complain(redact(withFrame(each)));
}

/** A diagnostic with its line, for standard error. Files below the working folder are named from there. */
export function withFrame(diagnostic: Diagnostic): string {
  const { at } = diagnostic;
  const shown = at ? { ...diagnostic, at: { ...at, file: fromHere(at.file) } } : diagnostic;
  return formatDiagnostic(shown, readSource, { color: wantsColour(process.stderr, process.env) });
}

function fromHere(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}

/** Shows what ended a command, in a form for people. What nobody foresaw is a bug of play, and said to be one. */
export function showFailure(error: unknown, redact: (text: string) => string = String): void {
  if (error instanceof DiagnosticError) showDiagnostics(error.diagnostics, redact);
  else if (error instanceof Error && isExpected(error)) complain(`[ERROR]: ${redact(error.message)}`);
  else {
    complain(redact(`[ERROR]: this is a bug of play: ${error instanceof Error ? error.message : String(error)}`));
    const stack = error instanceof Error && process.env["PLAY_DEBUG"] ? error.stack : undefined;
    complain(
      redact(stack ?? "  Set PLAY_DEBUG=1 to see where it happened, and report it with the files that show it."),
    );
  }
}

/** Failures of the system and of programs, whose message says it all. */
function isExpected(error: Error): boolean {
  return (
    isSystemError(error) ||
    ["CommandError", "UsageError", "LabError", "HostError", "ScenarioError"].includes(error.name)
  );
}

/** What the operating system refused: no such file, no space, no permission … */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

/** A call that cannot be understood; exit code 2, as ansible-playbook's. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** Why the operating system refused, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words: { readonly [code: string]: string } = {
    ENOENT: "there is no such file or folder",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
    ENOTDIR: "a part of its path is no folder",
    ENOEXEC: "it is no program",
    ENOSPC: "the disk is full",
    EROFS: "the file system is read-only",
  };
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
