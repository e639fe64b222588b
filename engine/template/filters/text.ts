import { Tuple } from "../../source/value.ts";
import { characters, fail, type Item, isItemDict, iterate, newDict, text, truthy } from "../item.ts";
import { methodOf, replaceText, splitLines } from "../methods.ts";
import { requireInteger } from "../operators.ts";
import { percentFormat } from "../percent-format.ts";
import { type Family, plugin, type Runtime } from "../plugin.ts";
import { capitalize } from "../text-case.ts";

const integer = (item: Item | undefined, fallback: number, what: string): number =>
  item === undefined || item === null ? fallback : requireInteger(item, what);

function escapeHtml(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("'", "&#39;")
    .replaceAll('"', "&#34;");
}

/** A text as one word of a POSIX shell, as Python's shlex writes it. */
export function shellQuote(value: string): string {
  if (value === "") return "''";
  return /^[\w@%+=:,./-]+$/.test(value) && !/[^\0-\x7f]/.test(value) ? value : `'${value.replaceAll("'", `'"'"'`)}'`;
}

/** Jinja's `indent`: every line but the first, and no empty one, unless told otherwise. */
function indent(value: string, width: Item | undefined, first: boolean, blank: boolean): string {
  const margin = typeof width === "string" ? width : " ".repeat(integer(width, 4, "the width"));
  const lines = splitLines(`${value}\n`.replace(/\n\n$/, "\n\n"));
  const [head = "", ...rest] = value.endsWith("\n") ? [...splitLines(value), ""] : lines;
  const body = [head, ...rest.map((line) => (line !== "" || blank ? margin + line : line))].join("\n");
  return first ? margin + body : body;
}

/** Breaks lines at blanks where possible; the paragraphs stay apart. */
function wordWrap(value: string, width: number, breakLong: boolean, newline: string, breakHyphens: boolean): string {
  const wrapLine = (line: string): string => {
    const lines: string[] = [];
    let current = "";
    const chunks = line.match(breakHyphens ? /\s+|[^\s-]*[^\W\d_]-(?=[^\W\d_])|\S+?(?=\s|$)|\S+/g : /\s+|\S+/g) ?? [];
    for (let chunk of chunks) {
      if (/^\s/.test(chunk)) {
        if (lines.length > 0 && current === "") continue;
        current += chunk;
        continue;
      }
      if (current.length + chunk.length > width && current.trim() !== "") {
        lines.push(current.trimEnd());
        current = "";
      }
      while (breakLong && chunk.length > width) {
        const room = width - current.length;
        lines.push(current + chunk.slice(0, room));
        chunk = chunk.slice(room);
        current = "";
      }
      current += chunk;
    }
    if (current.trim() !== "" || lines.length === 0) lines.push(current.trimEnd());
    return lines.join(newline);
  };
  return splitLines(value).map(wrapLine).join(newline);
}

function truncate(value: string, length: number, whole: boolean, end: string, leeway: number): string {
  const list = characters(value);
  if (list.length <= length + leeway) return value;
  if (length < end.length) return fail(`truncate needs a length of at least ${end.length}`);
  const cut = list.slice(0, length - end.length).join("");
  if (whole) return cut + end;
  const space = cut.lastIndexOf(" ");
  return (space < 0 ? cut : cut.slice(0, space)) + end;
}

const commentStyles: { readonly [name: string]: { readonly [key: string]: string } } = {
  plain: { decoration: "# " },
  erlang: { decoration: "% " },
  c: { decoration: "// " },
  cblock: { beginning: "/*", decoration: " * ", end: " */" },
  xml: { beginning: "<!--", decoration: " - ", end: "-->" },
};

function comment(value: string, style: string, options: { readonly [name: string]: Item }): string {
  const base =
    commentStyles[style] ??
    fail(`comment has no style '${style}'`, undefined, `It has: ${Object.keys(commentStyles).join(", ")}.`);
  const option = (name: string, fallback: string): string =>
    Object.hasOwn(options, name) ? text(options[name] ?? "") : fallback;
  const newline = option("newline", "\n");
  const around = option("decoration", base["decoration"] ?? "# ").trimEnd();
  const decoration = option("decoration", base["decoration"] ?? "");
  const beginning = option("beginning", base["beginning"] ?? "");
  const end = option("end", base["end"] ?? "");
  const prefix = option("prefix", around);
  const count = (name: string): number => integer(options[name], 1, name);
  const before = (prefix === newline ? newline : `${prefix}${newline}`).repeat(
    prefix === "" ? 0 : count("prefix_count"),
  );
  const after = `${newline}${option("postfix", around)}`.repeat(count("postfix_count"));
  const body = `${decoration}${value.replaceAll(newline, newline + decoration)}`.replaceAll(
    decoration + newline,
    decoration.trimEnd() + newline,
  );
  return `${beginning === "" ? "" : beginning + newline}${before}${body}${after}${end === "" ? "" : newline + end}`;
}

