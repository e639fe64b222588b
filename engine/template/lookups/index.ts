import type { Plugin } from "../plugin.ts";
import { fileLookups } from "./file.ts";
import { passwordLookups } from "./password.ts";
import { valueLookups } from "./value.ts";

const all = new Map<string, Plugin>(
  [fileLookups, passwordLookups, valueLookups].flatMap((family) => Object.entries(family)),
);
const nested = all.get("nested");
if (nested !== undefined) all.set("cartesian", nested);

/** Every lookup by its short name. */
export const lookups: ReadonlyMap<string, Plugin> = all;
