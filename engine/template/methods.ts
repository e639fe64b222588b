import { Tuple } from "../source/value.ts";
import {
  type CallArguments,
  Callable,
  characters,
  fail,
  failUndefined,
  type Item,
  type ItemDict,
  isItemDict,
  iterate,
  newDict,
  text,
  tuple,
  Undefined,
} from "./item.ts";
import { compareText, contains, equals, keyText, requireInteger, slice } from "./operators.ts";
import { strFormat } from "./str-format.ts";
import { capitalize, swapCase, titleCase } from "./text-case.ts";

type Method<T> = (self: T, args: readonly Item[], named: ItemDict) => Item;

const optionalText = (item: Item | undefined): string | undefined =>
  item === undefined || item === null ? undefined : text(item);

function stripSet(mode: "start" | "end" | "both"): Method<string> {
  return (self, [given]) => {
    const set = optionalText(given);
    const drop = (character: string): boolean => (set === undefined ? /\s/.test(character) : set.includes(character));
    const list = characters(self);
    let from = 0;
    let to = list.length;
    if (mode !== "end") while (from < to && drop(list[from] ?? "")) from++;
    if (mode !== "start") while (to > from && drop(list[to - 1] ?? "")) to--;
    return list.slice(from, to).join("");
  };
}

/** The affixes of `startswith` and `endswith`: one text or a tuple of them. */
function affixes(item: Item | undefined): string[] {
  return Array.isArray(item) ? item.map(text) : [text(item ?? fail("an argument is missing"))];
}

function pad(side: "left" | "right" | "both"): Method<string> {
  return (self, [width, fill]) => {
    const total = requireInteger(width ?? null, "the width") - characters(self).length;
    if (total <= 0) return self;
    const mark = fill === undefined ? " " : text(fill);
    // Python's centre puts the odd blank to the left of texts of odd width.
    const left =
      side === "right"
        ? total
        : side === "left"
          ? 0
          : Math.floor(total / 2) + (total & (total + characters(self).length) & 1);
    return mark.repeat(left) + self + mark.repeat(total - left);
  };
}

function split(self: string, separator: Item | undefined, limit: Item | undefined, fromRight: boolean): string[] {
  const max = limit === undefined || limit === null ? -1 : requireInteger(limit, "maxsplit");
  const mark = optionalText(separator);
  if (mark === "") return fail("the separator of split is empty");
  if (mark === undefined) {
    const words = self.trim() === "" ? [] : self.trim().split(/\s+/);
    if (max < 0 || words.length <= max + 1) return words;
    if (fromRight) {
      const match = new RegExp(`^([\\s\\S]*?)${"\\s+(\\S+)".repeat(max)}\\s*$`).exec(self.trimStart());
      return match === null ? words : match.slice(1);
    }
    const match = new RegExp(`^\\s*${"(\\S+)\\s+".repeat(max)}([\\s\\S]*)$`).exec(self);
    return match === null ? words : match.slice(1).map((each, index) => (index === max ? each : each.trim()));
  }
  const parts = self.split(mark);
  if (max < 0 || parts.length <= max + 1) return parts;
  return fromRight
    ? [parts.slice(0, parts.length - max).join(mark), ...parts.slice(parts.length - max)]
    : [...parts.slice(0, max), parts.slice(max).join(mark)];
}

function find(self: string, args: readonly Item[], last: boolean): number {
  const needle = text(args[0] ?? fail("an argument is missing"));
  const from = args[1] ?? null;
  const part = text(slice(self, from, args[2] ?? null, null));
  const at = last ? part.lastIndexOf(needle) : part.indexOf(needle);
  if (at < 0) return -1;
  const offset = from === null ? 0 : requireInteger(from, "the start");
  return characters(part.slice(0, at)).length + (offset < 0 ? Math.max(0, characters(self).length + offset) : offset);
}

function isMade(pattern: RegExp): Method<string> {
  return (self) => pattern.test(self);
}

function cased(lower: boolean): Method<string> {
  return (self) =>
    /\p{L}/u.test(self) &&
    self === (lower ? self.toLowerCase() : self.toUpperCase()) &&
    self.toLowerCase() !== self.toUpperCase();
}

