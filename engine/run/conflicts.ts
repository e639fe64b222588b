import type { Effect } from "../modules/contract.ts";
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
