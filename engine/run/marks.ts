import type { Script, Session } from "../host/contract.ts";
import { leaveMarks, listMarks, markOf, marksIn, removeMarks } from "../host/handler-marks.ts";
import type { Play, Task } from "../playbook/tree.ts";
import type { Seat } from "./connections.ts";

/**
 * Handlers that are due are marked on their hosts, so that a run which is killed before they ran is followed by one
 * that runs them.
 */
export class Marks {
  readonly #enabled: boolean;
  readonly #keep: boolean;
  /** Marks of each host that an earlier run left. */
  readonly #earlier = new Map<string, Set<string>>();
  /** Marks of each host, and the seats that hold them: what has to go one day. */
  readonly #there = new Map<string, Map<string, Set<Seat>>>();
  readonly #looking = new Map<string, Promise<void>[]>();
  readonly #leaving: Promise<unknown>[] = [];

  /** @param keep false in check mode: marks are seen, but none is left or taken away */
  constructor(enabled: boolean, keep: boolean) {
    this.#enabled = enabled;
    this.#keep = keep;
  }

  /** Looks for what an earlier run left, along with the first request of a session. */
  opened(seat: Seat, session: Session): void {
    if (!this.#enabled) return;
    const looking = session.request(listMarks, { kind: "probe" }).then(
      (reply) => {
        for (const mark of marksIn(reply)) {
          if (this.#there.get(seat.host)?.has(mark)) continue;
          this.#add(seat, mark);
          const earlier = this.#earlier.get(seat.host);
          if (earlier) earlier.add(mark);
          else this.#earlier.set(seat.host, new Set([mark]));
        }
      },
      () => {}, // the task that opened the session finds out
    );
    const known = this.#looking.get(seat.host);
    if (known) known.push(looking);
    else this.#looking.set(seat.host, [looking]);
  }

  /** Whether an earlier run left a handler due on a host. */
  async due(host: string, play: Play, handler: Task): Promise<boolean> {
    const looking = this.#looking.get(host);
    if (looking) await Promise.all(looking);
    return this.#earlier.get(host)?.has(handlerMark(play, handler)) ?? false;
  }

  /** Whether this run marked anything on a host. */
  any(host: string): boolean {
    return (this.#there.get(host)?.size ?? 0) > (this.#earlier.get(host)?.size ?? 0);
  }

  /** Its change did not come about: the mark goes, unless an earlier run left it. */
  withdraw(host: string, play: Play, handler: Task): void {
    if (!this.#earlier.get(host)?.has(handlerMark(play, handler))) this.done(host, play, handler);
  }

  /** What goes before a change that notifies these handlers; undefined where nothing has to. */
  before(seat: Seat, play: Play, handlers: readonly Task[]): Script | undefined {
    if (!this.#enabled || !this.#keep) return undefined;
    const fresh = handlers
      .map((handler) => ({ mark: handlerMark(play, handler), name: handler.name ?? handler.module }))
      .filter(({ mark }) => !this.#there.get(seat.host)?.get(mark)?.has(seat));
    if (fresh.length === 0) return undefined;
    for (const { mark } of fresh) this.#add(seat, mark);
    return leaveMarks(fresh);
  }

  /** The handler has run. */
  done(host: string, play: Play, handler: Task): void {
    const mark = handlerMark(play, handler);
    this.#earlier.get(host)?.delete(mark);
    const seats = this.#there.get(host)?.get(mark);
    if (!seats || !this.#keep) return;
    this.#there.get(host)?.delete(mark);
    for (const seat of seats) {
      const leaving = seat
        .session()
        .then((session) => session.request(removeMarks([mark]), { kind: "step" }))
        .catch(() => {}); // a mark that stays makes a handler run once more
      this.#leaving.push(leaving);
    }
  }

  /** Waits until all marks that had to go are gone. */
  async end(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  #add(seat: Seat, mark: string): void {
    let marks = this.#there.get(seat.host);
    if (!marks) {
      marks = new Map();
      this.#there.set(seat.host, marks);
    }
    const seats = marks.get(mark);
    if (seats) seats.add(seat);
    else marks.set(mark, new Set([seat]));
  }
}

/** The same in the run that follows: by playbook, play and name, not by what changes between runs. */
function handlerMark(play: Play, handler: Task): string {
  return markOf(play.file, play.name, handler.role?.name ?? "", handler.name ?? handler.module);
}
