import type { Change, Effect } from "../modules/contract.ts";
import { ancestorsOf, baseName } from "../modules/path-names.ts";
import type { PathState } from "../modules/paths.ts";
import type { Asked } from "./look.ts";

/** Files whose change means more than themselves: users, groups, how names are looked up. */
const accounts = ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/nsswitch.conf"];

/**
 * What planned changes may make wrong of earlier answers. Paths touch each other when one is the other or above it, by
 * name or in reality; of anything else, the same subject counts. In doubt they touch.
 */
export class Reach {
  readonly #paths = new Set<string>();
  readonly #above = new Set<string>();
  readonly #others: Effect[] = [];

  constructor(effects: readonly Effect[] = []) {
    this.add(effects);
  }

  add(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (!("kind" in effect) || effect.kind !== "path") {
        this.#others.push(effect);
        continue;
      }
      for (const place of [effect.subject, ...realPlaces(effect)]) {
        if (this.#paths.has(place)) continue;
        this.#paths.add(place);
        for (const above of ancestorsOf(place)) this.#above.add(above);
      }
    }
  }

  touches(asked: readonly Asked[]): boolean {
    return asked.some((each) => this.#touchesPath(each) || this.#others.some((effect) => touch(effect, each)));
  }

  #touchesPath({ kind, subject, real, folder }: Asked): boolean {
    if (this.#paths.size === 0) return false;
    if (kind !== "path") return !ofAccounts(kind) || accounts.some((file) => this.#paths.has(file));
    // A change reaches what is below it, itself, and what is above it unless that was a folder and so stays one.
    return [subject, real ?? subject].some(
      (path) =>
        this.#paths.has(path) ||
        (!folder && this.#above.has(path)) ||
        ancestorsOf(path).some((above) => this.#paths.has(above)),
    );
  }
}

/** Of effects that are on no path. */
function touch(effect: Effect, asked: Asked): boolean {
  if ("opens" in effect) return effect.opens.includes("*") || effect.opens.includes(asked.kind);
  if (effect.kind === asked.kind) return effect.subject === asked.subject;
  return !ofAccounts(asked.kind) || effect.kind === "user" || effect.kind === "group";
}

function ofAccounts(kind: string): boolean {
  return kind === "user" || kind === "group" || kind === "home";
}

function realPlaces(effect: Effect): string[] {
  if (!("state" in effect) || typeof effect.state !== "object" || effect.state === null) return [];
  const state = effect.state;
  return "real" in state && typeof state.real === "string" ? [state.real] : [];
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
  const reach = new Reach(change.effects);
  const names = change.effects.flatMap((effect) => ("subject" in effect ? [`/${baseName(effect.subject)}/`] : []));
  return (asked) => {
    if (!asked.plain || reach.touches([asked])) return false;
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