const textMethods: { readonly [name: string]: Method<string> } = {
  capitalize,
  casefold: (self) =>
    characters(self)
      .map((each) => each.toUpperCase().toLowerCase())
      .join(""),
  center: pad("both"),
  count: (self, [needle]) =>
    text(needle ?? "") === "" ? characters(self).length + 1 : self.split(text(needle ?? "")).length - 1,
  encode: (self) => self,
  decode: (self) => self,
  endswith: (self, [given]) => affixes(given).some((each) => self.endsWith(each)),
  expandtabs: (self, [size]) => expandTabs(self, size === undefined ? 8 : requireInteger(size, "the width")),
  find: (self, args) => find(self, args, false),
  format: (self, args, named) => strFormat(self, args, named),
  format_map: (self, [map]) => strFormat(self, [], isItemDict(map) ? map : newDict()),
  index: (self, args) => {
    const at = find(self, args, false);
    return at < 0 ? fail("substring not found") : at;
  },
  isalnum: isMade(/^[\p{L}\p{N}]+$/u),
  isalpha: isMade(/^\p{L}+$/u),
  isascii: isMade(/^[\0-\x7f]*$/),
  isdecimal: isMade(/^\p{Nd}+$/u),
  // Digits that stand above, below or in circles are digits too.
  isdigit: isMade(/^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒]+$/u),
  isidentifier: isMade(/^[\p{L}_][\p{L}\p{N}_]*$/u),
  islower: cased(true),
  isnumeric: isMade(/^\p{N}+$/u),
  isspace: isMade(/^\s+$/),
  istitle: (self) => /\p{L}/u.test(self) && self === titleCase(self),
  isupper: cased(false),
  join: (self, [items]) =>
    iterate(items ?? null)
      .map((each) =>
        typeof each === "string"
          ? each
          : each instanceof Undefined
            ? failUndefined(each)
            : fail("join needs texts; use the filter join, or map('string')"),
      )
      .join(self),
  ljust: pad("left"),
  lower: (self) => self.toLowerCase(),
  lstrip: stripSet("start"),
  partition: (self, [mark]) => {
    const separator = text(mark ?? "");
    const at = self.indexOf(separator);
    return at < 0 ? tuple(self, "", "") : tuple(self.slice(0, at), separator, self.slice(at + separator.length));
  },
  removeprefix: (self, [prefix]) =>
    self.startsWith(text(prefix ?? "")) ? self.slice(text(prefix ?? "").length) : self,
  removesuffix: (self, [suffix]) => {
    const end = text(suffix ?? "");
    return end !== "" && self.endsWith(end) ? self.slice(0, -end.length) : self;
  },
  replace: (self, [from, to, count]) =>
    replaceText(self, text(from ?? ""), text(to ?? ""), count === undefined ? -1 : requireInteger(count, "the count")),
  rfind: (self, args) => find(self, args, true),
  rindex: (self, args) => {
    const at = find(self, args, true);
    return at < 0 ? fail("substring not found") : at;
  },
  rjust: pad("right"),
  rpartition: (self, [mark]) => {
    const separator = text(mark ?? "");
    const at = self.lastIndexOf(separator);
    return at < 0 ? tuple("", "", self) : tuple(self.slice(0, at), separator, self.slice(at + separator.length));
  },
  rsplit: (self, [separator, limit], named) => split(self, separator ?? named["sep"], limit ?? named["maxsplit"], true),
  rstrip: stripSet("end"),
  split: (self, [separator, limit], named) => split(self, separator ?? named["sep"], limit ?? named["maxsplit"], false),
  splitlines: (self, [keep]) => splitLines(self, keep === true),
  startswith: (self, [given]) => affixes(given).some((each) => self.startsWith(each)),
  strip: stripSet("both"),
  swapcase: swapCase,
  title: titleCase,
  upper: (self) => self.toUpperCase(),
  zfill: (self, [width]) => {
    const sign = /^[-+]/.exec(self)?.[0] ?? "";
    return sign + self.slice(sign.length).padStart(requireInteger(width ?? null, "the width") - sign.length, "0");
  },
};

/** Python's `str.replace`, at most `count` times where that is not negative. */
export function replaceText(self: string, from: string, to: string, count: number): string {
  if (count < 0)
    return from === ""
      ? [...["", ...characters(self)].map((each) => each + to)].join("")
      : self.replaceAll(from, () => to);
  const parts = self.split(from);
  if (count >= parts.length - 1) return parts.join(to);
  return [...parts.slice(0, count), parts.slice(count).join(from)].join(to);
}

/** Python's `splitlines`. */
export function splitLines(self: string, keepEnds = false): string[] {
  const lines =
    self.match(/[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]|$)/g) ?? [];
  if (lines.at(-1) === "") lines.pop();
  return keepEnds ? lines : lines.map((line) => line.replace(/(?:\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029])$/, ""));
}

