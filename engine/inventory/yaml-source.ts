import { type Diagnostic, DiagnosticError, type Position } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import type { MappingNode, Node } from "../source/node.ts";
import { parseDocument, toValue } from "../source/yaml.ts";
import type { HostInventory } from "./inventory.ts";
import { expandRange } from "./range.ts";

const keys = ["hosts", "vars", "children"];

/** Reads a YAML inventory: groups at the top, each with `hosts`, `vars` and `children`. */
export function readYaml(
  text: string,
  file: string,
  inventory: HostInventory,
  warn: (diagnostic: Diagnostic) => void,
): void {
  const { document: top, warnings } = parseDocument(text, file);
  for (const warning of warnings) warn(warning);
  if (top.kind === "scalar" && top.value === null) return;
  if (top.kind !== "mapping")
    throw failure(
      "an inventory is a mapping of groups",
      top.at,
      "The usual top is `all:` with `hosts:` and `children:`.",
    );
  for (const { key, value } of top.entries) readGroup(key, value, inventory, warn);
}

function readGroup(name: string, node: Node, inventory: HostInventory, warn: (diagnostic: Diagnostic) => void): void {
  inventory.group(name);
  const body = mapping(node, `group ${name}`);
  for (const { key, keyAt, value } of body?.entries ?? []) {
    if (key === "hosts") {
      if (value.kind === "scalar" && typeof value.value === "string") {
        throw failure(
          `the hosts of ${name} are a mapping`,
          value.at,
          `Write \`${value.value}:\` on a line of its own below \`hosts:\`.`,
        );
      }
      for (const host of mapping(value, `the hosts of ${name}`)?.entries ?? [])
        readHost(host.key, host.keyAt, host.value, name, inventory);
    } else if (key === "vars") {
      for (const each of mapping(value, `the vars of ${name}`)?.entries ?? [])
        inventory.setGroupVariable(name, each.key, toValue(each.value));
    } else if (key === "children") {
      for (const child of mapping(value, `the children of ${name}`)?.entries ?? []) {
        if (!inventory.child(name, child.key))
          throw failure(`group ${child.key} would be its own ancestor`, child.keyAt);
        readGroup(child.key, child.value, inventory, warn);
      }
    } else {
      const near = nearest(key, keys);
      warn({
        code: "inventory-key",
        severity: "warning",
        summary: `"${key}" is not a key of group ${name}`,
        at: keyAt,
        hint: near ? `Did you mean '${near}'?` : `A group has: ${keys.join(", ")}.`,
      });
    }
  }
}

function readHost(name: string, at: Position, node: Node, group: string, inventory: HostInventory): void {
  const variables = mapping(node, `host ${name}`);
  const withPort = /^([^:]+):(\d+)$/.exec(name);
  for (const host of expandRange(withPort?.[1] ?? name, at)) {
    inventory.host(host, at.file);
    inventory.member(group, host);
    if (withPort?.[2] !== undefined) inventory.setHostVariable(host, "ansible_port", Number(withPort[2]));
    for (const each of variables?.entries ?? []) inventory.setHostVariable(host, each.key, toValue(each.value));
  }
}

function mapping(node: Node, what: string): MappingNode | undefined {
  if (node.kind === "mapping") return node;
  if (node.kind === "scalar" && (node.value === null || node.value === "")) return undefined;
  throw failure(`${what} must be a mapping`, node.at);
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
