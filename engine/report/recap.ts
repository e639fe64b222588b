import type { HostSummary } from "../run/events.ts";
import type { Palette } from "./colour.ts";

/**
 * The line of one host in the recap, to the character as Ansible writes it: scripts read it.
 * `unknown=N` is added after the known counts in check mode, where there is one.
 */
export function recapLine(host: string, summary: HostSummary, colours: Palette): string {
  const paint =
    summary.failed > 0 || summary.unreachable > 0 ? colours.failed : summary.changed > 0 ? colours.changed : colours.ok;
  const counts = [
    count("ok", summary.ok, colours.ok),
    count("changed", summary.changed, colours.changed),
    count("unreachable", summary.unreachable, colours.unreachable),
    count("failed", summary.failed, colours.failed),
    count("skipped", summary.skipped, colours.skipped),
    count("rescued", summary.rescued, colours.ok),
    count("ignored", summary.ignored, colours.changed),
    ...(summary.unknown > 0 ? [count("unknown", summary.unknown, colours.unknown)] : []),
  ];
  return `${paint(host)}${" ".repeat(Math.max(0, 26 - host.length))} : ${counts.join(" ")}`;
}

function count(name: string, number: number, paint: (text: string) => string): string {
  const text = `${name}=${String(number).padEnd(4)}`;
  return number > 0 ? paint(text) : text;
}
