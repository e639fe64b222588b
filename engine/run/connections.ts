import { userInfo } from "node:os";
import type { Become, Connection, Session, Target } from "../host/contract.ts";
import type { Change } from "../modules/contract.ts";
import { outlasting } from "./conflicts.ts";
import { JointRequests } from "./joint-requests.ts";
import { Probes } from "./probes.ts";

/** Where a task's requests go: one host, as one user. */
export interface Seat {
  readonly host: string;
  readonly target: Target;
  readonly become: Become | undefined;
  readonly connection: Connection;
  /** Remembered answers of this host; thrown away when anything changes there. */
  readonly probes: Probes;
  /** Tells users of a host apart in keys. */
  readonly id: string;
  /** The user that commands run as, where it is known. */
  readonly user: string | undefined;
  session(): Promise<Session>;
  /** Joins what is asked in the same moment. */
  readonly joint: JointRequests;
  /** Whether the session is open already: nothing is opened or escalated on speculation. */
  readonly opened: boolean;
}

export interface ConnectionsOptions {
  connect(
    target: Target,
    options: { readonly signal?: AbortSignal; readonly log?: (line: string) => void },
  ): Connection;
  readonly signal?: AbortSignal;
  /** The scripts and connections of `-vvv`. */
  readonly log?: (host: string, line: string) => void;
  readonly readAhead: boolean;
  /** Called when a host is first reached as a user: leases are taken there. */
  readonly onOpen?: (seat: Seat, session: Session) => Promise<void>;
}

/** All connections of a run, one for each way to reach a host, closed at its end. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #probes = new Map<string, Probes>();
  readonly #seats = new Map<string, Seat>();
  readonly #opened = new Set<string>();
  readonly #opening = new Map<string, Promise<Session>>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  seat(target: Target, become: Become | undefined): Seat {
    const place = JSON.stringify(target);
    const login = target.user ?? (target.transport === "local" ? userInfo().username : undefined);
    // Becoming the user that one is already asks for nothing (Ansible's become_allow_same_user).
    const needed = become && become.user !== login ? become : undefined;
    const key = `${place}\n${needed ? JSON.stringify(needed) : ""}`;
    const known = this.#seats.get(key);
    if (known) return known;
    const connection = this.#connect(place, target);
    const opened = this.#opened;
    const seat: Seat = {
      host: target.name,
      target,
      become: needed,
      connection,
      probes: this.probesOf(target.name),
      id: needed ? `${needed.method}:${needed.user}` : `login:${login ?? ""}`,
      user: needed?.user ?? login,
      session: () => this.#session(key, seat),
      joint: new JointRequests(),
      get opened() {
        return opened.has(key);
      },
    };
    this.#seats.set(key, seat);
    return seat;
  }

  /** Remembered answers are of a host, whoever asked. */
  probesOf(host: string): Probes {
    let probes = this.#probes.get(host);
    if (!probes) {
      probes = new Probes(this.#options.readAhead);
      this.#probes.set(host, probes);
    }
    return probes;
  }

  /**
   * Something was done on a host, anything where no change is given. Answers of the other hosts may be stale too: two
   * names may be one machine, hosts share file systems, and a command reaches where it likes.
   */
  changed(host: string, change?: Pick<Change, "effects" | "confined">): void {
    const stays = outlasting(change);
    for (const probes of this.#probes.values()) probes.changed(stays);
    if (!change?.confined) this.probesOf(host).forget();
  }

  /** Drops the connections to a host; the next use connects anew. */
  async reset(host: string): Promise<void> {
    this.probesOf(host).forget();
    const found = [...this.#seats].filter(([, seat]) => seat.host === host);
    for (const [key] of found) this.#opened.delete(key);
    await Promise.allSettled([...new Set(found.map(([, seat]) => seat.connection))].map((each) => each.reset()));
  }

  /** Seats whose session was opened: where leases and temporary folders may be left. */
  get open(): Seat[] {
    return [...this.#seats].filter(([key]) => this.#opened.has(key)).map(([, seat]) => seat);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#connections.values()].map((each) => each.close()));
    this.#connections.clear();
  }

  #connect(place: string, target: Target): Connection {
    let connection = this.#connections.get(place);
    if (!connection) {
      const { signal, log } = this.#options;
      connection = this.#options.connect(target, {
        ...(signal ? { signal } : {}),
        ...(log ? { log: (line: string) => log(target.name, line) } : {}),
      });
      this.#connections.set(place, connection);
    }
    return connection;
  }

  async #session(key: string, seat: Seat): Promise<Session> {
    const session = await seat.connection.session(seat.become);
    if (this.#opened.has(key)) return session;
    let opening = this.#opening.get(key);
    if (!opening) {
      opening = (async () => {
        await this.#options.onOpen?.(seat, session);
        this.#opened.add(key);
        return session;
      })();
      this.#opening.set(key, opening);
      void opening.catch(() => {}).finally(() => this.#opening.delete(key));
    }
    return opening;
  }
}
