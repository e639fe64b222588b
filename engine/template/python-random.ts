import { createHash, randomBytes } from "node:crypto";
import { type Item, isInteger, text } from "./item.ts";

/**
 * Python's `random.Random`: a Mersenne Twister seeded as Python seeds it, so that `random(seed=inventory_hostname)`
 * picks the same as under Ansible. Without a seed it is truly random.
 */
export class PythonRandom {
  readonly #state = new Uint32Array(624);
  #at = 624;

  constructor(seed: Item | undefined) {
    let number: bigint;
    if (seed === undefined || seed === null) number = BigInt(`0x${randomBytes(32).toString("hex")}`);
    else if (isInteger(seed)) number = BigInt(seed) < 0n ? -BigInt(seed) : BigInt(seed);
    else {
      const bytes = Buffer.from(text(seed));
      const digest = createHash("sha512").update(bytes).digest();
      number = BigInt(`0x${Buffer.concat([bytes, digest]).toString("hex")}`);
    }
    const words: number[] = [];
    for (let rest = number; rest > 0n; rest >>= 32n) words.push(Number(rest & 0xffffffffn));
    this.#seedByArray(words.length === 0 ? [0] : words);
  }

  #seed(number: number): void {
    const state = this.#state;
    state[0] = number >>> 0;
    for (let index = 1; index < 624; index++) {
      const last = state[index - 1] ?? 0;
      state[index] = Math.imul(1812433253, last ^ (last >>> 30)) + index;
    }
    this.#at = 624;
  }

  #seedByArray(key: readonly number[]): void {
    this.#seed(19650218);
    const state = this.#state;
    let i = 1;
    let j = 0;
    for (let count = Math.max(624, key.length); count > 0; count--) {
      const last = state[i - 1] ?? 0;
      state[i] = ((state[i] ?? 0) ^ Math.imul(last ^ (last >>> 30), 1664525)) + (key[j] ?? 0) + j;
      i++;
      j++;
      if (i >= 624) {
        state[0] = state[623] ?? 0;
        i = 1;
      }
      if (j >= key.length) j = 0;
    }
    for (let count = 623; count > 0; count--) {
      const last = state[i - 1] ?? 0;
      state[i] = ((state[i] ?? 0) ^ Math.imul(last ^ (last >>> 30), 1566083941)) - i;
      i++;
      if (i >= 624) {
        state[0] = state[623] ?? 0;
        i = 1;
      }
    }
    state[0] = 0x80000000;
  }

  #next(): number {
    const state = this.#state;
    if (this.#at >= 624) {
      for (let index = 0; index < 624; index++) {
        const y = ((state[index] ?? 0) & 0x80000000) | ((state[(index + 1) % 624] ?? 0) & 0x7fffffff);
        state[index] = (state[(index + 397) % 624] ?? 0) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.#at = 0;
    }
    let y = state[this.#at++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** An integer from zero up to, but not including, `limit` (at most 2^32). */
  below(limit: number): number {
    const bits = 32 - Math.clz32(limit);
    let number = this.#next() >>> (32 - bits);
    while (number >= limit) number = this.#next() >>> (32 - bits);
    return number;
  }
}
