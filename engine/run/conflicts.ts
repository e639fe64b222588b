import type { Change, Effect } from "../modules/contract.ts";
import { baseName } from "../modules/path-names.ts";
import type { PathState } from "../modules/paths.ts";
import type { Asked } from "./look.ts";

/** Files whose change means more than themselves: users, groups, how names are looked up. */
const accounts = ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/nsswitch.conf"];

/**
 * Whether a planned change may make an earlier answer wrong. Paths touch each other when one is the other or above
 * it, by name or in reality; of anything else, the same subject counts. In doubt they touch.
 */
export function touches(effects: readonly Effect[], asked: readonly Asked[]): boolean {
  return effects.some((effect) => asked.some((each) => touch(effect, each)));
}

function touch(effect: Effect, asked: Asked): boolean {
  if ("opens" in effect) return effect.opens.includes("*") || effect.opens.includes(asked.kind);
  if (effect.kind !== asked.kind) {
    if (asked.kind === "user" || asked.kind === "group" || asked.kind === "home") {
      return effect.kind === "user" || effect.kind === "group" || accounts.includes(effect.subject);
    }
    return true;
  }
  if (effect.kind !== "path") return effect.subject === asked.subject;
  const places = [effect.subject, ...realPlaces(effect)];
  const looked = asked.real === undefined ? [asked.subject] : [asked.subject, asked.real];
  return places.some((place) => looked.some((path) => reaches(place, path, asked.folder ?? false)));
}

function realPlaces(effect: Effect): string[] {
  if (!("state" in effect) || typeof effect.state !== "object" || effect.state === null) return [];
  const state = effect.state;
  return "real" in state && typeof state.real === "string" ? [state.real] : [];
}

/** A change reaches what is below it, itself, and what is above it unless that was a folder and so stays one. */
function reaches(changed: string, path: string, folder: boolean): boolean {
  return changed === path || isBelow(path, changed) || (!folder && isBelow(changed, path));
}

function isBelow(path: string, above: string): boolean {
  return above === "/" || path.startsWith(`${above}/`);
}

/**
 * Which remembered answers are still true after a change, on whatever host it happened: two names of the inventory
 * may be one machine, or share a file system. Undefined: none.
 *
 * Only what a confined change made at paths that are no links can be told; then an answer stays unless the change
 * touches it or has its name in it, for a folder may be mounted at two places. Answers that came through links, and
 * those about files of several names, never stay.
 */
export function outlasting(
  change: Pick<Change, "effects" | "confined"> | undefined,
): ((asked: Asked) => boolean) | undefined {
  if (!change?.confined || change.effects.length === 0 || !change.effects.every(isPlain)) return undefined;
  const names = change.effects.flatMap((effect) => ("subject" in effect ? [`/${baseName(effect.subject)}/`] : []));
  return (asked) => {
    if (!asked.plain || touches(change.effects, [asked])) return false;
    const path = `${asked.subject}/`;
    return !names.some((name) => path.includes(name));
  };
}

/** A file or a folder that is there afterwards: nothing else was to be reached through what it replaced. */
function isPlain(effect: Effect): boolean {
  if (!("state" in effect) || effect.kind !== "path") return false;
  const state = effect.state as PathState; // only paths.ts makes effects of this kind
  return state.exists && (state.type === "directory" || (state.type === "file" && state.links === 1));
}

/** Whether what is at this place is there under no other name that links make. */
export function plain(subject: string, state: PathState): boolean {
  if (state.real !== subject) return false;
  return !state.exists || state.type === "directory" || (state.type === "file" && state.links === 1);
}
