import type { EngineSettings } from "./engine.ts";
import type { Strategy } from "./schedule.ts";

/** What `swarm …` was asked to do. */
export type Command =
  | {
      readonly name: "manage";
      readonly discovery: string;
      readonly hosts: string[];
      readonly strategy: Strategy;
      readonly engine: EngineSettings;
    }
  | {
      readonly name: "join";
      readonly discovery: string;
      readonly address: string;
      readonly heartbeat: number;
      readonly ttl: number;
    }
  | { readonly name: "list"; readonly discovery: string }
  | { readonly name: "help" | "version" };

/** Reads the genuine program's options; those that mean nothing here are taken and ignored. @throws Error */
export function parseCommandLine(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const [name = "help", ...rest] = args.filter((arg) => arg !== "--debug" && arg !== "-D");
  if (["help", "--help", "-h"].includes(name)) return { name: "help" };
  if (["version", "--version", "-v"].includes(name)) return { name: "version" };
  const { options, words } = split(rest);
  const option = (key: string, ...others: string[]) => [key, ...others].flatMap((each) => options.get(each) ?? []);
  const last = (fallback: string, key: string) => option(key).at(-1) ?? fallback;
  const discovery = words[0] ?? env["SWARM_DISCOVERY"];
  if (discovery === undefined) throw new Error(`discovery required to ${name} a cluster. See 'swarm ${name} --help'.`);
  if (name === "list") return { name, discovery };
  if (name === "join") {
    const address = option("--addr", "--advertise").at(-1);
    if (address === undefined || !/^[^:]+:\d+$/.test(address)) {
      throw new Error("missing mandatory --advertise flag, or it is not of the form host:port");
    }
    const heartbeat = duration(last("60s", "--heartbeat"));
    const ttl = duration(last("180s", "--ttl"));
    if (ttl <= heartbeat) throw new Error("--ttl must be strictly superior to the heartbeat value");
    return { name, discovery, address, heartbeat, ttl };
  }
  if (name !== "manage") throw new Error(`No help topic for '${name}'`);
  const strategy = last("spread", "--strategy");
  if (strategy !== "spread" && strategy !== "binpack" && strategy !== "random") {
    throw new Error("strategy not supported");
  }
  const engine = {
    refreshMin: duration(last("30s", "--engine-refresh-min-interval")),
    refreshMax: duration(last("60s", "--engine-refresh-max-interval")),
    failureRetry: Number(last("3", "--engine-failure-retry")),
  };
  if (engine.refreshMin <= 0) throw new Error("min refresh interval should be a positive number");
  if (engine.refreshMax < engine.refreshMin)
    throw new Error("max refresh interval cannot be less than min refresh interval");
  if (!(engine.failureRetry > 0)) throw new Error("failure retry count should be a positive number");
  const hosts = option("--host", "-H");
  return { name, discovery, hosts: hosts.length > 0 ? hosts : [env["SWARM_HOST"] ?? ":2375"], strategy, engine };
}

const flags = ["--replication", "--api-enable-cors", "--cors", "--tls", "--tlsverify", "--experimental"];

function split(args: readonly string[]): { options: Map<string, string[]>; words: string[] } {
  const options = new Map<string, string[]>();
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (!arg.startsWith("-")) {
      words.push(arg);
      continue;
    }
    const [, long, inline] = /^(-[^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
    const key = (long ?? "").replace(/^-([a-z]{2})/, "--$1");
    if (flags.includes(key)) continue;
    const value = inline ?? args[++at] ?? "";
    options.set(key, [...(options.get(key) ?? []), value]);
  }
  return { options, words };
}

/** Go's durations: `1m30s`, `500ms`. @returns milliseconds. */
export function duration(source: string): number {
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...source.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== source) {
    throw new Error(`invalid duration ${source}`);
  }
  return parts.reduce((all, [, value, unit]) => all + Number(value) * (units[unit ?? ""] ?? 0), 0);
}

export function durationText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds >= 60 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${seconds}s`;
}
