import { HostError, type Reply } from "../host/contract.ts";
import type { Query } from "../modules/contract.ts";
import type { Seat } from "./connections.ts";
import type { Asked } from "./look.ts";

/** Seconds after which what was read ahead is read again. */
const maxAge = 5;

/** As many changes are remembered before all answers are dropped instead. */
const mostChanges = 1000;

interface Entry {
  readonly reply: Promise<Reply>;
  /** How many changes had been made when it was asked. */
  readonly asked: number;
  /** What arrived, and when; undefined while it is under way. */
  arrived?: { readonly reply: Reply; readonly at: number; readonly changes: number };
}

/**
 * The answers of one host, as long as nothing changes there. A speculative question and a real one of the same words
 * share one request.
 */
export class Probes {
  readonly #keep: boolean;
  #entries = new Map<string, Entry>();
  /** What was changed since, told by which answers stay true. */
  #changes: ((asked: Asked) => boolean)[] = [];
  readonly #about = new WeakMap<Reply, Asked>();
  /** How many tasks to come may be asked for; grows with every task that changes nothing. */
  window = 8;
  /** Requests made so far: tells whether a look had to ask. */
  sent = 0;

  /** @param keep whether answers are remembered at all */
  constructor(keep: boolean) {
    this.#keep = keep;
  }

  /** Anything may be different: everything is asked anew, and nothing is read ahead while changes go on. */
  forget(): void {
    this.expire();
    this.window = 0;
  }

  /** Something changed on some host, which these answers outlast; none where that cannot be told. */
  changed(stays: ((asked: Asked) => boolean) | undefined): void {
    if (this.#entries.size === 0) return;
    // Whether an answer stays is looked at when it is wanted.
    if (stays && this.#changes.length < mostChanges) this.#changes.push(stays);
    else this.expire();
  }

  /** A task found nothing to change, or all that it asks for remembered: the next ones may too. */
  calm(): void {
    this.window = Math.min(64, Math.max(1, this.window * 2));
  }

  /** Time has passed or someone else may have acted: answers are stale, but nothing says that more will change. */
  expire(): void {
    if (this.#entries.size > 0) this.#entries = new Map();
    this.#changes = [];
  }

  /** What an answer turned out to be about: tells whether a change makes it wrong. */
  understood(reply: Reply, asked: Asked): void {
    if (this.#keep) this.#about.set(reply, asked);
  }

  /** The reply to a query: remembered, under way, or asked now. A lost connection is reopened once. */
  ask(seat: Seat, query: Query<unknown>, options: AskOptions = {}): Promise<Reply> {
    const key = keyOf(seat, query);
    const known = this.#fresh(key);
    if (known) return known.reply;
    this.sent++;
    const reply = request(seat, query, options);
    if (this.#keep) {
      const entry: Entry = { reply, asked: this.#changes.length };
      const entries = this.#entries;
      const changes = this.#changes;
      entries.set(key, entry);
      reply.then(
        (arrived) => {
          entry.arrived = { reply: arrived, at: performance.now(), changes: changes.length };
        },
        () => entries.delete(key),
      );
    }
    return reply;
  }

  #fresh(key: string): Entry | undefined {
    if (!this.#keep) return undefined;
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const old = entry.arrived !== undefined && performance.now() - entry.arrived.at > maxAge * 1000;
    if (!old && this.#outlasts(entry)) return entry;
    this.#entries.delete(key);
    // It was read in vain: fewer tasks ahead are asked for.
    if (!old && this.window > 0) this.window = Math.max(1, this.window >> 1);
    return undefined;
  }

  #outlasts({ asked, arrived }: Entry): boolean {
    if (!arrived) return asked === this.#changes.length;
    // What was changed while it was under way it may have seen or not.
    if (asked !== arrived.changes) return false;
    const about = this.#about.get(arrived.reply);
    const since = this.#changes.slice(arrived.changes);
    return since.length === 0 || (about !== undefined && since.every((stays) => stays(about)));
  }
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  /** Speculative: not tried again. */
  readonly once?: boolean;
  readonly trace?: (text: string) => void;
}

async function request(seat: Seat, query: Query<unknown>, options: AskOptions): Promise<Reply> {
  const send = async (): Promise<Reply> =>
    seat.joint.request(await seat.session(), {
      script: query.script,
      joint: query.joint,
      trace: options.trace,
      options: {
        kind: "probe",
        ...(query.stdin === undefined ? {} : { stdin: query.stdin }),
        ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
        ...(options.signal ? { signal: options.signal } : {}),
      },
    });
  try {
    return await send();
  } catch (error) {
    if (options.once || !(error instanceof HostError) || error.code !== "connection-lost") throw error;
    return send(); // a look changes nothing, so it may be repeated
  }
}

function keyOf(seat: Seat, query: Query<unknown>): string {
  const stdin = query.stdin === undefined ? "" : query.stdin.toString();
  return [seat.id, query.kind, query.subject, query.detail ?? "", query.script.text, stdin].join("\0");
}
