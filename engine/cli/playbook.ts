import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CommanderError } from "commander";
import type { Reporter } from "../run/events.ts";
import type { RunOptions } from "../run/options.ts";
import { createSecrets, type Secrets } from "../source/secrets.ts";
import { Vault } from "../source/vault.ts";
import { type Config, readConfig } from "./config.ts";
import { type Flags, flagsOf, playbookCommand } from "./flags.ts";
import { interrupts } from "./interrupts.ts";
import { askAtTerminal, askSecret } from "./prompt.ts";
import { screenReporters } from "./reporters.ts";
import { complain, showFailure, UsageError } from "./screen.ts";
import { passwordFrom, vaultPasswords } from "./vault-passwords.ts";

/** `play PLAYBOOK…` @returns ansible-playbook's exit code */
export async function main(argv: string[]): Promise<number> {
  const command = playbookCommand();
  const secrets = createSecrets();
  try {
    command.parse(argv, { from: "user" });
    const flags = flagsOf(command);
    const playbooks = command.args.map(findPlaybook);
    if (playbooks.length === 0) {
      command.outputHelp();
      return 5;
    }
    return await start(playbooks, flags, secrets);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 5;
    showFailure(error, secrets.redact);
    return exitCode(error);
  }
}

async function start(playbooks: readonly string[], flags: Flags, secrets: Secrets): Promise<number> {
  const config = readConfig();
  for (const warning of config.warnings) complain(`[WARNING]: ${warning}`);
  refuse(flags);
  const options = await runOptions(playbooks, flags, config, secrets);
  if (flags.listHosts || flags.listTasks || flags.listTags || flags.syntaxCheck) {
    const { list } = await import("./listing.ts");
    return list(options, flags);
  }
  const { run } = await import("../run/run.ts");
  const signals = interrupts();
  try {
    const result = await run({ ...options, interrupt: signals.interrupt, cut: signals.cut });
    if (config.retryFiles) writeRetryFile(playbooks[0] ?? "", config, result.hosts);
    return result.exitCode;
  } finally {
    signals.release();
    for (const reporter of options.reporters) await reporter.end?.();
  }
}

async function runOptions(
  playbooks: readonly string[],
  flags: Flags,
  config: Config,
  secrets: Secrets,
): Promise<RunOptions> {
  const { parseExtraVars } = await import("../vars/extra-vars.ts");
  const passwords = await vaultPasswords({
    vaultId: [...flags.vaultId, ...(config.vaultIdentityList ?? [])],
    vaultPasswordFile:
      flags.vaultPasswordFile.length > 0 ? flags.vaultPasswordFile : optional(config.vaultPasswordFile),
    ...(flags.askVaultPassword ? { askVaultPassword: true } : {}),
  });
  for (const { password } of passwords) secrets.add(password.toString());
  const vault = new Vault(passwords);
  vault.onDecrypt(secrets.addDecrypted);
  const verbosity = flags.verbosity || (config.verbosity ?? 0);
  const diff = flags.diff ?? config.diff ?? false;
  const password = await loginPassword(flags, config, secrets);
  const becomePassword = await becomePasswordOf(flags, config, secrets, password);
  return {
    playbooks,
    inventory: flags.inventory ?? config.inventory ?? defaultInventory(),
    vault,
    secrets,
    extraVars: parseExtraVars(flags.extraVars, vault),
    tags: flags.tags.length > 0 ? flags.tags : (config.tags ?? []),
    skipTags: flags.skipTags.length > 0 ? flags.skipTags : (config.skipTags ?? []),
    check: flags.check ?? false,
    diff,
    forks: flags.forks ?? config.forks ?? 5,
    step: flags.step ?? false,
    forceHandlers: flags.forceHandlers ?? config.forceHandlers ?? false,
    strict: flags.strict ?? false,
    readAhead: flags.readAhead,
    verbosity,
    ...defined({
      limit: flags.limit === undefined ? undefined : limitOf(flags.limit),
      startAtTask: flags.startAtTask,
      rolesPath: config.rolesPath,
      gathering: config.gathering,
      strategy: config.strategy,
      configFile: config.file,
    }),
    connection: defined({
      transport: flags.connection ?? config.transport,
      user: flags.user ?? config.remoteUser,
      password,
      privateKeyFile: flags.privateKey ?? config.privateKeyFile,
      timeout: flags.timeout ?? config.timeout,
      sshCommonArgs: flags.sshCommonArgs ?? config.sshCommonArgs,
      sshExtraArgs: flags.sshExtraArgs ?? config.sshExtraArgs,
      hostKeyChecking: config.hostKeyChecking,
      become: flags.become ?? config.become,
      becomeMethod: flags.becomeMethod ?? config.becomeMethod,
      becomeUser: flags.becomeUser ?? config.becomeUser,
      becomePassword,
    }),
    prompt: (text, { echo, signal }) => askAtTerminal(text, echo, signal),
    reporters: await reporters(flags, config, { verbosity, diff }),
  };
}

