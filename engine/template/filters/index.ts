import type { Plugin } from "../plugin.ts";
import { dataFilters } from "./data.ts";
import { dictFilters } from "./dict.ts";
import { encodeFilters } from "./encode.ts";
import { ipFilters } from "./ip.ts";
import { listFilters } from "./list.ts";
import { numberFilters } from "./number.ts";
import { pathFilters } from "./path.ts";
import { regexFilters } from "./regex.ts";
import { selectFilters } from "./select.ts";
import { textFilters } from "./text.ts";
import { valueFilters } from "./value.ts";

const aliases: { readonly [alias: string]: string } = {
  count: "length",
  d: "default",
  e: "escape",
};

const all = new Map<string, Plugin>(
  [
    dataFilters,
    dictFilters,
    encodeFilters,
    ipFilters,
    listFilters,
    numberFilters,
    pathFilters,
    regexFilters,
    selectFilters,
    textFilters,
    valueFilters,
  ].flatMap((family) => Object.entries(family)),
);
for (const [alias, name] of Object.entries(aliases)) {
  const filter = all.get(name);
  if (filter !== undefined) all.set(alias, filter);
}

/** Every filter by its short name. */
export const filters: ReadonlyMap<string, Plugin> = all;
