import type { Effect, Predictions } from "../modules/contract.ts";

/** The effects that planned changes of one host will have had: what check mode lays over later answers. */
export class HostPredictions implements Predictions {
  readonly #effects: Effect[] = [];

  add(effects: readonly Effect[]): void {
    this.#effects.push(...effects);
  }

  get empty(): boolean {
    return this.#effects.length === 0;
  }

  of(kind: string, subject: string): Effect | undefined {
    return this.#effects.findLast((effect) => "kind" in effect && effect.kind === kind && effect.subject === subject);
  }

  all(kind: string): readonly Effect[] {
    return this.#effects.filter((effect) => "kind" in effect && effect.kind === kind);
  }

  open(kind: string): string | undefined {
    for (const effect of this.#effects) {
      if ("opens" in effect && (effect.opens.includes(kind) || effect.opens.includes("*"))) return effect.because;
    }
    return undefined;
  }

  /** The reason of the first open effect of any kind: after it a failing look-up is unknown, not failed. */
  anyOpen(): string | undefined {
    for (const effect of this.#effects) if ("opens" in effect) return effect.because;
    return undefined;
  }
}
