import { Float, floatValue, intValue, Tagged, Tuple, Unknown } from "../source/value.ts";
import { DateTime, TimeDelta } from "./date-time.ts";
import {
  characters,
  fail,
  failUndefined,
  Internal,
  type Item,
  isInteger,
  isItemDict,
  isNumber,
  newDict,
  repr,
  text,
  typeName,
  Undefined,
  UnknownFound,
} from "./item.ts";
import { percentFormat } from "./percent-format.ts";
import type { BinaryOperator, CompareOperator } from "./syntax.ts";

/** A boolean counts as 0 or 1 in arithmetic; a tagged text is its text. */
function operand(item: Item): Item {
  if (item instanceof Undefined) return failUndefined(item);
  if (item instanceof Unknown) throw new UnknownFound(item);
  if (item instanceof Tagged) return item.text;
  return item;
}

function numeric(item: Item): Item {
  return typeof item === "boolean" ? Number(item) : item;
}

/** Floats as JavaScript numbers, ints as bigints or numbers: for code that treats them alike. */
export function asNumber(item: number | bigint | Float): number {
  return item instanceof Float ? item.value : Number(item);
}

/** Python's `+ - * / // % **`. @throws OperationError */
export function binary(operator: BinaryOperator, leftItem: Item, rightItem: Item): Item {
  const left = operand(leftItem);
  const right = operand(rightItem);
  const a = numeric(left);
  const b = numeric(right);
  if (isNumber(a) && isNumber(b))
    return isInteger(a) && isInteger(b)
      ? integerOperation(operator, a, b)
      : floatOperation(operator, asNumber(a), asNumber(b));
  switch (operator) {
    case "+":
      if (typeof left === "string" && typeof right === "string") return left + right;
      if (Array.isArray(left) && Array.isArray(right)) {
        if (left instanceof Tuple && right instanceof Tuple) return Tuple.with([...left, ...right]);
        if (left instanceof Tuple === right instanceof Tuple) return [...left, ...right];
      }
      if (left instanceof DateTime && right instanceof TimeDelta) return left.plus(right);
      if (left instanceof TimeDelta && right instanceof DateTime) return right.plus(left);
      if (left instanceof TimeDelta && right instanceof TimeDelta) return left.plus(right);
      break;
    case "-":
      if (left instanceof DateTime && right instanceof DateTime) return left.since(right);
      if (left instanceof DateTime && right instanceof TimeDelta) return left.plus(right.negated());
      if (left instanceof TimeDelta && right instanceof TimeDelta) return left.plus(right.negated());
      break;
    case "*":
      if (isInteger(b)) return repeated(left, Number(b));
      if (isInteger(a)) return repeated(right, Number(a));
      break;
    case "%":
      if (typeof left === "string") return percentFormat(left, right);
      break;
    default:
  }
  return fail(
    `cannot calculate ${repr(left).slice(0, 60)} ${operator} ${repr(right).slice(0, 60)}: ` +
      `'${operator}' does not join ${typeName(left)} and ${typeName(right)}`,
    undefined,
    operator === "+" && (typeof left === "string" || typeof right === "string")
      ? "Use ~ to join texts, or | int where numbers are meant."
      : undefined,
  );
}

function repeated(item: Item, count: number): Item {
  const times = Math.max(0, count);
  if (typeof item === "string") {
    if (item.length * times > 100_000_000) return fail("the repeated text is too long");
    return item.repeat(times);
  }
  if (Array.isArray(item)) {
    if (item.length * times > 10_000_000) return fail("the repeated list is too long");
    const result: Item[] = [];
    for (let index = 0; index < times; index++) result.push(...item);
    return item instanceof Tuple ? Tuple.with(result) : result;
  }
  return fail(`'*' does not join ${typeName(item)} and int`);
}

