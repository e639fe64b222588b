import { Omit, Tagged, Tuple, type Unknown } from "../../source/value.ts";
import { isVault } from "../../source/vault.ts";
import { filters } from "../filters/index.ts";
import { booleanWord } from "../filters/value.ts";
import {
  Callable,
  Doubtful,
  failUndefined,
  type Item,
  isFloat,
  isInteger,
  isItemDict,
  isNumber,
  iterate,
  text,
  truthy,
  Undefined,
} from "../item.ts";
import { asNumber, compare, contains, equals, requireInteger } from "../operators.ts";
import { type Family, plugin, shortName } from "../plugin.ts";
import type { CompareOperator } from "../syntax.ts";

function comparing(operator: CompareOperator) {
  return plugin<boolean | Unknown>("other", (input, { other }) => compare(operator, input, other ?? null));
}

function asking(ask: (input: Item) => boolean) {
  return plugin<boolean | Unknown>("", ask);
}

/** `is defined` is decided for an unknown value too, unless it may not even be there. */
function defined(wanted: boolean) {
  return plugin<boolean | Unknown>(
    "",
    (input) => {
      if (input instanceof Undefined && input.isError) return failUndefined(input);
      return input instanceof Doubtful ? input : input instanceof Undefined !== wanted;
    },
    { lenient: true },
  );
}

function truth(wanted: boolean) {
  return plugin<boolean | Unknown>("convert_bool", (input, { convert_bool }) => {
    const word = truthy(convert_bool ?? false) ? booleanWord(input) : undefined;
    const converted = word === undefined ? input : word;
    return truthy(converted) === wanted;
  });
}

const isText = (item: Item): boolean => typeof item === "string" || item instanceof Tagged;

/** Jinja's own tests, and Ansible's on plain values. */
export const valueTests: Family<boolean | Unknown> = {
  all: asking((input) => iterate(input).every(truthy)),
  any: asking((input) => iterate(input).some(truthy)),
  boolean: asking((input) => typeof input === "boolean"),
  callable: asking((input) => input instanceof Callable),
  contains: plugin("value", (input, { value }) => contains(input, value ?? null)),
  defined: defined(true),
  divisibleby: plugin(
    "num",
    (input, { num }) => requireInteger(input, "the value") % requireInteger(num ?? null, "the divisor") === 0,
  ),
  eq: comparing("=="),
  escaped: asking(() => false),
  even: asking((input) => requireInteger(input, "the value") % 2 === 0),
  false: asking((input) => input === false),
  falsy: truth(false),
  filter: asking((input) => filters.has(shortName(text(input)))),
  float: asking(isFloat),
  ge: comparing(">="),
  gt: comparing(">"),
  in: plugin("seq", (input, { seq }) => contains(seq ?? null, input)),
  integer: asking(isInteger),
  iterable: asking((input) => isText(input) || Array.isArray(input) || isItemDict(input)),
  le: comparing("<="),
  lower: asking((input) => text(input) === text(input).toLowerCase() && text(input) !== text(input).toUpperCase()),
  lt: comparing("<"),
  mapping: asking(isItemDict),
  nan: asking((input) => isNumber(input) && Number.isNaN(asNumber(input))),
  ne: comparing("!="),
  none: asking((input) => input === null),
  number: asking((input) => isNumber(input) || typeof input === "boolean"),
  odd: asking((input) => Math.abs(requireInteger(input, "the value") % 2) === 1),
  omitted: asking((input) => input instanceof Omit),
  sameas: plugin(
    "other",
    (input, { other }) =>
      input === other ||
      (isNumber(input) &&
        isNumber(other ?? null) &&
        isInteger(input) &&
        equals(input, other ?? null) &&
        isInteger(other ?? null)),
  ),
  sequence: asking((input) => isText(input) || Array.isArray(input) || input instanceof Tuple || isItemDict(input)),
  string: asking(isText),
  subset: plugin("superset", (input, { superset }) =>
    iterate(input).every((each) => contains(iterate(superset ?? null), each)),
  ),
  superset: plugin("subset", (input, { subset }) =>
    iterate(subset ?? null).every((each) => contains(iterate(input), each)),
  ),
  true: asking((input) => input === true),
  truthy: truth(true),
  undefined: defined(false),
  upper: asking((input) => text(input) === text(input).toUpperCase() && text(input) !== text(input).toLowerCase()),
  vault_encrypted: asking((input) => isText(input) && isVault(text(input))),
};
