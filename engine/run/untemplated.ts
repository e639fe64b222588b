import { dict, isDict, Tagged, type Value } from "../source/value.ts";

/** A value that goes where templates are rendered, but is none: what looks like a template in it stays as it is. */
export function untemplated(value: Value): Value {
  if (typeof value === "string") return value.includes("{") ? new Tagged("unsafe", value) : value;
  if (Array.isArray(value)) return value.map(untemplated);
  if (isDict(value)) return dict(Object.entries(value).map(([key, each]) => [key, untemplated(each)] as const));
  return value;
}