function integerOperation(operator: BinaryOperator, left: number | bigint, right: number | bigint): Item {
  const a = BigInt(left);
  const b = BigInt(right);
  if (b === 0n && (operator === "/" || operator === "//" || operator === "%")) return fail("division by zero");
  switch (operator) {
    case "+":
      return intValue(a + b);
    case "-":
      return intValue(a - b);
    case "*":
      return intValue(a * b);
    case "/":
      return floatValue(Number(a) / Number(b));
    case "//":
      return intValue(floorDivide(a, b));
    case "%":
      return intValue(a - floorDivide(a, b) * b);
    case "**":
      if (b < 0n) return floatValue(Number(a) ** Number(b));
      if (b > 100_000n) return fail("the exponent is too large");
      return intValue(a ** b);
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function floatOperation(operator: BinaryOperator, a: number, b: number): Item {
  if (b === 0 && (operator === "/" || operator === "//" || operator === "%")) return fail("division by zero");
  switch (operator) {
    case "+":
      return floatValue(a + b);
    case "-":
      return floatValue(a - b);
    case "*":
      return floatValue(a * b);
    case "/":
      return floatValue(a / b);
    case "//":
      return floatValue(Math.floor(a / b));
    case "%":
      return floatValue(a - Math.floor(a / b) * b);
    case "**":
      return floatValue(a ** b);
  }
}

export function negate(item: Item): Item {
  const value = numeric(operand(item));
  if (typeof value === "bigint") return intValue(-value);
  if (typeof value === "number") return value === 0 ? 0 : -value;
  if (value instanceof Float) return new Float(-value.value);
  if (value instanceof TimeDelta) return value.negated();
  return fail(`'-' needs a number, not ${typeName(value)}`);
}

/** Python's `==`: by value, ints and floats alike, `True == 1`, never a string equal to a number. */
export function equals(leftItem: Item, rightItem: Item): boolean {
  const a = numeric(operand(leftItem));
  const b = numeric(operand(rightItem));
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) {
    // biome-ignore lint/suspicious/noDoubleEquals: between bigint and number only the loose form compares by value
    return (a instanceof Float ? a.value : a) == (b instanceof Float ? b.value : b);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length || a instanceof Tuple !== b instanceof Tuple) return false;
    return a.every((each, index) => equals(each, b[index] ?? null));
  }
  if (a instanceof DateTime && b instanceof DateTime) return a.equals(b);
  if (a instanceof TimeDelta && b instanceof TimeDelta) return a.microseconds === b.microseconds;
  if (a instanceof Internal || b instanceof Internal) return false;
  if (isItemDict(a) && isItemDict(b)) {
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    return keys.every((key) => Object.hasOwn(b, key) && equals(a[key] ?? null, b[key] ?? null));
  }
  return false;
}

/** Python's order: below zero, zero or above. @throws OperationError where the types have none in common */
export function order(leftItem: Item, rightItem: Item, operator = "<"): number {
  const a = numeric(operand(leftItem));
  const b = numeric(operand(rightItem));
  if (isNumber(a) && isNumber(b)) {
    const x = a instanceof Float ? a.value : a;
    const y = b instanceof Float ? b.value : b;
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      const x = a[index] ?? null;
      const y = b[index] ?? null;
      if (!equals(x, y)) return order(x, y, operator);
    }
    return a.length - b.length;
  }
  if (a instanceof DateTime && b instanceof DateTime) return a.since(b).microseconds;
  if (a instanceof TimeDelta && b instanceof TimeDelta) return a.microseconds - b.microseconds;
  return fail(
    `'${operator}' does not compare ${typeName(leftItem)} with ${typeName(rightItem)}`,
    undefined,
    (typeof a === "string" && isNumber(b)) || (typeof b === "string" && isNumber(a))
      ? "Make a number of the text with | int."
      : undefined,
  );
}

