import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type Diagnostic, DiagnosticError } from "../source/diagnostic.ts";
import { decodeText } from "../source/text.ts";
import { type Ini, parseIni } from "./ini.ts";

/** The settings of Ansible that mean something here; each from ansible.cfg or its ANSIBLE_* variable, which wins. */
export interface Config {
  /** The ansible.cfg that was read. */
  readonly file?: string;
  readonly inventory?: readonly string[];
  readonly rolesPath?: readonly string[];
  readonly remoteUser?: string;
  readonly privateKeyFile?: string;
  readonly ansibleManaged?: string;
  readonly forks?: number;
  readonly timeout?: number;
  readonly hostKeyChecking?: boolean;
  readonly sshCommonArgs?: string;
  readonly sshExtraArgs?: string;
  readonly transport?: string;
  readonly strategy?: string;
  readonly gathering?: "implicit" | "explicit" | "smart";
  readonly vaultPasswordFile?: string;
  readonly vaultIdentityList?: readonly string[];
  readonly become?: boolean;
  readonly becomeMethod?: string;
  readonly becomeUser?: string;
  readonly becomePasswordFile?: string;
  readonly connectionPasswordFile?: string;
  readonly forceHandlers?: boolean;
  readonly enableTaskDebugger?: boolean;
  readonly displaySkippedHosts?: boolean;
  readonly showCustomStats?: boolean;
  readonly retryFiles?: boolean;
  readonly retryFilesPath?: string;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly verbosity?: number;
  readonly diff?: boolean;
  /** A name of Ansible's, or `json`, `ndjson`. */
  readonly stdoutCallback?: string;
  readonly logPath?: string;
  /** What was found wrong, for the caller to show as warnings. */
  readonly warnings: readonly string[];
}

/** Where each setting stands: section and key of the file, and the environment's names, the first that is set counts. */
const sources = {
  inventory: ["defaults", "inventory", "ANSIBLE_INVENTORY"],
  rolesPath: ["defaults", "roles_path", "ANSIBLE_ROLES_PATH"],
  remoteUser: ["defaults", "remote_user", "ANSIBLE_REMOTE_USER"],
  privateKeyFile: ["defaults", "private_key_file", "ANSIBLE_PRIVATE_KEY_FILE"],
  ansibleManaged: ["defaults", "ansible_managed", "ANSIBLE_MANAGED"],
  forks: ["defaults", "forks", "ANSIBLE_FORKS"],
  timeout: ["defaults", "timeout", "ANSIBLE_TIMEOUT"],
  hostKeyChecking: ["defaults", "host_key_checking", "ANSIBLE_HOST_KEY_CHECKING"],
  sshCommonArgs: ["ssh_connection", "ssh_common_args", "ANSIBLE_SSH_COMMON_ARGS"],
  sshExtraArgs: ["ssh_connection", "ssh_extra_args", "ANSIBLE_SSH_EXTRA_ARGS"],
  transport: ["defaults", "transport", "ANSIBLE_TRANSPORT"],
  strategy: ["defaults", "strategy", "ANSIBLE_STRATEGY"],
  gathering: ["defaults", "gathering", "ANSIBLE_GATHERING"],
  vaultPasswordFile: ["defaults", "vault_password_file", "ANSIBLE_VAULT_PASSWORD_FILE"],
  vaultIdentityList: ["defaults", "vault_identity_list", "ANSIBLE_VAULT_IDENTITY_LIST"],
  become: ["privilege_escalation", "become", "ANSIBLE_BECOME"],
  becomeMethod: ["privilege_escalation", "become_method", "ANSIBLE_BECOME_METHOD"],
  becomeUser: ["privilege_escalation", "become_user", "ANSIBLE_BECOME_USER"],
  becomePasswordFile: ["defaults", "become_password_file", "ANSIBLE_BECOME_PASSWORD_FILE"],
  connectionPasswordFile: ["defaults", "connection_password_file", "ANSIBLE_CONNECTION_PASSWORD_FILE"],
  forceHandlers: ["defaults", "force_handlers", "ANSIBLE_FORCE_HANDLERS"],
  enableTaskDebugger: ["defaults", "enable_task_debugger", "ANSIBLE_ENABLE_TASK_DEBUGGER"],
  displaySkippedHosts: ["defaults", "display_skipped_hosts", "ANSIBLE_DISPLAY_SKIPPED_HOSTS"],
  showCustomStats: ["defaults", "show_custom_stats", "ANSIBLE_SHOW_CUSTOM_STATS"],
  retryFiles: ["defaults", "retry_files_enabled", "ANSIBLE_RETRY_FILES_ENABLED"],
  retryFilesPath: ["defaults", "retry_files_save_path", "ANSIBLE_RETRY_FILES_SAVE_PATH"],
  tags: ["tags", "run", "ANSIBLE_RUN_TAGS"],
  skipTags: ["tags", "skip", "ANSIBLE_SKIP_TAGS"],
  verbosity: ["defaults", "verbosity", "ANSIBLE_VERBOSITY"],
  diff: ["diff", "always", "ANSIBLE_DIFF_ALWAYS"],
  stdoutCallback: ["defaults", "stdout_callback", "ANSIBLE_STDOUT_CALLBACK"],
  logPath: ["defaults", "log_path", "ANSIBLE_LOG_PATH"],
} as const satisfies { readonly [setting: string]: readonly [section: string, key: string, variable: string] };

