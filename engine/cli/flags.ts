import { Command, InvalidArgumentError, Option } from "commander";
import { complaints } from "./complaints.ts";
import { version } from "./version.ts";

/** What the flags of `play PLAYBOOK…` were. Names are those of ansible-playbook. */
export interface Flags {
  readonly inventory?: readonly string[];
  readonly limit?: string;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly startAtTask?: string;
  readonly step?: boolean;
  readonly listHosts?: boolean;
  readonly listTasks?: boolean;
  readonly listTags?: boolean;
  readonly syntaxCheck?: boolean;
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly forks?: number;
  readonly extraVars: readonly string[];
  readonly forceHandlers?: boolean;
  readonly flushCache?: boolean;
  readonly modulePath?: string;
  readonly privateKey?: string;
  readonly user?: string;
  readonly connection?: string;
  readonly timeout?: number;
  readonly sshCommonArgs?: string;
  readonly sshExtraArgs?: string;
  readonly sftpExtraArgs?: string;
  readonly scpExtraArgs?: string;
  readonly askPass?: boolean;
  readonly connectionPasswordFile?: string;
  readonly become?: boolean;
  readonly becomeMethod?: string;
  readonly becomeUser?: string;
  readonly askBecomePass?: boolean;
  readonly becomePasswordFile?: string;
  readonly vaultId: readonly string[];
  readonly askVaultPassword?: boolean;
  readonly vaultPasswordFile: readonly string[];
  readonly verbosity: number;
  readonly output?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly strict?: boolean;
  readonly readAhead: boolean;
  readonly live: boolean;
  readonly times?: boolean;
}

/** The command line of `play PLAYBOOK…`: ansible-playbook's flags, and after them those that only play has. */
export function playbookCommand(): Command {
  const many = (value: string, list: readonly string[] | undefined) => [...(list ?? []), value];
  const commas = (value: string, list: readonly string[] | undefined) => [
    ...(list ?? []),
    ...value
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== ""),
  ];
  const number = (value: string) => {
    if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError("It takes a number above 0.");
    return Number(value);
  };
  const alias = (flags: string) => new Option(flags).hideHelp();

  return new Command("play")
    .usage("[options] PLAYBOOK…")
    .argument("[playbooks...]")
    .description(
      "Brings hosts to the state that playbooks declare.\n\nOther commands: play lab, demo, doc, test, vault (each with --help).",
    )
    .version(version)
    .option("-i, --inventory <source>", "a file, a folder, a program or `host,`; may be repeated", many)
    .addOption(alias("--inventory-file <source>").argParser(many))
    .option("-l, --limit <pattern>", "only these hosts; @FILE reads them from a file")
    .option("-t, --tags <tags>", "only what is tagged so", commas, [])
    .option("--skip-tags <tags>", "all but what is tagged so", commas, [])
    .option("--start-at-task <name>", "begin with this task")
    .option("--step", "ask before every task")
    .option("--list-hosts", "show the hosts; contact none")
    .option("--list-tasks", "show the tasks; contact no host")
    .option("--list-tags", "show the tags; contact no host")
    .option("--syntax-check", "check the files; contact no host")
    .option("-C, --check", "predict, change nothing")
    .option("-D, --diff", "show what changes in files")
    .option("-f, --forks <number>", "how many hosts are worked on at once (5)", number)
    .option("-e, --extra-vars <vars>", "k=v, JSON, YAML or @FILE; may be repeated", many, [])
    .option("--force-handlers", "run notified handlers on hosts that failed")
    .option("--flush-cache", "accepted: facts are never kept between runs")
    .option("-M, --module-path <path>", "refused: modules of Python cannot run here")
    .option("--private-key <file>", "the key to log in with")
    .addOption(alias("--key-file <file>"))
    .option("-u, --user <name>", "log in as")
    .option("-c, --connection <kind>", "ssh, openssh, local or docker")
    .option("-T, --timeout <seconds>", "for a connection to be made (10)", number)
    .option("--ssh-common-args <args>", "options for ssh, in its own words")
    .option("--ssh-extra-args <args>", "more of them")
    .addOption(alias("--sftp-extra-args <args>"))
    .addOption(alias("--scp-extra-args <args>"))
    .option("-k, --ask-pass", "ask for the login password")
    .option("--connection-password-file <file>", "the login password")
    .addOption(alias("--conn-pass-file <file>"))
    .option("-b, --become", "run as another user")
    .option("--become-method <method>", "sudo, su or doas")
    .option("--become-user <name>", "as whom (root)")
    .option("-K, --ask-become-pass", "ask for that password")
    .option("--become-password-file <file>", "that password")
    .addOption(alias("--become-pass-file <file>"))
    .option("--vault-id <id>", "LABEL@FILE or LABEL@prompt; may be repeated", many, [])
    .option("-J, --ask-vault-password", "ask for the vault password")
    .addOption(alias("--ask-vault-pass"))
    .option("--vault-password-file <file>", "the vault password; may be repeated", many, [])
    .addOption(alias("--vault-pass-file <file>").argParser(many))
    .option("-v, --verbose", "say more; up to -vvv", (_: string, count: number) => count + 1, 0)
    .option("--output <form>", "default, json or ndjson")
    .option("--junit <file>", "write JUnit's XML as well")
    .option("--html <file>", "write a page with a timeline of the run as well")
    .option("--strict", "what would be a warning of the files is an error")
    .option(
      "--times",
      "after the recap, also where there is no terminal: time per host and role, and the slowest tasks",
    )
    .option("--no-read-ahead", "look at one task after the other")
    .option("--no-live", "no live window on a terminal")
    .configureOutput(complaints)
    .exitOverride();
}

/** The parsed command line as {@link Flags}: aliases under their main names. */
export function flagsOf(command: Command): Flags {
  const given = command.opts<{ [name: string]: unknown }>();
  const aliases: readonly (readonly [string, string])[] = [
    ["inventoryFile", "inventory"],
    ["keyFile", "privateKey"],
    ["connPassFile", "connectionPasswordFile"],
    ["becomePassFile", "becomePasswordFile"],
    ["askVaultPass", "askVaultPassword"],
    ["vaultPassFile", "vaultPasswordFile"],
    ["verbose", "verbosity"],
  ];
  const flags: { [name: string]: unknown } = { ...given };
  for (const [alias, name] of aliases) {
    if (flags[alias] === undefined) continue;
    const own = flags[name];
    flags[name] = Array.isArray(own) && Array.isArray(flags[alias]) ? [...own, ...flags[alias]] : flags[alias];
    delete flags[alias];
  }
  return flags as unknown as Flags; // commander's definitions above give exactly these names and types
}
