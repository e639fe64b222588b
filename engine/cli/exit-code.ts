import { DiagnosticError } from "../source/diagnostic.ts";
import { isSystemError, UsageError } from "./screen.ts";

/** What a diagnostic's code means for the exit code, where it is not {@link BAD_FILES}. */
const codes: { readonly [code: string]: number } = {
  "playbook-missing": 1,
  "no-hosts-left": 1,
  "limit-file": 1,
  "host-pattern": 1,
  "password-file": 1,
  "vault-password": 1,
  "vault-format": 1,
  "extra-vars-file": 1,
  "unknown-callback": 1,
  "extra-vars-type": 5,
  "settings-syntax": 5,
  "settings-value": 5,
};

const BAD_FILES = 4;

/**
 * ansible-playbook's exit code for what ended a command: 1 for what is missing, 2 for a command line that cannot be
 * understood, 4 for playbooks and inventories that are wrong, 5 for settings, 250 for a bug.
 */
export function exitCodeFor(error: unknown): number {
  if (error instanceof UsageError) return 2;
  if (!(error instanceof DiagnosticError)) return isSystemError(error) ? 1 : 250;
  const [first] = error.diagnostics;
  return codes[first?.code ?? ""] ?? BAD_FILES;
}
