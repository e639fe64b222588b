import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { nearest } from "./nearest.ts";

/**
 * What to do about a file that is at none of the places where it was looked for: the nearest name that is there, else
 * the places.
 * @param written the name as the user wrote it
 */
export function missingHint(written: string, places: readonly string[]): string {
  const near = nearestFile(written, places);
  const distinct = [...new Set(places)];
  return near === undefined ? `Looked for: ${distinct.join(", ")}` : `Did you mean '${near}'?`;
}

/** The name that was probably meant, spelt as the user would write it; undefined where none is near. */
export function nearestFile(written: string, places: readonly string[]): string | undefined {
  for (const place of new Set(places)) {
    const near = nearest(basename(place), namesIn(dirname(place)));
    if (near !== undefined) return join(dirname(written), near);
  }
  return undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // no such folder, or none that may be read: nothing to suggest
  }
}
