import type { Unknown } from "../../source/value.ts";
import { text } from "../item.ts";
import { type Plugin, plugin, shortName } from "../plugin.ts";
import { addressTests } from "./address.ts";
import { pathTests } from "./path.ts";
import { resultTests } from "./result.ts";
import { textTests } from "./text.ts";
import { valueTests } from "./value.ts";

const aliases: { readonly [alias: string]: string } = {
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  "==": "eq",
  ">": "gt",
  ">=": "ge",
  equalto: "eq",
  greaterthan: "gt",
  is_abs: "abs",
  is_dir: "directory",
  is_file: "file",
  is_link: "link",
  is_mount: "mount",
  is_same_file: "same_file",
  isnan: "nan",
  issubset: "subset",
  issuperset: "superset",
  lessthan: "lt",
};

const all = new Map<string, Plugin<boolean | Unknown>>(
  [addressTests, pathTests, resultTests, textTests, valueTests].flatMap((family) => Object.entries(family)),
);
for (const [alias, name] of Object.entries(aliases)) {
  const test = all.get(name);
  if (test !== undefined) all.set(alias, test);
}

all.set(
  "test",
  plugin("", (input) => all.has(shortName(text(input)))),
);

/** Every test by its short name. */
export const tests: ReadonlyMap<string, Plugin<boolean | Unknown>> = all;
