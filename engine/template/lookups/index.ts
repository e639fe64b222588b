import type { Plugin } from "../plugin.ts";
import { fileLookups } from "./file.ts";
import { valueLookups } from "./value.ts";

const all = new Map<string, Plugin>([...Object.entries(fileLookups), ...Object.entries(valueLookups)]);
const nested = all.get("nested");
if (nested !== undefined) all.set("cartesian", nested);

/** Every lookup by its short name. */
export const lookups: ReadonlyMap<string, Plugin> = all;
