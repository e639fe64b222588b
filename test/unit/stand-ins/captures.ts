import { readFileSync } from "node:fs";
import { type Json, parse } from "../../lab/stand-ins/json.ts";

/** What the genuine programs answered (observed with swarm 1.2.9 and interlock 1.5 on two Debian 11 hosts). */
export function captured(name: string): string {
  return readFileSync(new URL(`captures/${name}`, import.meta.url), "utf8");
}

/** The body of a captured answer. */
export function capturedJson(name: string): Json {
  const text = captured(name);
  return parse(text.startsWith("HTTP/") ? text.slice(text.indexOf("\r\n\r\n") + 4) : text);
}