function expandTabs(self: string, size: number): string {
  let column = 0;
  return self.replace(/\t|[\r\n]|[^\t\r\n]+/g, (part) => {
    if (part === "\t") {
      const blanks = size > 0 ? size - (column % size) : 0;
      column += blanks;
      return " ".repeat(blanks);
    }
    column = part === "\n" || part === "\r" ? 0 : column + part.length;
    return part;
  });
}

// Lists and dicts made inside a template may be changed there (`{% do list.append(x) %}` is common).
const listMethods: { readonly [name: string]: Method<Item[]> } = {
  append: (self, [item]) => {
    self.push(item ?? null);
    return null;
  },
  clear: (self) => {
    self.length = 0;
    return null;
  },
  copy: (self) => [...self],
  count: (self, [item]) => self.filter((each) => equals(each, item ?? null)).length,
  extend: (self, [items]) => {
    self.push(...iterate(items ?? null));
    return null;
  },
  index: (self, [item]) => {
    const at = self.findIndex((each) => equals(each, item ?? null));
    return at < 0 ? fail("the item is not in the list") : at;
  },
  insert: (self, [at, item]) => {
    self.splice(requireInteger(at ?? null, "the index"), 0, item ?? null);
    return null;
  },
  pop: (self, [at]) => {
    if (self.length === 0) return fail("pop from an empty list");
    const index = at === undefined ? self.length - 1 : requireInteger(at, "the index");
    return self.splice(index, 1)[0] ?? null;
  },
  remove: (self, [item]) => {
    const at = self.findIndex((each) => equals(each, item ?? null));
    if (at < 0) return fail("the item is not in the list");
    self.splice(at, 1);
    return null;
  },
  reverse: (self) => {
    self.reverse();
    return null;
  },
  sort: (self) => {
    self.sort((a, b) => (typeof a === "string" && typeof b === "string" ? compareText(a, b) : Number(a) - Number(b)));
    return null;
  },
};

function keyOf(key: Item | undefined): string {
  return keyText(key ?? null) ?? fail("a list or dict cannot be the key of a dict");
}

const dictMethods: { readonly [name: string]: Method<ItemDict> } = {
  clear: (self) => {
    for (const key of Object.keys(self)) delete self[key];
    return null;
  },
  copy: (self) => newDict(Object.entries(self)),
  get: (self, [key, fallback], named) => {
    const name = keyOf(key);
    return Object.hasOwn(self, name) ? (self[name] ?? null) : (fallback ?? named["default"] ?? null);
  },
  has_key: (self, [key]) => contains(self, key ?? null),
  items: (self) => Object.entries(self).map(([key, value]) => tuple(key, value)),
  keys: (self) => Object.keys(self),
  pop: (self, [key, fallback]) => {
    const name = keyOf(key);
    if (!Object.hasOwn(self, name)) return fallback ?? fail(`the dict has no key '${name}'`);
    const value = self[name] ?? null;
    delete self[name];
    return value;
  },
  setdefault: (self, [key, fallback]) => {
    const name = keyOf(key);
    if (!Object.hasOwn(self, name)) self[name] = fallback ?? null;
    return self[name] ?? null;
  },
  update: (self, [other], named) => {
    if (isItemDict(other)) Object.assign(self, other);
    else if (other !== undefined)
      for (const pair of iterate(other)) {
        const [key, value] = iterate(pair);
        self[keyOf(key)] = value ?? null;
      }
    Object.assign(self, named);
    return null;
  },
  values: (self) => Object.values(self),
};

function bound<T>(methods: { readonly [name: string]: Method<T> }, self: T, name: string): Callable | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) return undefined;
  return new Callable(name, ({ positional, named }: CallArguments) => method(self, positional, named));
}

/** Methods that change what they belong to: they need a list or dict that the template may change. */
export const mutating: ReadonlySet<string> = new Set([
  ...["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort", "setdefault", "update"],
]);

/** The method of a Python string, list, tuple, dict or number; undefined where the type has none of that name. */
export function methodOf(item: Item, name: string): Callable | undefined {
  if (typeof item === "string") return bound(textMethods, item, name);
  if (item instanceof Tuple) return name === "index" || name === "count" ? bound(listMethods, item, name) : undefined;
  if (Array.isArray(item)) return bound(listMethods, item, name);
  if (isItemDict(item)) return bound(dictMethods, item, name);
  if (typeof item === "number" && Number.isInteger(item) && name === "bit_length")
    return new Callable(name, () => Math.abs(item).toString(2).length);
  return undefined;
}

/** All method names of an item's type, for "did you mean". */
export function methodNames(item: Item): string[] {
  if (typeof item === "string") return Object.keys(textMethods);
  if (Array.isArray(item)) return Object.keys(listMethods);
  return isItemDict(item) ? Object.keys(dictMethods) : [];
}