type Setting = keyof typeof sources;

/** What can be asked for as a connection, and as a way to become another user. */
export const transports: readonly string[] = [
  "ssh",
  "openssh",
  "smart",
  "paramiko",
  "paramiko_ssh",
  "libssh",
  "local",
  "docker",
  "docker_api",
];
export const becomeMethods: readonly string[] = ["sudo", "su", "doas"];

/**
 * Reads the first of ANSIBLE_CONFIG, ./ansible.cfg, ~/.ansible.cfg, /etc/ansible/ansible.cfg, and the environment.
 * An ansible.cfg in a folder that everybody can write to is not read, as in Ansible.
 * @throws DiagnosticError `settings-syntax`, `settings-value`
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): Config {
  const warnings: string[] = [];
  const file = findConfig(env, cwd, warnings);
  const ini: Ini = file === undefined ? new Map() : parseIni(decodeText(readFileSync(file), file), file);
  const problems: Diagnostic[] = [];
  const base = file === undefined ? cwd : dirname(file);

  const raw = (setting: Setting): { text: string; fromFile: boolean } | undefined => {
    const [section, key, variable] = sources[setting];
    const set = env[variable];
    if (set !== undefined && set !== "") return { text: set, fromFile: false };
    const text = ini.get(section)?.get(key)?.text;
    return text === undefined || text === "" ? undefined : { text, fromFile: true };
  };
  /** Complains of a setting's value, where it stands. */
  const refuse = (setting: Setting, expected: string): undefined => {
    const [section, key, variable] = sources[setting];
    const found = raw(setting);
    const name = found?.fromFile ? key : variable;
    problems.push({
      code: "settings-value",
      severity: "error",
      summary: `'${name}' takes ${expected}, not '${found?.text}'`,
      at: found?.fromFile ? ini.get(section)?.get(key)?.at : undefined,
    });
    return undefined;
  };
  const text = (setting: Setting) => raw(setting)?.text;
  const path = (setting: Setting) => {
    const found = raw(setting);
    return found && absolute(found.text, found.fromFile ? base : cwd, env);
  };
  const paths = (setting: Setting, separator: RegExp) => {
    const found = raw(setting);
    return found?.text
      .split(separator)
      .filter((each) => each.trim() !== "")
      .map((each) => absolute(each.trim(), found.fromFile ? base : cwd, env));
  };
  const list = (setting: Setting) =>
    text(setting)
      ?.split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "");
  const bool = (setting: Setting) => {
    const found = text(setting)?.toLowerCase();
    if (found === undefined) return undefined;
    if (["1", "true", "yes", "on", "t", "y"].includes(found)) return true;
    if (["0", "false", "no", "off", "f", "n"].includes(found)) return false;
    return refuse(setting, "true or false");
  };
  const number = (setting: Setting) => {
    const found = text(setting);
    if (found === undefined) return undefined;
    return /^\d+$/.test(found) ? Number(found) : refuse(setting, "a number");
  };
  const choice = <T extends string>(setting: Setting, choices: readonly T[]): T | undefined => {
    const found = text(setting);
    if (found === undefined) return undefined;
    return choices.find((each) => each === found.split(".").at(-1)) ?? refuse(setting, `one of ${choices.join(", ")}`);
  };

  const config: Config = {
    ...(file === undefined ? {} : { file }),
    ...given({
      inventory: inventorySources(raw("inventory"), base, cwd, env),
      rolesPath: paths("rolesPath", /:/),
      remoteUser: text("remoteUser"),
      privateKeyFile: path("privateKeyFile"),
      ansibleManaged: text("ansibleManaged"),
      forks: number("forks"),
      timeout: number("timeout"),
      hostKeyChecking: bool("hostKeyChecking"),
      sshCommonArgs: text("sshCommonArgs"),
      sshExtraArgs: text("sshExtraArgs"),
      transport: choice("transport", transports),
      strategy: choice("strategy", ["linear", "free", "host_pinned", "debug"]),
      gathering: choice("gathering", ["implicit", "explicit", "smart"]),
      vaultPasswordFile: path("vaultPasswordFile"),
      vaultIdentityList: list("vaultIdentityList"),
      become: bool("become"),
      becomeMethod: choice("becomeMethod", becomeMethods),
      becomeUser: text("becomeUser"),
      becomePasswordFile: path("becomePasswordFile"),
      connectionPasswordFile: path("connectionPasswordFile"),
      forceHandlers: bool("forceHandlers"),
      enableTaskDebugger: bool("enableTaskDebugger"),
      displaySkippedHosts: bool("displaySkippedHosts"),
      showCustomStats: bool("showCustomStats"),
      retryFiles: bool("retryFiles"),
      retryFilesPath: path("retryFilesPath"),
      tags: list("tags"),
      skipTags: list("skipTags"),
      verbosity: number("verbosity"),
      diff: bool("diff"),
      stdoutCallback: text("stdoutCallback"),
      logPath: path("logPath"),
    }),
    warnings,
  };
  if (problems.length > 0) throw new DiagnosticError(problems);
  return config;
}

