const NEWLINE = 0x0a;

/** Where the bytes between markers go, and the rest of a marker's line (after the blank). */
export interface MarkerEvents {
  data(chunk: Buffer): void;
  mark(line: string): void;
}

/** Cuts a byte stream at lines that begin with a marker; the marker may follow output that ends in no newline. */
export class MarkerStream {
  readonly #marker: Buffer;
  readonly #events: MarkerEvents;
  /** Not decided yet: the last bytes may be the beginning of a marker, or a marker's line that has not ended. */
  #held: Buffer = Buffer.alloc(0);

  constructor(marker: string, events: MarkerEvents) {
    this.#marker = Buffer.from(`${marker} `, "latin1");
    this.#events = events;
  }

  push(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (;;) {
      const at = rest.indexOf(this.#marker);
      if (at < 0) break;
      const lineStart = at + this.#marker.length;
      const lineEnd = rest.indexOf(NEWLINE, lineStart);
      if (lineEnd < 0) {
        this.#emit(rest.subarray(0, at));
        this.#held = rest.subarray(at);
        return;
      }
      this.#emit(rest.subarray(0, at));
      this.#events.mark(rest.toString("latin1", lineStart, lineEnd).replace(/\r$/, ""));
      rest = rest.subarray(lineEnd + 1);
    }
    const keep = this.#possibleBeginning(rest);
    this.#emit(rest.subarray(0, rest.length - keep));
    this.#held = rest.subarray(rest.length - keep);
  }

  #emit(bytes: Buffer): void {
    if (bytes.length > 0) this.#events.data(bytes);
  }

  /** How many of the last bytes could begin a marker. */
  #possibleBeginning(bytes: Buffer): number {
    for (let length = Math.min(bytes.length, this.#marker.length - 1); length > 0; length--) {
      if (bytes.subarray(bytes.length - length).equals(this.#marker.subarray(0, length))) return length;
    }
    return 0;
  }
}
