import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { isVault, Vault } from "../source/vault.ts";
import { complaints } from "./complaints.ts";
import { say, showFailure, UsageError } from "./screen.ts";
import { type VaultOptions, vaultPasswords } from "./vault-passwords.ts";

/** `play vault …`: files and values in ansible-vault's format. */
export async function main(argv: string[]): Promise<number> {
  const program = new Command("play vault")
    .configureOutput(complaints)
    .description("encrypt and read files and values as ansible-vault does")
    .exitOverride();
  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option("--vault-password-file <file>", "where the password is")
      .option("--vault-id <id>", "LABEL@FILE, or LABEL@prompt; may be repeated", collect, [])
      .option("-J, --ask-vault-password", "ask for it");

  command("encrypt <files...>", "encrypt files in place").action(async (files: string[], options: VaultOptions) => {
    const vault = await openVault(options);
    for (const file of files) {
      const text = readFileSync(file);
      if (isVault(text)) throw new UsageError(`${file} is encrypted already`);
      replaceFile(file, vault.encrypt(text));
      say(`encrypted ${file}`);
    }
  });
  command("decrypt <files...>", "decrypt files in place").action(async (files: string[], options: VaultOptions) => {
    const vault = await openVault(options);
    for (const file of files) {
      replaceFile(file, vault.decryptBytes(readFileSync(file)));
      say(`decrypted ${file}`);
    }
  });
  command("view <files...>", "show decrypted files").action(async (files: string[], options: VaultOptions) => {
    const vault = await openVault(options);
    for (const file of files) process.stdout.write(vault.decryptBytes(readFileSync(file)));
  });
  command("edit <file>", "edit a decrypted copy with $EDITOR, then encrypt it again").action(
    async (file: string, options: VaultOptions) => {
      const vault = await openVault(options);
      const folder = mkdtempSync(join(tmpdir(), "play-vault-"));
      try {
        const copy = join(folder, "content");
        const before = vault.decryptBytes(readFileSync(file));
        writeFileSync(copy, before, { mode: 0o600 });
        const editor = process.env["EDITOR"] ?? "vi";
        const status = spawnSync("sh", ["-c", `${editor} "$1"`, "sh", copy], { stdio: "inherit" }).status;
        if (status !== 0) throw new UsageError(`${editor} ended with status ${status}: ${file} is as it was`);
        const after = readFileSync(copy);
        if (!after.equals(before)) replaceFile(file, vault.encrypt(after));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
  command("encrypt_string [text]", "a !vault value for a YAML file; the text from standard input where none is given")
    .option("-n, --name <name>", "the variable's name")
    .action(async (text: string | undefined, options: VaultOptions & { name?: string }) => {
      const vault = await openVault(options);
      const body = vault
        .encrypt(Buffer.from(text ?? readFileSync(0, "utf8")))
        .trimEnd()
        .split("\n")
        .map((line) => `  ${line}`)
        .join("\n");
      say(`${options.name === undefined ? "" : `${options.name}: `}!vault |\n${body}`);
    });

  try {
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    showFailure(error);
    return error instanceof UsageError ? 2 : 1;
  }
}

function collect(value: string, list: string[]): string[] {
  return [...list, value];
}

async function openVault(options: VaultOptions): Promise<Vault> {
  const passwords = await vaultPasswords(options);
  if (passwords.length === 0)
    throw new UsageError("no vault password: give --vault-password-file, --vault-id or --ask-vault-password");
  return new Vault(passwords);
}

/** Puts new content in a file's place at once, with the old one's permissions. */
function replaceFile(file: string, content: string | Buffer): void {
  const temporary = `${file}.play-${process.pid}`;
  writeFileSync(temporary, content, { mode: statSync(file).mode & 0o777 });
  renameSync(temporary, file);
}