/** Leaves out what is not set. */
function given<T extends object>(settings: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [key: string]: unknown } = {};
  for (const [key, value] of Object.entries(settings)) if (value !== undefined) kept[key] = value;
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> }; // built from the same keys, without the undefined ones
}

function inventorySources(
  found: { text: string; fromFile: boolean } | undefined,
  base: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): string[] | undefined {
  if (!found) return undefined;
  if (found.text.endsWith(",")) return [found.text]; // a list of hosts
  return found.text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => absolute(each, found.fromFile ? base : cwd, env));
}

function findConfig(env: NodeJS.ProcessEnv, cwd: string, warnings: string[]): string | undefined {
  const named = env["ANSIBLE_CONFIG"];
  if (named) {
    const path = absolute(named, cwd, env);
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, "ansible.cfg") : path;
    return existsSync(file) ? file : undefined;
  }
  const here = join(cwd, "ansible.cfg");
  if (existsSync(here)) {
    if ((statSync(cwd).mode & 0o002) === 0) return here;
    warnings.push(`${here} is not read: everybody can write to its folder`);
  }
  const others = [join(env["HOME"] ?? "/", ".ansible.cfg"), "/etc/ansible/ansible.cfg"];
  return others.find((each) => existsSync(each));
}

function absolute(path: string, base: string, env: NodeJS.ProcessEnv): string {
  const expanded = path
    .replace("{{CWD}}", process.cwd())
    .replace(/^~(?=\/|$)/, env["HOME"] ?? "~")
    .replace(/\$\{?(\w+)\}?/g, (whole, name: string) => env[name] ?? whole);
  return isAbsolute(expanded) ? expanded : resolve(base, expanded);
}
