import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import SSHConfig from "ssh-config";
import type { Target } from "./contract.ts";
import { parseSshArguments, type SshOptions } from "./ssh-arguments.ts";

/** All that is needed to reach one SSH server; target, arguments and configuration files together. */
export interface SshDestination {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The name under which its key is looked up. */
  readonly hostKeyAlias: string | undefined;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly agent: string | undefined;
  readonly knownHostsFiles: readonly string[];
  readonly checking: "strict" | "accept-new" | "off";
  /** Hops on the way, outermost first, as `[user@]host[:port]`. */
  readonly jumps: readonly string[];
  readonly proxyCommand: string | undefined;
}

const DEFAULT_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** What ansible's variables say comes first, then `sshArguments`, then the files (through `ssh -G` where it is). */
export async function sshDestination(target: Target): Promise<SshDestination> {
  const { options: given, configFile } = parseSshArguments(target.sshArguments ?? "");
  const filed = await fromFiles(target.address, configFile, target.user ?? given["user"]?.[0]);
  const first = (key: string): string | undefined => given[key]?.[0] ?? filed[key]?.[0];
  const list = (key: string): string[] => (first(key) ?? "").split(/\s+/).filter((word) => word !== "");

  const host = first("hostname") ?? target.address;
  const port = target.port ?? Number(first("port") ?? 22);
  const user = target.user ?? first("user") ?? userInfo().username;
  const expand = (path: string): string =>
    home(path).replace(/%([%hrupdn])/g, (_, letter: string) => {
      const tokens: { [letter: string]: string } = {
        "%": "%",
        h: host,
        n: target.address,
        r: user,
        u: userInfo().username,
        p: String(port),
        d: homedir(),
      };
      return tokens[letter] ?? "";
    });
  const jump = first("proxyjump");
  const command = first("proxycommand");
  const agent = first("identityagent");
  const identities = [...(given["identityfile"] ?? []), ...(filed["identityfile"] ?? [])].map(expand);
  const defaults = DEFAULT_KEYS.map((name) => join(homedir(), ".ssh", name));
  const own = list("userknownhostsfile").map(expand);
  const machine = list("globalknownhostsfile").map(expand);
  return {
    host,
    port,
    user,
    hostKeyAlias: first("hostkeyalias"),
    identityFiles: [
      ...new Set([
        ...(target.privateKeyFile === undefined ? [] : [home(target.privateKeyFile)]),
        ...(identities.length > 0 ? identities : defaults),
      ]),
    ],
    identitiesOnly: first("identitiesonly") === "yes",
    agent:
      agent === "none" ? undefined : agent && agent !== "SSH_AUTH_SOCK" ? expand(agent) : process.env["SSH_AUTH_SOCK"],
    knownHostsFiles: [
      ...(own.length > 0 ? own : [join(homedir(), ".ssh/known_hosts"), join(homedir(), ".ssh/known_hosts2")]),
      ...(machine.length > 0 ? machine : ["/etc/ssh/ssh_known_hosts"]),
    ].filter((file) => file !== "none"),
    checking: checking(target, first("stricthostkeychecking")),
    jumps: jump === undefined || jump === "none" ? [] : jump.split(",").map((hop) => hop.trim()),
    proxyCommand: command === undefined || command === "none" ? undefined : expand(command),
  };
}

function checking(target: Target, setting: string | undefined): SshDestination["checking"] {
  if (!target.hostKeyChecking || setting === "no" || setting === "off" || setting === "false") return "off";
  return setting === "accept-new" ? "accept-new" : "strict";
}

function home(path: string): string {
  return path.replace(/^~(?=\/|$)/, homedir());
}

const USER_CONFIG = join(homedir(), ".ssh/config");
const MACHINE_CONFIG = "/etc/ssh/ssh_config";
const answers = new Map<string, Promise<SshOptions>>();

/** `ssh -G` evaluates Include and Match; it is asked only where a user has a configuration. */
function fromFiles(host: string, configFile: string | undefined, user: string | undefined): Promise<SshOptions> {
  if (configFile === "none") return Promise.resolve({});
  if (configFile === undefined && !existsSync(USER_CONFIG)) return Promise.resolve(parsed(MACHINE_CONFIG, host));
  const words = [
    ...(configFile === undefined ? [] : ["-F", configFile]),
    ...(user === undefined ? [] : ["-l", user]),
    ...["-G", "--", host],
  ];
  const key = words.join("\0");
  const kept = answers.get(key);
  if (kept) return kept;
  const answer = new Promise<SshOptions>((resolve) => {
    execFile("ssh", words, (error, stdout) => {
      resolve(error ? parsed(configFile ?? USER_CONFIG, host) : parseSettings(stdout));
    });
  });
  answers.set(key, answer);
  return answer;
}

/** The output of `ssh -G`. Its default key files are left out: they are tried anyway, if nothing else is named. */
export function parseSettings(text: string): SshOptions {
  const options: { [key: string]: string[] } = {};
  for (const line of text.split("\n")) {
    const [, key, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    if (key === "identityfile" && /^~\/\.ssh\/id_(rsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss|dsa)$/.test(value))
      continue;
    options[key] ??= [];
    options[key].push(value);
  }
  return options;
}

function parsed(file: string, host: string): SshOptions {
  if (!existsSync(file)) return {};
  const options: { [key: string]: string[] } = {};
  const settings = SSHConfig.parse(readFileSync(file, "utf8")).compute(host);
  for (const [key, value] of Object.entries(settings)) {
    options[key.toLowerCase()] = (Array.isArray(value) ? value : [value]).map(String);
  }
  return options;
}
