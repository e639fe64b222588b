import type { Reply, Script } from "../host/contract.ts";

/** How a request travels with others of its kind that are made in the same moment. */
export interface Joint {
  /** Those of one key can be asked by one script. */
  readonly key: string;
  /** Characters that it adds to the script, about. */
  readonly size: number;
  /** One script for several parts of this key. */
  join(parts: readonly Joint[]): Joined;
}

export interface Joined {
  readonly script: Script;
  /** What each part would have been answered alone, in order; undefined for one that has to go alone after all. */
  split(reply: Reply): readonly (Reply | undefined)[];
}
