import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DiagnosticError } from "../source/diagnostic.ts";
import type { VaultPassword } from "../source/vault.ts";
import { askSecret } from "./prompt.ts";
import { reasonOf } from "./screen.ts";

export interface VaultOptions {
  readonly vaultPasswordFile?: string | readonly string[];
  readonly vaultId?: readonly string[];
  readonly askVaultPassword?: boolean;
}

/** Collects the vault passwords that flags name: files, programs that print one, prompts. */
export async function vaultPasswords(options: VaultOptions): Promise<VaultPassword[]> {
  const passwords: VaultPassword[] = [];
  for (const id of options.vaultId ?? []) {
    const at = id.indexOf("@");
    const label = at < 0 ? "default" : id.slice(0, at);
    const source = at < 0 ? id : id.slice(at + 1);
    const password =
      source === "prompt" || source === "prompt_ask_vault_pass"
        ? await ask(`Vault password (${label}): `)
        : passwordFrom(source);
    passwords.push({ id: label, password });
  }
  const files = options.vaultPasswordFile === undefined ? [] : [options.vaultPasswordFile].flat();
  for (const file of files) passwords.push({ id: "default", password: passwordFrom(file) });
  if (options.askVaultPassword) passwords.push({ id: "default", password: await ask("Vault password: ") });
  return passwords;
}

async function ask(text: string): Promise<string> {
  const password = await askSecret(text);
  if (password === undefined) throw failure("a vault password is asked for, and there is no terminal to ask at");
  return password;
}

/**
 * A file's text without its last line end; of an executable file what it prints.
 * @throws DiagnosticError `password-file`
 */
export function passwordFrom(file: string): string {
  const path = resolve(file.replace(/^~(?=\/)/, process.env["HOME"] ?? "~"));
  try {
    if (statSync(path).isDirectory()) throw failure(`the password file ${file} is a folder`);
    if (executable(path)) return printedBy(path, file);
    const password = readFileSync(path, "utf8").replace(/[\r\n]+$/, "");
    if (password === "") throw failure(`the password file ${file} is empty`);
    return password;
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    throw failure(`the password file ${file} cannot be read: ${reasonOf(error)}`);
  }
}

function printedBy(path: string, file: string): string {
  const { error, status, signal, stdout } = spawnSync(path, [], {
    encoding: "utf8",
    stdio: ["inherit", "pipe", "inherit"],
  });
  if (error) {
    const missing = "code" in error && error.code === "ENOENT";
    const why = missing ? "its interpreter, in the first line, is not there" : reasonOf(error);
    throw failure(
      `the password program ${file} cannot be run: ${why}`,
      "A file with only a password must not be executable.",
    );
  }
  if (status !== 0)
    throw failure(`the password program ${file} ended with ${status === null ? signal : `status ${status}`}`);
  return stdout.replace(/\r?\n$/, "");
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function failure(summary: string, hint?: string): DiagnosticError {
  return new DiagnosticError({ code: "password-file", severity: "error", summary, hint });
}
