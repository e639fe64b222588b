import type { BaseKeywords, Raw } from "../playbook/tree.ts";
import type { Position } from "../source/diagnostic.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import { Float, isDict, Omit, Unknown, type Value } from "../source/value.ts";
import type { Templar } from "../template/contract.ts";

/** A keyword's value that is no truth value, number or text. */
function refuse(name: string, value: Value, expected: string, at: Position): never {
  throw new DiagnosticError({
    code: "keyword-value",
    severity: "error",
    summary: `'${name}' takes ${expected}, not ${describe(value)}`,
    at,
  });
}

function describe(value: Value): string {
  if (typeof value === "string") return `'${value}'`;
  return Array.isArray(value) ? "a list" : isDict(value) ? "a mapping" : String(value);
}

const words: ReadonlyMap<string, boolean> = new Map([
  ...["yes", "on", "1", "true", "y", "t"].map((word): [string, boolean] => [word, true]),
  ...["no", "off", "0", "false", "n", "f", ""].map((word): [string, boolean] => [word, false]),
]);

/** Python's and Ansible's words for yes and no; undefined for anything else. */
export function asBoolean(value: Value | undefined): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "string") return words.get(value.trim().toLowerCase());
  return undefined;
}

/** Renders keywords of one task for one host. What is not given is undefined, as is `omit`. */
export class Keywords {
  readonly #templar: Templar;
  readonly #at: Position;

  constructor(templar: Templar, at: Position) {
    this.#templar = templar;
    this.#at = at;
  }

  value(raw: Raw | undefined): Value | undefined {
    if (raw === undefined || raw === null) return undefined;
    if (typeof raw === "boolean" || typeof raw === "number") return raw;
    const value = this.#templar.render(raw, this.#at);
    return value instanceof Omit || value === null ? undefined : value;
  }

  boolean(name: string, raw: Raw | undefined): boolean | undefined {
    const value = this.value(raw);
    if (value === undefined) return undefined;
    // What only the run shows counts as not said: the prediction of such a task is unknown by its arguments anyway.
    if (value instanceof Unknown) return undefined;
    return asBoolean(value) ?? refuse(name, value, "yes or no", this.#at);
  }

  number(name: string, raw: Raw | undefined): number | undefined {
    const value = this.value(raw);
    if (value === undefined || value instanceof Unknown) return undefined;
    if (typeof value === "number") return value;
    if (value instanceof Float) return value.value;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
    return Number.isNaN(number) ? refuse(name, value, "a number", this.#at) : number;
  }

  text(name: string, raw: Raw | undefined): string | undefined {
    const value = this.value(raw);
    if (value === undefined || value instanceof Unknown) return undefined;
    if (typeof value === "string") return value === "" ? undefined : value;
    if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
    return refuse(name, value, "a text", this.#at);
  }
}

/** Environment for a task: the layers around it, outermost first, later ones over earlier. */
export function environmentOf(keywords: BaseKeywords, render: Keywords): { [name: string]: string } | Unknown {
  const result: { [name: string]: string } = {};
  for (const layer of keywords.environment) {
    const value = render.value(layer);
    if (value instanceof Unknown) return value;
    for (const part of Array.isArray(value) ? value : [value]) {
      if (!isDict(part)) continue;
      for (const [name, each] of Object.entries(part)) {
        if (each instanceof Unknown) return each;
        if (!(each instanceof Omit)) result[name] = textOf(each);
      }
    }
  }
  return result;
}

/** As Python's `str` for the scalars that stand in an environment. */
function textOf(value: Value): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value instanceof Float) return `${value.value}.0`;
  return value === null ? "None" : typeof value === "object" ? JSON.stringify(value) : String(value);
}
