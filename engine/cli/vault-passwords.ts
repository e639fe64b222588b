import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import type { VaultPassword } from "../source/vault.ts";
import { askSecret } from "./prompt.ts";
import { UsageError } from "./screen.ts";

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
  if (password === undefined) throw new UsageError("a vault password is asked for, and there is no terminal to ask at");
  return password;
}

/** A file's text without its last line end; of an executable file what it prints. */
export function passwordFrom(file: string): string {
  const path = file.replace(/^~(?=\/)/, process.env["HOME"] ?? "~");
  if (executable(path)) {
    const outcome = spawnSync(path, [], { encoding: "utf8", stdio: ["inherit", "pipe", "inherit"] });
    if (outcome.status !== 0)
      throw new UsageError(`the password program ${file} ended with status ${outcome.status ?? outcome.signal}`);
    return outcome.stdout.replace(/\r?\n$/, "");
  }
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `the password file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const password = text.replace(/[\r\n]+$/, "");
  if (password === "") throw new UsageError(`the password file ${file} is empty`);
  return password;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
