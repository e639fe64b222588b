import type { Unknown } from "../../source/value.ts";
import { fail, type Item, text, truthy } from "../item.ts";
import { type Bound, type Family, plugin } from "../plugin.ts";
import { pythonRegex } from "../python-regex.ts";
import { compareVersions } from "../version-compare.ts";

/** Where an expression must match: at the start, anywhere, or as `match_type` says. */
function matching(kind: "match" | "search" | "match_or_search") {
  return plugin<boolean | Unknown>(
    kind === "match_or_search" ? "pattern ignorecase multiline match_type" : "pattern ignorecase multiline",
    (input, args) => {
      const flags = (truthy(args["ignorecase"] ?? false) ? "i" : "") + (truthy(args["multiline"] ?? false) ? "m" : "");
      const chosen =
        kind === "match_or_search" ? (args["match_type"] === undefined ? "search" : text(args["match_type"])) : kind;
      const pattern = text(args["pattern"] ?? "");
      const value = text(input);
      if (chosen === "search") return pythonRegex(pattern, flags).test(value);
      const match = pythonRegex(pattern, `y${flags}`).exec(value);
      if (match === null) return false;
      // A full match may need another alternative than the first one that fits.
      return chosen === "fullmatch" ? pythonRegex(`(?:${pattern})\\Z`, `y${flags}`).test(value) : true;
    },
  );
}

const operators: { readonly [name: string]: (order: number) => boolean } = {
  "==": (order) => order === 0,
  "=": (order) => order === 0,
  eq: (order) => order === 0,
  "!=": (order) => order !== 0,
  "<>": (order) => order !== 0,
  ne: (order) => order !== 0,
  "<": (order) => order < 0,
  lt: (order) => order < 0,
  "<=": (order) => order <= 0,
  le: (order) => order <= 0,
  ">": (order) => order > 0,
  gt: (order) => order > 0,
  ">=": (order) => order >= 0,
  ge: (order) => order >= 0,
};

function version(input: Item, args: Bound): boolean {
  const name = args["operator"] === undefined ? "eq" : text(args["operator"]);
  const holds = Object.hasOwn(operators, name) ? operators[name] : undefined;
  if (holds === undefined)
    return fail(`version has no operator '${name}'`, undefined, `It has: ${Object.keys(operators).join(" ")}.`);
  if (
    args["strict"] !== undefined &&
    args["strict"] !== null &&
    args["version_type"] !== undefined &&
    args["version_type"] !== null
  )
    return fail("version takes 'strict' or 'version_type', not both");
  const kind = truthy(args["strict"] ?? false)
    ? "strict"
    : args["version_type"] === undefined || args["version_type"] === null
      ? "loose"
      : text(args["version_type"]);
  const left = text(input);
  const right = text(args["version"] ?? "");
  if (left === "") return fail("the version to compare is empty");
  if (right === "") return fail("the version to compare with is empty");
  return holds(compareVersions(left, right, kind));
}

const versionTest = plugin<boolean | Unknown>("version operator strict version_type", version);

function url(input: Item, schemes: readonly string[] | undefined): boolean {
  const match = /^([a-zA-Z][\w+.-]*):(.*)$/s.exec(text(input));
  return match !== null && (schemes === undefined || schemes.includes((match[1] ?? "").toLowerCase()));
}

const schemesOf = (item: Item | undefined): string[] | undefined => (Array.isArray(item) ? item.map(text) : undefined);

/** Tests on texts. */
export const textTests: Family<boolean | Unknown> = {
  match: matching("match"),
  regex: matching("match_or_search"),
  search: matching("search"),
  uri: plugin("schemes", (input, { schemes }) => url(input, schemesOf(schemes))),
  url: plugin("schemes", (input, { schemes }) => url(input, schemesOf(schemes)) && /^[^:]+:\/\/[^/]/.test(text(input))),
  urn: plugin("", (input) => /^urn:[^:]+:./i.test(text(input))),
  version: versionTest,
  version_compare: versionTest,
};
