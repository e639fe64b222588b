import { hostname } from "node:os";
import { HostError, type Session } from "../host/contract.ts";
import { acquireLease, HeldBy, type Lease } from "../host/lease.ts";
import type { Seat } from "./connections.ts";
import { sleep } from "./step-context.ts";

/** Seconds until a holder that does not refresh its lease has lost it, and how often is asked meanwhile. */
const patience = 75;
const interval = 2;

/** A lease on every host that is changed, so that two runs do not change one at a time. */
export class Leases {
  readonly #signal: AbortSignal;
  readonly #warn: (message: string) => void;
  readonly #held = new Map<string, Promise<Lease | undefined>>();

  constructor(signal: AbortSignal, warn: (message: string) => void) {
    this.#signal = signal;
    this.#warn = warn;
  }

  /** Before the first change on a host. @throws HostError where another run keeps the host */
  async before(seat: Seat): Promise<void> {
    // The controller's own machine is many inventory hosts at once, and no run is kept from it.
    if (seat.target.transport === "local") return;
    let held = this.#held.get(seat.host);
    if (!held) {
      held = this.#acquire(seat);
      this.#held.set(seat.host, held);
      held.catch(() => this.#held.delete(seat.host));
    }
    await held;
  }

  async #acquire(seat: Seat): Promise<Lease | undefined> {
    const session: Session = await seat.session();
    for (let waited = 0; ; waited += interval) {
      const lease = await acquireLease(session);
      if (!(lease instanceof HeldBy)) return lease;
      if (isGone(lease.owner)) {
        const taken = await acquireLease(session, lease.owner);
        if (!(taken instanceof HeldBy)) return taken;
      }
      if (waited === 0) this.#warn(`${seat.host} is being changed by another run (${lease.owner}); waiting for it`);
      if (waited >= patience) {
        throw new HostError("cancelled", `${seat.host} is being changed by another run (${lease.owner}).`);
      }
      await sleep(interval, this.#signal);
    }
  }

  async release(): Promise<void> {
    await Promise.allSettled([...this.#held.values()].map(async (held) => (await held)?.release()));
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