async function reporters(
  flags: Flags,
  config: Config,
  how: { readonly verbosity: number; readonly diff: boolean },
): Promise<Reporter[]> {
  const form = flags.output ?? process.env["PLAY_OUTPUT"] ?? config.stdoutCallback ?? "default";
  const list = await screenReporters(form, {
    ...how,
    showSkipped: config.displaySkippedHosts ?? true,
    live: flags.live,
    showTimes: flags.times ?? false,
    ...defined({ logPath: config.logPath }),
  });
  if (flags.junit !== undefined) {
    const { junitReporter } = await import("../report/junit.ts");
    const file = flags.junit;
    writeFileSync(file, ""); // fails now, not after the run, where it cannot be written
    list.push(junitReporter((text) => appendFileSync(file, text)));
  }
  return list;
}

/** `site.yml` is looked for in the working folder, then in its playbooks/. */
function findPlaybook(name: string): string {
  if (existsSync(name)) return name;
  const beside = join("playbooks", name);
  if (existsSync(beside)) return beside;
  throw new UsageError(`there is no playbook ${name}, here or in playbooks/`);
}

function defaultInventory(): string[] {
  return existsSync("/etc/ansible/hosts") ? ["/etc/ansible/hosts"] : [];
}

/** `@FILE` holds patterns, one a line. */
function limitOf(limit: string): string {
  return limit
    .split(",")
    .flatMap((part) => {
      if (!part.startsWith("@")) return [part];
      const file = part.slice(1);
      if (!existsSync(file)) throw new UsageError(`--limit: there is no file ${file}`);
      return readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !line.startsWith("#"));
    })
    .join(",");
}

function refuse(flags: Flags): void {
  if (flags.modulePath !== undefined) {
    throw new UsageError(
      "--module-path: modules written in Python cannot run here; see docs/modules.md for writing one",
    );
  }
  if (
    flags.connection !== undefined &&
    !["ssh", "openssh", "smart", "paramiko", "local", "docker"].includes(flags.connection)
  ) {
    throw new UsageError(`--connection: "${flags.connection}" is not one of ssh, openssh, local, docker`);
  }
  if (flags.output !== undefined && !["default", "json", "ndjson"].includes(flags.output)) {
    throw new UsageError(`--output: "${flags.output}" is not one of default, json, ndjson`);
  }
}

async function loginPassword(flags: Flags, config: Config, secrets: Secrets): Promise<string | undefined> {
  const file = flags.connectionPasswordFile ?? config.connectionPasswordFile;
  const password = flags.askPass ? await demand("SSH password: ") : file === undefined ? undefined : passwordFrom(file);
  if (password) secrets.add(password);
  return password;
}

async function becomePasswordOf(
  flags: Flags,
  config: Config,
  secrets: Secrets,
  login: string | undefined,
): Promise<string | undefined> {
  const file = flags.becomePasswordFile ?? config.becomePasswordFile;
  let password = file === undefined ? undefined : passwordFrom(file);
  if (flags.askBecomePass) {
    const typed = await demand(
      login === undefined ? "BECOME password: " : "BECOME password[defaults to SSH password]: ",
    );
    password = typed === "" ? login : typed;
  }
  if (password) secrets.add(password);
  return password;
}

async function demand(text: string): Promise<string> {
  const answer = await askSecret(text);
  if (answer === undefined)
    throw new UsageError(`${text.replace(/: $/, "")} is asked for, and there is no terminal to ask at`);
  return answer;
}

/** Failed hosts, for `--limit @site.retry`. */
function writeRetryFile(
  playbook: string,
  config: Config,
  hosts: { readonly [host: string]: { failed: number; unreachable: number } },
): void {
  const bad = Object.keys(hosts).filter(
    (host) => (hosts[host]?.failed ?? 0) > 0 || (hosts[host]?.unreachable ?? 0) > 0,
  );
  if (bad.length === 0) return;
  const name = `${basename(playbook).replace(/\.[^.]+$/, "")}.retry`;
  const file = join(config.retryFilesPath ?? dirname(playbook), name);
  writeFileSync(file, `${bad.join("\n")}\n`);
  complain(`\tto retry, use: --limit @${file}`);
}

function exitCode(error: unknown): number {
  if (error instanceof UsageError) return 5;
  if (!(error instanceof Error) || !("diagnostics" in error)) return 250;
  return 4; // as ansible-playbook where the files are wrong
}

function optional<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function defined<T extends object>(settings: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [key: string]: unknown } = {};
  for (const [key, value] of Object.entries(settings)) if (value !== undefined) kept[key] = value;
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> }; // the same keys, without the undefined ones
}
