import picomatch from "picomatch";
import { DiagnosticError } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import type { HostInventory } from "./inventory.ts";

/** Names that mean the controller itself where no inventory names them. */
const localNames: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * Resolves a host pattern: parts joined by `,` or `:`; `!x` takes away, `&x` keeps only what is in both; globs, `~re`,
 * `group[0]`, `group[1:3]`. As in Ansible, unions come first, then intersections, then exclusions.
 * @returns the hosts in the order in which the parts bring them, and parts that match nothing
 */
export function matchPattern(
  inventory: HostInventory,
  pattern: string,
  limit?: string,
): { readonly hosts: readonly string[]; readonly unmatched: readonly string[] } {
  const unmatched: string[] = [];
  let hosts = evaluate(inventory, pattern, unmatched);
  if (limit !== undefined && limit !== "") {
    const allowed = new Set(evaluate(inventory, limit, unmatched));
    hosts = hosts.filter((host) => allowed.has(host));
  }
  return { hosts, unmatched };
}

/**
 * That a limit leaves hosts to work on.
 * @throws DiagnosticError `no-hosts-left`, as a misspelt limit would otherwise succeed by doing nothing
 */
export function requireHosts(inventory: Pick<HostInventory, "match" | "hosts" | "groups">, limit?: string): void {
  if (limit === undefined || inventory.match("all").hosts.length === 0) return;
  const { hosts, unmatched } = inventory.match("all", limit);
  if (hosts.length > 0) return;
  const near = unmatched.map((part) => nearestTo(part, inventory)).find((each) => each !== undefined);
  throw new DiagnosticError({
    code: "no-hosts-left",
    severity: "error",
    summary: `--limit ${limit} leaves no host`,
    hint: near ? `Did you mean '${near}'?` : "--list-hosts without --limit shows all hosts.",
  });
}

/** The group or host that a part of a pattern probably means. */
export function nearestTo(part: string, inventory: Pick<HostInventory, "hosts" | "groups">): string | undefined {
  return nearest(part.replace(/^[!&]/, ""), [...inventory.groups.keys(), ...inventory.hosts.keys()]);
}

function evaluate(inventory: HostInventory, pattern: string, unmatched: string[]): string[] {
  const parts = splitPattern(pattern);
  const unions = parts.filter((part) => !part.startsWith("!") && !part.startsWith("&"));
  const intersections = parts.filter((part) => part.startsWith("&"));
  const exclusions = parts.filter((part) => part.startsWith("!"));
  const found = new Set<string>();
  for (const part of unions.length > 0 ? unions : ["all"]) {
    const hosts = one(inventory, part);
    if (hosts.length === 0 && part !== "all" && part !== "*") unmatched.push(part);
    for (const host of hosts) found.add(host);
  }
  let hosts = [...found];
  for (const part of intersections) {
    const keep = new Set(one(inventory, part.slice(1)));
    hosts = hosts.filter((host) => keep.has(host));
  }
  for (const part of exclusions) {
    const drop = new Set(one(inventory, part.slice(1)));
    hosts = hosts.filter((host) => !drop.has(host));
  }
  return hosts;
}

/** Splits at commas; without any, at colons, but not those of `[1:3]`, of an IPv6 address or of a regular expression. */
export function splitPattern(pattern: string): string[] {
  const parts = pattern.includes(",")
    ? pattern.split(",")
    : isAddress(pattern) || pattern.startsWith("~")
      ? [pattern]
      : splitColons(pattern);
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function splitColons(pattern: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let current = "";
  for (const char of pattern) {
    if (char === "[") depth++;
    if (char === "]") depth--;
    if (char === ":" && depth === 0) {
      parts.push(current);
      current = "";
    } else current += char;
  }
  return [...parts, current];
}

function isAddress(text: string): boolean {
  return /^[0-9a-f:]*::[0-9a-f:.]*$/i.test(text) || /^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$/i.test(text);
}

function one(inventory: HostInventory, part: string): string[] {
  const subscript = /^(.+)\[(-?\d*)(?:(:|-)(-?\d*))?\]$/.exec(part);
  if (
    subscript?.[1] !== undefined &&
    !part.startsWith("~") &&
    !/[*?]/.test(subscript[0].slice(subscript[1].length + 1, -1))
  ) {
    return slice(named(inventory, subscript[1]), subscript[2] ?? "", subscript[3], subscript[4] ?? "", part);
  }
  return named(inventory, part);
}

/** `[0]`, `[-1]`, `[1:3]` (the end counts, as in Ansible), `[2:]`. */
function slice(hosts: readonly string[], from: string, colon: string | undefined, to: string, part: string): string[] {
  if (colon === undefined) {
    const index = Number(from);
    const host = hosts.at(index);
    if (from === "" || host === undefined) return [];
    return [host];
  }
  const start = from === "" ? 0 : Number(from);
  const end = to === "" ? hosts.length - 1 : Number(to);
  if (Number.isNaN(start) || Number.isNaN(end)) throw patternError(part);
  return hosts.slice(start, end === -1 ? undefined : end + 1);
}

function named(inventory: HostInventory, part: string): string[] {
  if (part === "all" || part === "*") return inventory.hostsOf("all");
  const matches = matcher(part);
  const found = new Set<string>();
  for (const group of inventory.groups.keys())
    if (matches(group)) for (const host of inventory.hostsOf(group)) found.add(host);
  // As in Ansible: a name that is a group's is not looked for among hosts, a pattern is.
  if (found.size === 0 || /[.?*[~]/.test(part)) {
    for (const [name, host] of inventory.hosts) if (!host.implicit && matches(name)) found.add(name);
  }
  if (found.size === 0 && localNames.has(part)) return [inventory.implicitLocalhost(part).name];
  return [...found];
}

function matcher(part: string): (name: string) => boolean {
  if (part.startsWith("~")) {
    try {
      const expression = new RegExp(`^(?:${part.slice(1)})`);
      return (name) => expression.test(name);
    } catch {
      throw patternError(part);
    }
  }
  if (!/[*?[]/.test(part)) return (name) => name === part;
  const glob = picomatch(part, { dot: true, nobrace: true, noextglob: true, noglobstar: true, bash: true });
  return (name) => glob(name);
}

function patternError(part: string): DiagnosticError {
  return new DiagnosticError({
    code: "host-pattern",
    severity: "error",
    summary: `"${part}" is not a valid host pattern`,
    hint: "After ~ stands a regular expression; [1:3] takes numbers.",
  });
}
