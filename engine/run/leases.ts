import { hostname } from "node:os";
import { HostError, type Session } from "../host/contract.ts";
import { acquireLease, HeldBy, type Lease } from "../host/lease.ts";
import type { Seat } from "./connections.ts";
import { sleep } from "./step-context.ts";

export interface Patience {
  /** Seconds until a holder that does not refresh its lease has lost it. */
  readonly run: number;
  /** For what a run that is no more began: an image may be built, or a system upgraded. */
  readonly survivor: number;
}

/** Seconds between two questions. */
const interval = 2;

interface Held {
  readonly lease: Promise<{ readonly lease: Lease; readonly overtaken: boolean }>;
  settled: boolean;
}

/** A lease on every host that is changed, so that two runs do not change one at a time. */
export class Leases {
  readonly #signal: AbortSignal;
  readonly #warn: (message: string) => void;
  readonly #patience: Patience;
  readonly #held = new Map<string, Held>();

  constructor(signal: AbortSignal, warn: (message: string) => void, patience: Patience = { run: 75, survivor: 1800 }) {
    this.#signal = signal;
    this.#warn = warn;
    this.#patience = patience;
  }

  /**
   * Before each change on a host.
   * @param temporary files that the change leaves half written if this run is killed meanwhile
   * @returns whether another run may have changed the host since the caller looked at it
   * @throws HostError where another run keeps the host
   */
  async before(seat: Pick<Seat, "host" | "target" | "session">, temporary: readonly string[] = []): Promise<boolean> {
    // The controller's own machine is many inventory hosts at once, and no run is kept from it.
    if (seat.target.transport === "local") return false;
    const held = this.#held.get(seat.host) ?? this.#begin(seat);
    const first = !held.settled;
    const { lease, overtaken } = await held.lease;
    await lease.list(await seat.session());
    await lease.leaving(temporary);
    return first && overtaken;
  }

  #begin(seat: Pick<Seat, "host" | "session">): Held {
    const held: Held = { lease: this.#acquire(seat), settled: false };
    this.#held.set(seat.host, held);
    held.lease.then(
      () => {
        held.settled = true;
      },
      () => this.#held.delete(seat.host),
    );
    return held;
  }

  async #acquire(seat: Pick<Seat, "host" | "session">): Promise<{ lease: Lease; overtaken: boolean }> {
    const session: Session = await seat.session();
    const warned = new Set<boolean>();
    for (let waited = 0; ; waited += interval) {
      let lease = await acquireLease(session);
      if (lease instanceof HeldBy && isGone(lease.owner)) lease = await acquireLease(session, undefined, lease.owner);
      if (!(lease instanceof HeldBy)) return { lease, overtaken: lease.inherited || waited > 0 };
      const { owner, survivor } = lease;
      const survives = survivor !== undefined;
      const why = survives
        ? `is still being changed by process ${survivor}, which a run that is no more (${owner}) began`
        : `is being changed by another run (${owner})`;
      if (!warned.has(survives)) this.#warn(`${seat.host} ${why}; waiting for it`);
      warned.add(survives);
      if (waited >= (survives ? this.#patience.survivor : this.#patience.run)) {
        throw new HostError("cancelled", `${seat.host} ${why}.`);
      }
      await sleep(interval, this.#signal);
    }
  }

  async release(): Promise<void> {
    await Promise.allSettled([...this.#held.values()].map(async (held) => (await held.lease).lease.release()));
  }
}

/** A run of this machine whose process is there no more. */
function isGone(owner: string): boolean {
  const [host, pid] = owner.split(":");
  if (host !== hostname() || !Number(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
