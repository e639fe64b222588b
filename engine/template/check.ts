import { type Diagnostic, DiagnosticError, type Position } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { filters } from "./filters/index.ts";
import { lookups } from "./lookups/index.ts";
import { shortName } from "./plugin.ts";
import { compileExpression, compileTemplate, hasTemplate, playbookText } from "./template-cache.ts";
import { placeIn } from "./template-error.ts";
import { tests } from "./tests/index.ts";

/** What is wrong with a template before any value is known: syntax, unknown filters, tests and lookups. */
export function templateSyntaxErrors(text: string, at?: Position): Diagnostic[] {
  if (!hasTemplate(text)) return [];
  return found(text, at, () => compileTemplate(text, playbookText, at).body);
}

/** As {@link templateSyntaxErrors}, for an expression without braces (`when`, `until`, …). */
export function expressionSyntaxErrors(expression: string, at?: Position): Diagnostic[] {
  if (hasTemplate(expression)) return templateSyntaxErrors(expression, at);
  if (expression.trim() === "") return [];
  return found(expression, at, () => compileExpression(expression, at));
}

/** The short names of all filters. */
export function filterNames(): string[] {
  return [...filters.keys()].sort();
}

/** The short names of all tests. */
export function testNames(): string[] {
  return [...tests.keys()].sort();
}

/** The short names of all lookups. */
export function lookupNames(): string[] {
  return [...lookups.keys()].sort();
}

function found(source: string, at: Position | undefined, compile: () => unknown): Diagnostic[] {
  try {
    const result: Diagnostic[] = [];
    unknownNames(compile(), source, at, result);
    return result;
  } catch (error) {
    if (error instanceof DiagnosticError) return [...error.diagnostics];
    throw error;
  }
}

/** Walks any part of a syntax tree: every node is an object with a `kind`, everything else holds nodes. */
function unknownNames(node: unknown, source: string, at: Position | undefined, result: Diagnostic[]): void {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) {
    for (const each of node) unknownNames(each, source, at, result);
    return;
  }
  const fields: { readonly [name: string]: unknown } = { ...node };
  const report = (kind: string, name: string, known: ReadonlyMap<string, unknown>): void => {
    if (known.has(name) || known.has(shortName(name))) return;
    const near = nearest(shortName(name), known.keys());
    result.push({
      code: `unknown-${kind}`,
      severity: "error",
      summary: `there is no ${kind} '${name}'`,
      at: placeIn(source, Number(fields["at"]), at),
      hint: near === undefined ? undefined : `Did you mean '${near}'?`,
    });
  };
  if (fields["kind"] === "filter" && typeof fields["name"] === "string") report("filter", fields["name"], filters);
  if (fields["kind"] === "test" && typeof fields["name"] === "string") report("test", fields["name"], tests);
  const lookup = lookupCalled(fields);
  if (lookup !== undefined) report("lookup", lookup, lookups);
  for (const each of Object.values(fields)) unknownNames(each, source, at, result);
}

/** The name in `lookup("name", …)`, `query("name", …)` or `q("name", …)`, where it is written out. */
function lookupCalled(fields: { readonly [name: string]: unknown }): string | undefined {
  if (fields["kind"] !== "call") return undefined;
  const record = (value: unknown): { readonly [name: string]: unknown } =>
    typeof value === "object" && value !== null ? { ...value } : {};
  const callee = record(fields["callee"]);
  if (callee["kind"] !== "name" || !["lookup", "query", "q"].includes(String(callee["name"]))) return undefined;
  const { positional } = record(fields["args"]);
  const first = record(Array.isArray(positional) ? positional[0] : undefined);
  return first["kind"] === "literal" && typeof first["value"] === "string" ? first["value"] : undefined;
}
