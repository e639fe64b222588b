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
  readonly #held = new Map<string, Promise<Lease>>();

  constructor(signal: AbortSignal, warn: (message: string) => void) {
    this.#signal = signal;
    this.#warn = warn;
  }

  /**
   * Before each change on a host.
   * @param temporary files that the change leaves half written if this run is killed meanwhile
   * @throws HostError where another run keeps the host
   */
  async before(seat: Seat, temporary: readonly string[] = []): Promise<void> {
    // The controller's own machine is many inventory hosts at once, and no run is kept from it.
    if (seat.target.transport === "local") return;
    let held = this.#held.get(seat.host);
    if (!held) {
      held = this.#acquire(seat);
      this.#held.set(seat.host, held);
      held.catch(() => this.#held.delete(seat.host));
    }
    const lease = await held;
    await lease.list(await seat.session());
    await lease.leaving(temporary);
  }

  async #acquire(seat: Seat): Promise<Lease> {
    const session: Session = await seat.session();
    for (let waited = 0; ; waited += interval) {
      let lease = await acquireLease(session);
      if (lease instanceof HeldBy && isGone(lease.owner)) lease = await acquireLease(session, undefined, lease.owner);
      if (!(lease instanceof HeldBy)) return lease;
      const { owner, survivor } = lease;
      const why =
        survivor === undefined
          ? `is being changed by another run (${owner})`
          : `is still being changed by process ${survivor}, which a run that is no more (${owner}) began`;
      if (waited === 0) this.#warn(`${seat.host} ${why}; waiting for it`);
      if (waited >= patience) throw new HostError("cancelled", `${seat.host} ${why}.`);
      await sleep(interval, this.#signal);
    }
  }

  async release(): Promise<void> {
    await Promise.allSettled([...this.#held.values()].map(async (held) => (await held).release()));
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