function urlize(value: string): string {
  return escapeHtml(value).replace(/(?:https?:\/\/|www\.)[^\s<>]+[^\s<>.,;:!?)]/g, (url) => {
    const target = url.startsWith("www.") ? `https://${url}` : url;
    return `<a href="${target}" rel="noopener">${url}</a>`;
  });
}

function join(items: readonly Item[], separator: string, attribute: Item | undefined, runtime: Runtime): string {
  return items
    .map((each) => text(attribute === undefined || attribute === null ? each : runtime.member(each, attribute)))
    .join(separator);
}

/** Filters from text to text. */
export const textFilters: Family = {
  capitalize: plugin("", (input) => capitalize(text(input))),
  center: plugin(
    "width",
    (input, { width }) =>
      methodOf(text(input), "center")?.call({ positional: [width ?? 80], named: newDict() }) ?? null,
  ),
  comment: plugin("style **options", (input, { style }, _, { options }) =>
    comment(text(input), style === undefined ? "plain" : text(style), options),
  ),
  escape: plugin("", (input) => escapeHtml(text(input))),
  forceescape: plugin("", (input) => escapeHtml(text(input))),
  format: plugin("*values **named", (input, _, __, { rest, options }) => {
    if (Object.keys(options).length > 0 && rest.length > 0)
      return fail("format takes values by place or by name, not both");
    return percentFormat(text(input), Object.keys(options).length > 0 ? options : Tuple.with([...rest]));
  }),
  indent: plugin("width first blank", (input, { width, first, blank }) =>
    indent(text(input), width, truthy(first ?? false), truthy(blank ?? false)),
  ),
  join: plugin("d attribute", (input, { d, attribute }, runtime) =>
    join(iterate(input), d === undefined ? "" : text(d), attribute, runtime),
  ),
  lower: plugin("", (input) => text(input).toLowerCase()),
  quote: plugin("", (input) => shellQuote(input === null ? "" : text(input))),
  replace: plugin("old new count", (input, { old, new: replacement, count }) =>
    replaceText(text(input), text(old ?? ""), text(replacement ?? ""), integer(count, -1, "the count")),
  ),
  safe: plugin("", (input) => text(input)),
  split: plugin("sep maxsplit", (input, { sep, maxsplit }) => {
    const split = methodOf(text(input), "split");
    return split?.call({ positional: [sep ?? null, maxsplit ?? -1], named: newDict() }) ?? null;
  }),
  splitlines: plugin("keepends", (input, { keepends }) => splitLines(text(input), truthy(keepends ?? false))),
  string: plugin("", (input) => text(input)),
  striptags: plugin("", (input) =>
    text(input)
      .replace(/<!--[\s\S]*?-->|<[^>]*>/g, "")
      .split(/\s+/)
      .filter(Boolean)
      .join(" ")
      .replace(
        /&(amp|lt|gt|quot|#39|#34);/g,
        (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#34": '"' })[name] ?? "",
      ),
  ),
  title: plugin("", (input) =>
    text(input).replace(/[^-\s({[<]+/g, ([first = "", ...rest]) => first.toUpperCase() + rest.join("").toLowerCase()),
  ),
  trim: plugin(
    "chars",
    (input, { chars }) =>
      methodOf(text(input), "strip")?.call({ positional: [chars ?? null], named: newDict() }) ?? null,
  ),
  truncate: plugin("length killwords end leeway", (input, { length, killwords, end, leeway }) =>
    truncate(
      text(input),
      integer(length, 255, "the length"),
      truthy(killwords ?? false),
      end === undefined ? "..." : text(end),
      integer(leeway, 5, "leeway"),
    ),
  ),
  upper: plugin("", (input) => text(input).toUpperCase()),
  urlize: plugin("trim_url_limit nofollow target rel extra_schemes", (input) => urlize(text(input))),
  wordcount: plugin("", (input) => (text(input).match(/[\p{L}\p{N}_]+/gu) ?? []).length),
  wordwrap: plugin("width break_long_words wrapstring break_on_hyphens", (input, args) =>
    wordWrap(
      text(input),
      integer(args["width"], 79, "the width"),
      truthy(args["break_long_words"] ?? true),
      args["wrapstring"] === undefined || args["wrapstring"] === null ? "\n" : text(args["wrapstring"]),
      truthy(args["break_on_hyphens"] ?? true),
    ),
  ),
  xmlattr: plugin("autospace", (input, { autospace }) => {
    if (!isItemDict(input)) return fail("xmlattr needs a dict");
    const attributes = Object.entries(input)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${escapeHtml(name)}="${escapeHtml(text(value))}"`)
      .join(" ");
    return attributes !== "" && truthy(autospace ?? true) ? ` ${attributes}` : attributes;
  }),
};
