import { DiagnosticError, type Position } from "../source/diagnostic.ts";
import { dict } from "../source/value.ts";
import type { HostInventory } from "./inventory.ts";
import { readLiteral } from "./literal.ts";
import { expandRange } from "./range.ts";

/** Reads Ansible's INI inventories: hosts with `k=v`, `[group]`, `[group:children]`, `[group:vars]`. */
export function readIni(text: string, file: string, inventory: HostInventory): void {
  let group = "ungrouped";
  let kind: "hosts" | "children" | "vars" = "hosts";
  const awaited = new Map<string, Position>();
  text.split(/\r?\n/).forEach((raw, index) => {
    const at: Position = { file, line: index + 1, column: raw.length - raw.trimStart().length + 1 };
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) return;
    if (line.startsWith("[")) {
      const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?$/.exec(line);
      if (section?.[1] === undefined)
        throw failure(`"${line}" is not a section`, at, "A section is [group], [group:children] or [group:vars].");
      const suffix = section[2] ?? "hosts";
      if (suffix !== "hosts" && suffix !== "children" && suffix !== "vars") {
        throw failure(
          `[${section[1]}:${suffix}] is not a kind of section`,
          at,
          "After the colon stands children or vars.",
        );
      }
      [group, kind] = [section[1], suffix];
      if (kind === "vars") {
        if (!inventory.groups.has(group)) awaited.set(group, at);
      } else awaited.delete(group);
      inventory.group(group);
      return;
    }
    if (kind === "vars") {
      const equals = line.indexOf("=");
      if (equals < 1) throw failure(`"${line}" is not name=value`, at, "In [group:vars] every line is name=value.");
      inventory.setGroupVariable(group, line.slice(0, equals).trim(), readLiteral(line.slice(equals + 1).trim()));
    } else if (kind === "children") {
      const child = line.replace(/\s+[#;].*$/, "");
      if (!inventory.groups.has(child)) awaited.set(child, at);
      if (!inventory.child(group, child)) throw failure(`group ${child} would be its own ancestor`, at);
    } else readHost(line, at, group, inventory);
  });
  for (const [name, at] of awaited) {
    throw failure(`there is no group "${name}"`, at, `Declare it with [${name}], even if it is empty.`);
  }
}

function readHost(line: string, at: Position, group: string, inventory: HostInventory): void {
  const [first = "", ...pairs] = shellWords(line, at);
  const variables = dict();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals < 1)
      throw failure(
        `"${pair}" is not name=value`,
        at,
        "After a host stand name=value pairs, quoted where they hold blanks.",
      );
    variables[pair.slice(0, equals)] = readLiteral(pair.slice(equals + 1));
  }
  const withPort =
    /^([^:[\]]+(?:\[[^\]]*\][^:[\]]*)*):(\d+)$/.exec(first) ?? /^\[([0-9a-fA-F:.]+)\]:(\d+)$/.exec(first);
  const names = expandRange(withPort?.[1] ?? first, at);
  for (const name of names) {
    inventory.host(name, at.file);
    inventory.member(group, name);
    if (withPort?.[2] !== undefined) inventory.setHostVariable(name, "ansible_port", Number(withPort[2]));
    for (const key of Object.keys(variables)) inventory.setHostVariable(name, key, variables[key] ?? null);
  }
}

/** Splits as a shell does, quotes and a comment at the end included. */
function shellWords(line: string, at: Position): string[] {
  const words: string[] = [];
  let current: string | undefined;
  let quote = "";
  for (let index = 0; index < line.length; index++) {
    const char = line[index] ?? "";
    if (quote !== "") {
      if (char === quote) quote = "";
      else if (char === "\\" && quote === '"' && index + 1 < line.length)
        current = (current ?? "") + (line[++index] ?? "");
      else current = (current ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      current ??= "";
    } else if (char === "\\" && index + 1 < line.length) current = (current ?? "") + (line[++index] ?? "");
    else if (/\s/.test(char)) {
      if (current !== undefined) words.push(current);
      current = undefined;
    } else if (char === "#" && current === undefined) break;
    else current = (current ?? "") + char;
  }
  if (quote !== "") throw failure(`the quote ${quote} is not closed`, at);
  return current === undefined ? words : [...words, current];
}

function failure(summary: string, at: Position, hint?: string): DiagnosticError {
  return new DiagnosticError({
    code: "inventory-syntax",
    severity: "error",
    summary,
    at,
    ...(hint === undefined ? {} : { hint }),
  });
}
