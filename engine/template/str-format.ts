import { floatRepr } from "../source/python-repr.ts";
import { Float } from "../source/value.ts";
import { fail, type Item, type ItemDict, isInteger, isItemDict, isNumber, repr, text } from "./item.ts";
import { fixed, formatFloat } from "./percent-format.ts";

/** Python's `str.format`. @throws OperationError */
export function strFormat(format: string, args: readonly Item[], named: ItemDict): string {
  let next = 0;
  const expand = (template: string): string =>
    template.replace(
      /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}|[{}]/g,
      (whole, field: string | undefined, conversion: string | undefined, spec: string | undefined) => {
        if (whole === "{{") return "{";
        if (whole === "}}") return "}";
        if (field === undefined)
          return fail(`single '${whole}' in the format ${repr(format)}`, undefined, "Write it twice.");
        const [, head = "", path = ""] = /^([^.[]*)(.*)$/.exec(field) ?? [];
        let value =
          head === ""
            ? args[next++]
            : /^\d+$/.test(head)
              ? args[Number(head)]
              : Object.hasOwn(named, head)
                ? named[head]
                : undefined;
        if (value === undefined) return fail(`the format needs the argument '${head === "" ? next - 1 : head}'`);
        for (const [, attribute, index] of path.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
          const key: string = attribute ?? index ?? "";
          let inner: Item | undefined;
          if (Array.isArray(value)) inner = value[Number(key)];
          else if (isItemDict(value) && Object.hasOwn(value, key)) inner = value[key];
          if (inner === undefined) return fail(`the format needs '${field}', which is not there`);
          value = inner;
        }
        const item = conversion === "r" || conversion === "a" ? repr(value) : conversion === "s" ? text(value) : value;
        return formatSpec(item, spec === undefined ? "" : expand(spec));
      },
    );
  return expand(format);
}

/** Python's format mini-language: `>10`, `05d`, `,.2f`, `%`, `x`. @throws OperationError */
export function formatSpec(item: Item, spec: string): string {
  if (spec === "") return text(item);
  const match = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su.exec(spec);
  if (match === null) return fail(`the format '${spec}' is not valid`);
  const [, fill, align, plus = "-", alternate, zero, width = "0", group, digits, type] = match;
  const numeric = typeof item === "boolean" && type !== undefined && type !== "s" ? Number(item) : item;
  let sign = "";
  let body: string;
  if (isNumber(numeric)) {
    const plain = numeric instanceof Float ? numeric.value : numeric;
    sign = plain < 0 || Object.is(plain, -0) ? "-" : plus === "-" ? "" : plus;
    body = numberBody(
      plain,
      isInteger(numeric),
      type,
      digits === undefined ? undefined : Number(digits),
      alternate !== undefined,
    );
    if (group !== undefined) body = body.replace(/^\d+/, (whole) => whole.replace(/\B(?=(?:\d{3})+$)/g, group));
  } else {
    if (type !== undefined && type !== "s") return fail(`the format '${spec}' needs a number, not ${repr(item)}`);
    body = text(item);
    if (digits !== undefined) body = body.slice(0, Number(digits));
  }
  const mark = fill ?? (zero ? "0" : " ");
  const missing = Math.max(0, Number(width) - sign.length - body.length);
  switch (align ?? (zero ? "=" : isNumber(numeric) ? ">" : "<")) {
    case "<":
      return sign + body + mark.repeat(missing);
    case "^":
      return mark.repeat(Math.floor(missing / 2)) + sign + body + mark.repeat(Math.ceil(missing / 2));
    case "=":
      return sign + mark.repeat(missing) + body;
    default:
      return mark.repeat(missing) + sign + body;
  }
}

function numberBody(
  plain: number | bigint,
  integer: boolean,
  type: string | undefined,
  digits: number | undefined,
  alternate: boolean,
): string {
  const magnitude = plain < 0 ? -plain : plain;
  const bases: { readonly [type: string]: readonly [number, string] } = {
    b: [2, "0b"],
    o: [8, "0o"],
    x: [16, "0x"],
    X: [16, "0X"],
  };
  const base = type === undefined ? undefined : bases[type];
  if (base !== undefined) {
    if (!integer) return fail(`the format '${type}' needs an integer`);
    const result = magnitude.toString(base[0]);
    return (alternate ? base[1] : "") + (type === "X" ? result.toUpperCase() : result);
  }
  if (type === "c") return String.fromCodePoint(Number(magnitude));
  if (type === "d" || (integer && (type === undefined || type === "n") && digits === undefined)) {
    if (!integer) return fail(`the format 'd' needs an integer`);
    return String(magnitude);
  }
  const number = Number(magnitude);
  if (type === "%") return `${fixed(number * 100, digits ?? 6)}%`;
  if (type === undefined || type === "n")
    return digits === undefined ? floatRepr(number) : formatFloat(number, "g", digits);
  return formatFloat(number, type, digits ?? 6);
}