/** By code point, as Python does. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const x = characters(a);
  const y = characters(b);
  for (let index = 0; index < Math.min(x.length, y.length); index++) {
    const difference = (x[index]?.codePointAt(0) ?? 0) - (y[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

export function compare(operator: CompareOperator, left: Item, right: Item): boolean {
  switch (operator) {
    case "==":
      return equals(left, right);
    case "!=":
      return !equals(left, right);
    case "<":
      return order(left, right, operator) < 0;
    case "<=":
      return order(left, right, operator) <= 0;
    case ">":
      return order(left, right, operator) > 0;
    case ">=":
      return order(left, right, operator) >= 0;
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
  }
}

/** Whether `needle in container`. */
export function contains(containerItem: Item, needleItem: Item): boolean {
  const container = operand(containerItem);
  const needle = operand(needleItem);
  if (typeof container === "string") {
    if (typeof needle === "string") return container.includes(needle);
    return fail(
      `cannot look for ${typeName(needle)} in the text ${repr(container).slice(0, 60)}`,
      undefined,
      "Both sides of 'in' must be texts here; use | string.",
    );
  }
  if (Array.isArray(container)) return container.some((each) => !(each instanceof Undefined) && equals(each, needle));
  if (isItemDict(container)) {
    const key = keyText(needle);
    return key !== undefined && Object.hasOwn(container, key);
  }
  return fail(`'in' needs a list, dict or text on its right, not ${typeName(container)}`);
}

/** The text under which a dict holds a key; undefined for what cannot be one. */
export function keyText(key: Item): string | undefined {
  if (typeof key === "string") return key;
  if (key instanceof Tagged) return key.text;
  if (key instanceof Undefined) return failUndefined(key);
  if (key instanceof Unknown) throw new UnknownFound(key);
  if (key === null || typeof key === "boolean" || isNumber(key)) return repr(key);
  return key instanceof Tuple ? repr(key) : undefined;
}

/** `x[start:stop:step]` */
export function slice(item: Item, start: Item, stop: Item, step: Item): Item {
  const value = operand(item);
  const list = typeof value === "string" ? characters(value) : Array.isArray(value) ? value : undefined;
  if (list === undefined) return fail(`a ${typeName(value)} cannot be sliced`);
  const index = (each: Item, what: string): number | undefined => {
    if (each === null) return undefined;
    const number = numeric(operand(each));
    return isInteger(number)
      ? Number(number)
      : fail(`the ${what} of a slice must be an integer, not ${typeName(each)}`);
  };
  const by = index(step, "step") ?? 1;
  if (by === 0) return fail("the step of a slice cannot be zero");
  const size = list.length;
  const clamp = (each: number | undefined, fallback: number): number => {
    if (each === undefined) return fallback;
    const position = each < 0 ? each + size : each;
    return by > 0 ? Math.min(Math.max(position, 0), size) : Math.min(Math.max(position, -1), size - 1);
  };
  const from = clamp(index(start, "start"), by > 0 ? 0 : size - 1);
  const to = clamp(index(stop, "end"), by > 0 ? size : -1);
  const result: Item[] = [];
  for (let position = from; by > 0 ? position < to : position > to; position += by) result.push(list[position] ?? null);
  if (typeof value === "string") return result.map(text).join("");
  return value instanceof Tuple ? Tuple.with(result) : result;
}

/** A dict's copy with further entries. */
export function merged(...dicts: readonly { readonly [key: string]: Item }[]): { [key: string]: Item } {
  return newDict(dicts.flatMap((each) => Object.entries(each)));
}

/** The number an item stands for in arithmetic. @throws OperationError */
export function requireNumber(item: Item, what: string): number {
  const value = numeric(operand(item));
  return isNumber(value)
    ? asNumber(value)
    : fail(`${what} must be a number, not ${typeName(item)}: ${repr(item).slice(0, 60)}`);
}

/** The integer an item stands for; texts are not taken. @throws OperationError */
export function requireInteger(item: Item, what: string): number {
  const value = numeric(operand(item));
  return isInteger(value)
    ? Number(value)
    : fail(`${what} must be an integer, not ${typeName(item)}: ${repr(item).slice(0, 60)}`);
}
