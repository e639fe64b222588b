import { HostError, type Reply } from "../host/contract.ts";
import type { Change, Query } from "../modules/contract.ts";
import { outlasting } from "./conflicts.ts";
import type { Seat } from "./connections.ts";
import type { Asked } from "./look.ts";

/** Seconds after which what was read ahead is read again. */
const maxAge = 5;

interface Entry {
  readonly reply: Promise<Reply>;
  /** What arrived, and when; undefined while it is under way. */
  arrived?: { readonly reply: Reply; readonly at: number };
}

/**
 * The answers of one host, as long as nothing changes there. A speculative question and a real one of the same words
 * share one request.
 */
export class Probes {
  readonly #keep: boolean;
  #entries = new Map<string, Entry>();
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

  /** Something changed on some host: what it may have made wrong is asked anew. */
  changed(change: Pick<Change, "effects" | "confined"> | undefined): void {
    const stays = outlasting(change);
    if (!stays) {
      this.expire();
      return;
    }
    for (const [key, { arrived }] of this.#entries) {
      const asked = arrived && this.#about.get(arrived.reply);
      if (!asked || !stays(asked)) this.#entries.delete(key);
    }
  }

  /** A task found nothing to change: the next ones may not either. */
  calm(): void {
    this.window = Math.min(64, Math.max(1, this.window * 2));
  }

  /** Time has passed or someone else may have acted: answers are stale, but nothing says that more will change. */
  expire(): void {
    if (this.#entries.size > 0) this.#entries = new Map();
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
      const entry: Entry = { reply };
      const entries = this.#entries;
      entries.set(key, entry);
      reply.then(
        (arrived) => {
          entry.arrived = { reply: arrived, at: performance.now() };
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
    if (entry.arrived && performance.now() - entry.arrived.at > maxAge * 1000) {
      this.#entries.delete(key);
      return undefined;
    }
    return entry;
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
