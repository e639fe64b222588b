import type { Dict } from "../source/value.ts";
import type { ProjectState, ServiceContainer, ServiceDefinition } from "./compose-project.ts";
import { asDict, at } from "./docker.ts";

/** What is asked of all services of a project. */
export interface Wishes {
  /** Service → how many containers. */
  readonly scale?: Dict | undefined;
  readonly recreate: "smart" | "always" | "never";
  readonly stopped: boolean;
  readonly restarted: boolean;
}

/** A service as it is, beside what it should be. */
export interface Goal {
  readonly service: string;
  readonly count: number;
  readonly existing: readonly ServiceContainer[];
  /** Made from another definition, or of another image. */
  readonly diverged: readonly ServiceContainer[];
  readonly idle: readonly ServiceContainer[];
  readonly running: readonly ServiceContainer[];
  readonly missing: number;
  readonly surplus: readonly ServiceContainer[];
  /** Something has to be done whatever the definition's hash is. */
  readonly certain: boolean;
  /** Nothing has, unless its hash is another one. */
  readonly doubtful: boolean;
}

/** Compares a service with what is asked of it. */
export function goal(
  args: Wishes,
  service: string,
  definition: ServiceDefinition | undefined,
  state: Pick<ProjectState, "containers" | "hashes">,
): Goal {
  const scale = args.scale?.[service];
  const count = scale === undefined ? (definition?.scale ?? 1) : Number(scale);
  const existing = state.containers.filter((each) => each.service === service).sort((a, b) => a.number - b.number);
  const surplus = existing.slice(count);
  const kept = existing.slice(0, count);
  const hash = state.hashes?.get(service);
  const other = (each: ServiceContainer) => hash !== undefined && each.hash !== undefined && each.hash !== hash;
  const unsound = (each: ServiceContainer) => other(each) || isDetached(each);
  const diverged = args.recreate === "always" ? kept : args.recreate === "never" ? [] : kept.filter(unsound);
  const idle = kept.filter((each) => !each.running && !diverged.includes(each));
  const running = kept.filter((each) => each.running);
  const missing = Math.max(0, count - existing.length);
  const acts = args.stopped ? running.length > 0 : idle.length > 0 || (args.restarted && running.length > 0);
  const anew = args.recreate === "always" ? kept.length > 0 : diverged.some(isDetached);
  const certain = missing > 0 || surplus.length > 0 || acts || anew;
  return {
    service,
    count,
    existing,
    diverged,
    idle,
    running,
    missing,
    surplus,
    certain,
    doubtful: kept.some((each) => each.hash !== undefined) && args.recreate === "smart",
  };
}

/**
 * Whether it is outside the network it was made for: that one was taken away under it. Stopped it is too: started like
 * that it would have no network at all.
 */
function isDetached({ inspected }: ServiceContainer): boolean {
  const mode = at(inspected, "HostConfig", "NetworkMode");
  const named = typeof mode === "string" && !/^(?:default|bridge|host|none|)$|^container:/.test(mode);
  const networks = at(inspected, "NetworkSettings", "Networks");
  return named && networks !== undefined && Object.keys(asDict(networks)).length === 0;
}
