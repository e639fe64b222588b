import type { ActionResult, ModuleContext } from "../modules/contract.ts";
import { pythonRepr } from "../source/python-repr.ts";
import { type Dict, dict, Float, isDict, Unknown, type Value } from "../source/value.ts";
import { asBoolean } from "./keywords.ts";

/** The arguments of `validate_argument_spec`. */
export interface SpecArguments {
  readonly argument_spec?: Value;
  readonly provided_arguments?: Value;
  readonly validate_args_context?: Value;
}

/** Checks variables against a role's argument_specs: required, types, choices, nested options. */
export function validateArgumentSpec(args: SpecArguments, context: ModuleContext): ActionResult {
  const spec = isDict(args.argument_spec) ? args.argument_spec : dict();
  const options = isDict(spec["options"]) ? spec["options"] : spec;
  const provided = isDict(args.provided_arguments) ? args.provided_arguments : dict();
  const errors: string[] = [];
  checkOptions(options, (name) => provided[name] ?? context.variable(name), errors, "");
  const result = dict([["validate_args_context", args.validate_args_context ?? dict()]]);
  if (errors.length === 0) return { changed: false, result: { ...result, msg: "The arg spec validation passed" } };
  const msg = `Validation of arguments failed:\n${errors.join("\n")}`;
  return {
    changed: false,
    failed: true,
    result: { ...result, msg, argument_spec_data: options, argument_errors: errors },
  };
}

function checkOptions(
  options: Dict,
  given: (name: string) => Value | undefined,
  errors: string[],
  place: string,
): void {
  const missing: string[] = [];
  for (const [name, option] of Object.entries(options)) {
    if (!isDict(option)) continue;
    const value = given(name);
    if (value === undefined || (value === null && option["required"] === true)) {
      if (option["required"] === true) missing.push(name);
      continue;
    }
    if (value === null || value instanceof Unknown) continue;
    checkOption(name, option, value, errors, place);
  }
  if (missing.length > 0) errors.push(`missing required arguments: ${missing.sort().join(", ")}${found(place)}`);
}

function found(place: string): string {
  return place === "" ? "" : ` found in ${place}`;
}

function checkOption(name: string, option: Dict, value: Value, errors: string[], place: string): void {
  const type = typeof option["type"] === "string" ? option["type"] : "str";
  const problem = typeProblem(type, value);
  if (problem !== undefined) {
    errors.push(
      `argument '${name}' is of type ${typeName(value)}${place === "" ? "" : ` found in '${place}'.`} and we were unable to convert to ${type}: ${problem}`,
    );
    return;
  }
  const { choices } = option;
  if (Array.isArray(choices)) {
    const given = Array.isArray(value) ? value : [value];
    const wrong = given.filter((each) => !choices.some((choice) => same(choice, each)));
    if (wrong.length > 0) {
      errors.push(
        `value of ${name} must be one of: ${choices.map(plain).join(", ")}, got: ${wrong.map(plain).join(", ")}${found(place)}`,
      );
    }
  }
  if (type === "list" && typeof option["elements"] === "string") {
    const elements = option["elements"];
    for (const each of asList(value)) {
      const wrong = typeProblem(elements, each);
      if (wrong !== undefined) {
        errors.push(
          `Elements value for option '${name}'${place === "" ? "" : ` found in '${place}'`} is of type ${typeName(each)} and we were unable to convert to ${elements}: ${wrong}`,
        );
      }
    }
  }
  const { options } = option;
  if (!isDict(options)) return;
  const inner = place === "" ? name : `${place} -> ${name}`;
  for (const each of Array.isArray(value) ? value : [value]) {
    if (!isDict(each)) continue;
    checkOptions(options, (key) => each[key], errors, inner);
    const unknown = Object.keys(each).filter((key) => !Object.hasOwn(options, key) && !isAlias(options, key));
    if (unknown.length > 0) {
      errors.push(
        `${unknown.map((key) => `${name}.${key}`).join(", ")}. Supported parameters include: ${Object.keys(options).sort().join(", ")}.`,
      );
    }
  }
}

function isAlias(options: Dict, key: string): boolean {
  return Object.values(options).some((each) => {
    const aliases = isDict(each) ? each["aliases"] : undefined;
    return Array.isArray(aliases) && aliases.includes(key);
  });
}

function asList(value: Value): Value[] {
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? value.split(",").map((each) => each.trim()) : [value];
}

function same(a: Value, b: Value): boolean {
  return a === b || plain(a) === plain(b);
}

function plain(value: Value): string {
  return typeof value === "string" ? value : pythonRepr(value);
}

function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (isDict(value)) return "dict";
  if (typeof value === "boolean") return "bool";
  if (value instanceof Float || (typeof value === "number" && !Number.isInteger(value))) return "float";
  return typeof value === "number" || typeof value === "bigint" ? "int" : "str";
}

/** Why a value cannot be taken as a type; undefined where it can, by Ansible's conversions. */
function typeProblem(type: string, value: Value): string | undefined {
  const cannot = `<class '${typeName(value)}'> cannot be converted to a ${type}`;
  switch (type) {
    case "list":
      return Array.isArray(value) || typeof value === "string" || typeof value === "number" ? undefined : cannot;
    case "dict":
      return isDict(value) || (typeof value === "string" && /^\s*\{|=/.test(value)) ? undefined : cannot;
    case "bool":
      return asBoolean(value) === undefined
        ? `The value '${plain(value)}' is not a valid boolean. Valid booleans include: 'on', 'off', 'yes', 'no', 'true', 'false', 0, 1`
        : undefined;
    case "int":
      return isInteger(value) ? undefined : `"${pythonRepr(value)}" cannot be converted to an int`;
    case "float":
      return typeof value === "number" ||
        value instanceof Float ||
        (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value)))
        ? undefined
        : cannot;
    default:
      return undefined;
  }
}

/** As Python's decimals read numbers: `8.0` is an integer. */
function isInteger(value: Value): boolean {
  if (typeof value === "boolean" || typeof value === "bigint") return true;
  if (value instanceof Float) return Number.isInteger(value.value);
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number);
}
