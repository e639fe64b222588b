import type { TObject, TSchema } from "@sinclair/typebox";
import { Ajv, type ValidateFunction } from "ajv";
import type { Position } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { type Dict, dict, isDict, Omit, Tagged, Unknown, type Value } from "../source/value.ts";
import { keyPositionOf, positionOf } from "../source/yaml.ts";
import { coerce } from "./coerce.ts";
import type { Module } from "./contract.ts";

/** What is wrong with one task's arguments. The caller knows where the argument stands. */
export interface ArgumentError {
  readonly code:
    | "unknown-argument"
    | "unsupported-argument"
    | "missing-argument"
    | "argument-type"
    | "argument-value"
    | "exclusive-arguments";
  /** The argument at fault, as the playbook spells it; undefined where one is missing. */
  readonly argument?: string;
  readonly message: string;
  readonly hint?: string;
}

export interface Validated {
  /** Under their canonical names, coerced, with defaults, without those that were omitted. */
  readonly args: Dict;
  readonly errors: readonly ArgumentError[];
}

/**
 * Makes rendered arguments what the module's declaration promises, or says why that cannot be.
 * Values may not be Unknown any more.
 */
export function validateArguments(module: Module, given: Dict): Validated {
  return inspect(module, given, () => false);
}

/**
 * What can be said before the run: names, required arguments, and the values that hold no template. A value that is
 * a template counts as given, and as possibly omitted.
 */
export function checkArgumentNames(module: Module, given: Dict): readonly ArgumentError[] {
  return inspect(module, given, isDeferred).errors;
}

/** An option that does not exist is wrong in its name, others in their value. */
export function argumentPlace({ code, argument }: ArgumentError, written: Dict): Position | undefined {
  if (argument === undefined) return undefined;
  const named = code === "unknown-argument" || code === "unsupported-argument";
  return named ? keyPositionOf(written, argument) : positionOf(written, argument);
}

/** The argument's own name, where `name` may be an alias. */
export function canonicalName(module: Module, name: string): string {
  if (Object.hasOwn(module.args.properties, name)) return name;
  const aliases = module.argAliases;
  return aliases && Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name;
}

function inspect(module: Module, given: Dict, deferred: (value: Value) => boolean): Validated {
  const errors: ArgumentError[] = [];
  const args = dict();
  const later = new Set<string>();
  const spelling = new Map<string, string>();
  const properties: { readonly [name: string]: TSchema } = module.args.properties;
  const takesAny = module.args.additionalProperties === true;

  for (const [name, value] of Object.entries(given)) {
    if (value instanceof Omit) continue;
    const own = canonicalName(module, name);
    const reason = unsupportedReason(module, own) ?? unsupportedReason(module, name);
    if (reason !== undefined) {
      // An option given the value that it has when left away asks for nothing.
      if (value === null || value === false) continue;
      errors.push({
        code: "unsupported-argument",
        argument: name,
        message: `play does not support the option '${name}' of ${module.collection}: ${reason}`,
      });
    } else if (!Object.hasOwn(properties, own)) {
      if (takesAny) args[own] = value;
      else errors.push(unknownArgument(module, name));
    } else if (value !== null || acceptsNull(properties[own])) {
      // The canonical spelling wins over an alias, as the later one does in Ansible's own merge.
      if (Object.hasOwn(args, own) && name !== own) continue;
      spelling.set(own, name);
      args[own] = value;
      if (deferred(value)) later.add(own);
    }
  }

  for (const [name, schema] of Object.entries(properties)) {
    const value = args[name];
    if (value === undefined) {
      if (schema["default"] !== undefined) args[name] = structuredClone(schema["default"]) as Value; // plain JSON
      continue;
    }
    if (later.has(name)) continue;
    const result = coerce(schema, value);
    if ("problem" in result) {
      errors.push({
        code: result.kind === "value" ? "argument-value" : "argument-type",
        argument: spelling.get(name) ?? name,
        message: `'${[name, ...result.path].join(".")}' ${result.problem}`,
        ...(result.hint === undefined ? {} : { hint: result.hint }),
      });
    } else args[name] = result.value;
  }

  errors.push(...missing(module, args, later, spelling));
  if (errors.length === 0 && later.size === 0) errors.push(...bySchema(module, args));
  return { args, errors };
}

