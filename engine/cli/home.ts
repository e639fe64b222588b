import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project itself: the bundle lives in its dist/, the sources in engine/cli/. */
export function home(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return here.endsWith("cli") ? dirname(dirname(here)) : dirname(here);
}
