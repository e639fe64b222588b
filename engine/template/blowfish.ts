/** What Blowfish keeps: 18 subkeys, and four boxes of 256 words, one behind the other. */
export interface Tables {
  readonly subkeys: Int32Array;
  readonly boxes: Int32Array;
}

let digits: Int32Array | undefined;

/** The tables as they are before any key: the binary digits of pi behind its point. */
export function startingTables(): Tables {
  digits ??= piWords(18 + 4 * 256);
  return { subkeys: digits.slice(0, 18), boxes: digits.slice(18) };
}

/** Encrypts the two words at a place, where they are. */
export function scramble({ subkeys, boxes }: Tables, words: Int32Array, at: number): void {
  let left = (words[at] as number) ^ (subkeys[0] as number);
  let right = words[at + 1] as number;
  for (let round = 1; round <= 16; round += 2) {
    right ^= spread(boxes, left) ^ (subkeys[round] as number);
    left ^= spread(boxes, right) ^ (subkeys[round + 1] as number);
  }
  words[at] = right ^ (subkeys[17] as number);
  words[at + 1] = left;
}

function spread(boxes: Int32Array, word: number): number {
  const first = (boxes[word >>> 24] as number) + (boxes[256 + ((word >>> 16) & 255)] as number);
  return ((first ^ (boxes[512 + ((word >>> 8) & 255)] as number)) + (boxes[768 + (word & 255)] as number)) | 0;
}

/** Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239). */
function piWords(count: number): Int32Array {
  const bits = BigInt(count * 32);
  const guard = 64n;
  const one = 1n << (bits + guard);
  const arctan = (inverse: bigint): bigint => {
    let power = one / inverse;
    let sum = power;
    for (let odd = 3n, sign = -1n; power > 0n; odd += 2n, sign = -sign) {
      power /= inverse * inverse;
      sum += sign * (power / odd);
    }
    return sum;
  };
  const pi = 16n * arctan(5n) - 4n * arctan(239n);
  const fraction = (pi - 3n * one) >> guard;
  return Int32Array.from({ length: count }, (_, index) =>
    Number(BigInt.asIntN(32, fraction >> (bits - 32n * BigInt(index + 1)))),
  );
}
