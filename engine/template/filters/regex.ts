import { fail, type Item, text, truthy } from "../item.ts";
import { requireInteger } from "../operators.ts";
import { type Bound, type Family, plugin } from "../plugin.ts";
import { expandReplacement, pythonRegex } from "../python-regex.ts";

function flags(args: Bound): string {
  const on = (name: string): boolean => truthy(args[name] ?? false);
  return (on("ignorecase") ? "i" : "") + (on("multiline") ? "m" : "");
}

const given = (item: Item | undefined, fallback = ""): string => (item === undefined ? fallback : text(item));

export const regexFilters: Family = {
  regex_replace: plugin("pattern replacement ignorecase multiline count mandatory_count", (input, args) => {
    const regex = pythonRegex(given(args["pattern"]), `g${flags(args)}`);
    const replacement = given(args["replacement"]);
    const limit = args["count"] === undefined ? 0 : requireInteger(args["count"], "count");
    let done = 0;
    const result = text(input).replace(regex, (...match: unknown[]) => {
      if (limit > 0 && done >= limit) return String(match[0]);
      done++;
      const last = match.at(-1);
      const groups =
        typeof last === "object" && last !== null ? (last as { [name: string]: string | undefined }) : undefined;
      const captured = match.slice(0, groups === undefined ? -2 : -3) as (string | undefined)[];
      return expandReplacement(replacement, captured, groups);
    });
    const wanted =
      args["mandatory_count"] === undefined ? 0 : requireInteger(args["mandatory_count"], "mandatory_count");
    if (wanted > 0 && wanted !== done)
      return fail(`regex_replace should have matched ${wanted} times, and matched ${done} times`);
    return result;
  }),
  regex_search: plugin("regex *groups ignorecase multiline", (input, args, _, { rest }) => {
    const wanted = rest.map((each) => {
      const group = /^\\(?:g<(\S+)>|(\d+))/.exec(text(each));
      const name = group?.[1] ?? group?.[2];
      return name ?? fail(`'${text(each)}' is no reference to a group, such as '\\1' or '\\g<name>'`);
    });
    const match = pythonRegex(given(args["regex"]), flags(args)).exec(text(input));
    if (match === null) return null;
    if (wanted.length === 0) return match[0];
    return wanted.map((name) => {
      const known = /^\d+$/.test(name) ? Number(name) < match.length : Object.hasOwn(match.groups ?? {}, name);
      if (!known) return fail(`the expression has no group '${name}'`);
      return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? null;
    });
  }),
  regex_findall: plugin("regex multiline ignorecase", (input, args) =>
    [...text(input).matchAll(pythonRegex(given(args["regex"]), `g${flags(args)}`))].map((match): Item => {
      if (match.length === 1) return match[0];
      return match.length === 2 ? (match[1] ?? "") : match.slice(1).map((each) => each ?? "");
    }),
  ),
  regex_escape: plugin("re_type", (input, args) => {
    const kind = given(args["re_type"], "python");
    if (kind !== "python" && kind !== "posix_basic")
      return fail(`regex_escape has no type '${kind}'`, undefined, "It has python and posix_basic.");
    if (kind === "posix_basic") return text(input).replace(/[$^.*[\]\\]/g, "\\$&");
    return text(input).replace(/[\\^$.*+?()[\]{}|\-#&~\s]/g, (mark) => `\\${mark}`);
  }),
};
