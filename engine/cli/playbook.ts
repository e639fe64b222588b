import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CommanderError } from "commander";
import type { Reporter } from "../run/events.ts";
import type { RunOptions } from "../run/options.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import { missingHint, nearestFile } from "../source/missing-file.ts";
import { nearest } from "../source/nearest.ts";
import { createSecrets, type Secrets } from "../source/secrets.ts";
import { Vault } from "../source/vault.ts";
import { becomeMethods, type Config, readConfig, transports } from "./config.ts";
import { exitCodeFor } from "./exit-code.ts";
import { type Flags, flagsOf, playbookCommand } from "./flags.ts";
import { interrupts } from "./interrupts.ts";
import { askAtTerminal, askSecret } from "./prompt.ts";
import { screenReporters } from "./reporters.ts";
import { complain, reasonOf, showFailure, UsageError } from "./screen.ts";
import { passwordFrom, vaultPasswords } from "./vault-passwords.ts";

/** `play PLAYBOOK…` @returns ansible-playbook's exit code */
export async function main(argv: string[]): Promise<number> {
  const command = playbookCommand();
  const secrets = createSecrets();
  try {
    command.parse(argv, { from: "user" });
    const flags = flagsOf(command);
    const playbooks = command.args.map(findPlaybook);
    if (playbooks.length === 0) throw new UsageError("a playbook is missing: play PLAYBOOK…; --help shows the flags");
    return await start(playbooks, flags, secrets);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    showFailure(error, secrets.redact);
    return exitCodeFor(error);
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
  const screen = screenReporters(flags.output ?? formOf(config.stdoutCallback), {
    verbosity,
    diff,
    redact: secrets.redact,
    showSkipped: config.displaySkippedHosts ?? true,
    showStats: config.showCustomStats ?? false,
    live: flags.live,
    showTimes: flags.times ?? process.stdout.isTTY === true,
    ...defined({ logPath: config.logPath }),
  });
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
      managed: config.ansibleManaged,
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
    debugFailures: config.enableTaskDebugger ?? false,
    prompt: (text, { echo, signal }) => screen.aside(() => askAtTerminal(text, echo, signal)),
    reporters: [...screen.reporters, ...(await fileReporters(flags))],
  };
}

/** Reports that go to files of their own. */
async function fileReporters(flags: Flags): Promise<Reporter[]> {
  const list: Reporter[] = [];
  const into = (flag: string, file: string) => {
    try {
      writeFileSync(file, ""); // now, not after the run
    } catch (error) {
      throw new UsageError(`${flag}: ${file} cannot be written: ${reasonOf(error)}`);
    }
    return (text: string) => appendFileSync(file, text);
  };
  const { junit, html } = flags;
  if (junit !== undefined) list.push((await import("../report/junit.ts")).junitReporter(into("--junit", junit)));
  if (html !== undefined) list.push((await import("../report/html.ts")).htmlReporter(into("--html", html)));
  return list;
}

const forms: readonly string[] = ["default", "json", "ndjson"];

/** Forms of Ansible's that only look different: its default stands for them. */
const looks: readonly string[] = ["yaml", "debug", "minimal", "oneline", "unixy", "dense", "skippy", "tree", "timer"];

/** The form of output that `stdout_callback` asks for. @throws DiagnosticError where nobody has it */
function formOf(callback: string | undefined): string {
  if (callback === undefined) return "default";
  const short = callback.split(".").at(-1) ?? callback;
  if (forms.includes(short)) return short;
  if (looks.includes(short)) {
    complain(`[WARNING]: play has no output '${callback}'; it shows the default's`);
    return "default";
  }
  const near = nearest(short, [...forms, ...looks]);
  throw new DiagnosticError({
    code: "unknown-callback",
    severity: "error",
    summary: `stdout_callback: there is no output '${callback}'`,
    hint: near ? `Did you mean '${near}'?` : `Outputs are: ${forms.join(", ")}.`,
  });
}

/** `site.yml` is looked for in the working folder, then in its playbooks/. */
function findPlaybook(name: string): string {
  const places = [name, join("playbooks", name)];
  const found = places.find((place) => existsSync(place));
  const fail = (summary: string, hint: string) =>
    new DiagnosticError({ code: "playbook-missing", severity: "error", summary, hint });
  if (found === undefined) {
    const near = nearestFile(name, places);
    throw fail(
      `there is no playbook ${name}, here or in playbooks/`,
      near ? `Did you mean '${near}'?` : "Give the path of a playbook.",
    );
  }
  if (statSync(found).isDirectory())
    throw fail(`${name} is a folder, not a playbook`, `Name a file: ${name}/site.yml.`);
  return found;
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
      const fail = (summary: string, hint: string) =>
        new DiagnosticError({ code: "limit-file", severity: "error", summary, hint });
      if (!existsSync(file)) throw fail(`--limit: there is no file ${file}`, missingHint(file, [resolve(file)]));
      const hosts = readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !line.startsWith("#"));
      if (hosts.length === 0) throw fail(`--limit: ${file} names no host`, "Leave --limit away to run on all hosts.");
      return hosts;
    })
    .join(",");
}

function refuse(flags: Flags): void {
  if (flags.modulePath !== undefined) {
    throw new UsageError(
      "--module-path: modules written in Python cannot run here; see docs/modules.md for writing one",
    );
  }
  const short = (name: string) => name.split(".").at(-1) ?? name;
  if (flags.connection !== undefined && !transports.includes(short(flags.connection))) {
    throw new UsageError(`--connection: "${flags.connection}" is not one of ssh, openssh, local, docker`);
  }
  if (flags.becomeMethod !== undefined && !becomeMethods.includes(short(flags.becomeMethod))) {
    throw new UsageError(`--become-method: "${flags.becomeMethod}" is not one of ${becomeMethods.join(", ")}`);
  }
  if (flags.output !== undefined && !forms.includes(flags.output)) {
    throw new UsageError(`--output: "${flags.output}" is not one of ${forms.join(", ")}`);
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

function optional<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function defined<T extends object>(settings: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [key: string]: unknown } = {};
  for (const [key, value] of Object.entries(settings)) if (value !== undefined) kept[key] = value;
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> }; // the same keys, without the undefined ones
}
