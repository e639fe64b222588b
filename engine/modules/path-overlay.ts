import { Unknown } from "../source/value.ts";
import type { Effect, Predictions } from "./contract.ts";
import { isBelow, linkTarget } from "./path-names.ts";
import type { AbsentPath, PathState } from "./paths.ts";

/** Where a path will be once a link that is only predicted is there; the host can be asked about that place. */
export class ThroughLink extends Unknown {
  readonly to: string;
  constructor(link: string, to: string) {
    super(`${link} will be a link`);
    this.to = to;
  }
}

/**
 * What earlier predictions say about a path; undefined where they say nothing. The newest effect that reaches the
 * path decides: its own, or that of a folder above it (removed, newly made, turned into a link, unknown).
 */
export function overlay(path: string, predictions: Predictions): PathState | Unknown | undefined {
  const effects = predictions.all("path");
  return search(path, effects, effects.length - 1, 0);
}

function search(
  path: string,
  effects: readonly Effect[],
  newest: number,
  hops: number,
): PathState | Unknown | undefined {
  for (let index = newest; index >= 0; index--) {
    const effect = effects[index];
    if (!effect || !("kind" in effect)) continue;
    const state = "state" in effect ? (effect.state as PathState) : undefined; // only paths.ts makes effects of this kind
    const places = [
      ...new Set([effect.subject, ...(state ? [state.real] : []), throughLinks(effect.subject, effects, index)]),
    ];
    if (places.includes(path)) {
      if (!state) return new Unknown(reasonOf(effect));
      const own = state.exists && state.keepsContent ? older(state, path, effects, index) : { ...state, path };
      return shared(own, effects.slice(index + 1));
    }
    const above = places.find((place) => isBelow(place, path));
    if (above === undefined) continue;
    if (!state) return new Unknown(reasonOf(effect));
    if (!state.exists) return absent(path, state.newcomer);
    if (state.type === "directory") {
      if (state.fresh) return absent(path, state.fresh);
      continue;
    }
    if (state.type !== "link" || state.target === undefined) return absent(path, newcomerOf(state));
    if (hops > 20) return new Unknown(`${above} will be a link that leads to itself`);
    const through = (state.leadsTo ?? linkTarget(above, state.target)) + path.slice(above.length);
    return search(through, effects, effects.length - 1, hops + 1) ?? new ThroughLink(above, through);
  }
  return undefined;
}

/** Where a path is once the links that were predicted before are there. */
function throughLinks(path: string, effects: readonly Effect[], before: number): string {
  for (let index = before - 1; index >= 0; index--) {
    const effect = effects[index];
    if (!effect || !("state" in effect) || !isBelow(effect.subject, path)) continue;
    const state = effect.state as PathState; // as above
    if (!state.exists || state.type !== "link" || state.leadsTo === undefined) continue;
    return state.leadsTo + path.slice(effect.subject.length);
  }
  return path;
}

/**
 * A file with several names has one owner and one set of permissions: what was predicted by another name holds for
 * this one too.
 */
export function sharedByName(state: PathState, predictions: Predictions): PathState {
  return state.exists && state.links > 1 ? shared(state, predictions.all("path")) : state;
}

function shared(state: PathState, newer: readonly Effect[]): PathState {
  if (!state.exists || state.inode === 0 || state.type !== "file") return state;
  const effect = newer.findLast((each) => {
    const other = "state" in each ? (each.state as PathState) : undefined; // as above
    return other?.exists && other.inode === state.inode && other.device === state.device;
  });
  if (!effect || !("state" in effect)) return state;
  const { mode, uid, gid, owner, group } = effect.state as PathState & { exists: true }; // found as such
  return { ...state, mode, uid, gid, owner, group };
}

/** Attributes that change over a content which an older effect predicted. */
function older(
  state: PathState & { exists: true },
  path: string,
  effects: readonly Effect[],
  index: number,
): PathState {
  const before = search(path, effects, index - 1, 0);
  if (!before || before instanceof Unknown || !before.exists) return { ...state, path };
  const { content, sha256, size, fresh, keepsContent } = before;
  return {
    ...state,
    path,
    size,
    keepsContent: keepsContent ?? false,
    ...(content ? { content } : {}),
    ...(sha256 ? { sha256 } : {}),
    ...(fresh ? { fresh } : {}),
  };
}

function reasonOf(effect: Effect): string {
  return "unknown" in effect ? effect.unknown : "known after the run";
}

function absent(path: string, newcomer: AbsentPath["newcomer"]): AbsentPath {
  return { exists: false, path, real: path, newcomer };
}

function newcomerOf(state: PathState & { exists: true }): AbsentPath["newcomer"] {
  return { uid: state.uid, gid: state.gid, owner: state.owner, group: state.group, umask: 0o022 };
}