/** Whether a value's text holds a template, so that nothing can be said of it yet. */
function isDeferred(value: Value): boolean {
  if (typeof value === "string") return value.includes("{{") || value.includes("{%");
  if (value instanceof Tagged || value instanceof Unknown) return true;
  if (Array.isArray(value)) return value.some(isDeferred);
  if (isDict(value)) return Object.entries(value).some(([key, item]) => isDeferred(key) || isDeferred(item));
  return false;
}

function unsupportedReason(module: Module, name: string): string | undefined {
  const table = module.unsupported;
  return table && Object.hasOwn(table, name) ? table[name] : undefined;
}

function unknownArgument(module: Module, name: string): ArgumentError {
  const known = [...Object.keys(module.args.properties), ...Object.keys(module.argAliases ?? {})];
  const guess = nearest(name, known);
  return {
    code: "unknown-argument",
    argument: name,
    message: `${module.collection} has no option '${name}'`,
    hint: guess === undefined ? `It takes: ${known.sort().join(", ")}.` : `Did you mean '${guess}'?`,
  };
}

function acceptsNull(schema: TSchema | undefined): boolean {
  return schema !== undefined && schema["type"] === undefined && schema["anyOf"] === undefined;
}

function missing(
  module: Module,
  args: Dict,
  later: ReadonlySet<string>,
  given: ReadonlyMap<string, string>,
): ArgumentError[] {
  const errors: ArgumentError[] = [];
  const has = (name: string) => args[name] !== undefined && args[name] !== null;
  // Neither a default nor `no` stands against another argument.
  const explicit = (name: string) => given.has(name) && has(name) && args[name] !== false;
  const lacking = (module.args.required ?? []).filter((name) => !has(name) && !acceptsAbsence(module.args, name));
  if (lacking.length > 0) {
    errors.push({ code: "missing-argument", message: `missing required arguments: ${lacking.join(", ")}` });
  }
  for (const group of module.requiredOneOf ?? []) {
    if (!group.some(has)) {
      errors.push({ code: "missing-argument", message: `one of the following is required: ${group.join(", ")}` });
    }
  }
  for (const group of module.mutuallyExclusive ?? []) {
    const present = group.filter((name) => explicit(name) && !later.has(name));
    const [first] = present;
    if (present.length > 1 && first !== undefined) {
      errors.push({
        code: "exclusive-arguments",
        argument: first,
        message: `parameters are mutually exclusive: ${present.join(", ")}`,
      });
    }
  }
  for (const group of module.requiredTogether ?? []) {
    if (group.some(has) && !group.every(has)) {
      errors.push({ code: "missing-argument", message: `parameters are required together: ${group.join(", ")}` });
    }
  }
  for (const [name, value, required] of module.requiredIf ?? []) {
    const absent = required.filter((each) => !has(each));
    if (args[name] === value && absent.length > 0) {
      errors.push({
        code: "missing-argument",
        message: `${name} is ${String(value)} but the following are missing: ${absent.join(", ")}`,
      });
    }
  }
  return errors;
}

function acceptsAbsence(schema: TObject, name: string): boolean {
  const properties: { readonly [name: string]: TSchema } = schema.properties;
  return properties[name]?.["default"] !== undefined;
}

// Compiled when a module is first used: compiling all of them would cost more than a short run.
const compiled = new WeakMap<Module, ValidateFunction>();
let ajv: Ajv | undefined;

/** What coercion does not look at: patterns, bounds, the inside of nested structures. */
function bySchema(module: Module, args: Dict): ArgumentError[] {
  let validate = compiled.get(module);
  if (!validate) {
    ajv ??= new Ajv({ allErrors: true, strict: false });
    validate = ajv.compile(module.args);
    compiled.set(module, validate);
  }
  if (validate(args)) return [];
  return (validate.errors ?? []).map((error) => {
    const place = error.instancePath.split("/").slice(1);
    const extra = error.keyword === "additionalProperties" ? `: ${String(error.params["additionalProperty"])}` : "";
    const options = error.keyword === "enum" ? `: ${[error.params["allowedValues"]].flat().join(", ")}` : "";
    return {
      code: error.keyword === "type" ? "argument-type" : "argument-value",
      ...(place[0] === undefined ? {} : { argument: place[0] }),
      message: `${place.length > 0 ? `'${place.join(".")}' ` : ""}${error.message ?? "is not valid"}${extra}${options}`,
    } as const;
  });
}
