import { scramble, startingTables, type Tables } from "./blowfish.ts";

const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const text = "OrpheanBeholderScryDoubt";

/**
 * `$2b$12$…`, as `crypt(3)` stores it.
 * @param salt 22 characters; of the last one only two bits count
 */
export function bcrypt(password: string, salt: string, cost: number, ident: string): string {
  // Longer passwords are cut, as everywhere bcrypt is used.
  const key = Buffer.concat([Buffer.from(password), Buffer.of(0)]).subarray(0, 72);
  const saltBytes = decode(salt).subarray(0, 16);
  const tables = startingTables();
  mix(tables, key, saltBytes);
  for (let round = 0; round < 2 ** cost; round++) {
    mix(tables, key);
    mix(tables, saltBytes);
  }
  const words = wordsOf(Buffer.from(text), 6);
  for (let at = 0; at < 6; at += 2) for (let round = 0; round < 64; round++) scramble(tables, words, at);
  const bytes = Buffer.alloc(24);
  words.forEach((word, index) => {
    bytes.writeInt32BE(word, index * 4);
  });
  return `$${ident}$${String(cost).padStart(2, "0")}$${encode(saltBytes)}${encode(bytes.subarray(0, 23))}`;
}

/** Lets a key, and in the first round a salt, run through the tables. */
function mix(tables: Tables, key: Buffer, salt?: Buffer): void {
  const { subkeys, boxes } = tables;
  const keyWords = wordsOf(key, subkeys.length);
  for (let at = 0; at < subkeys.length; at++) subkeys[at] = (subkeys[at] ?? 0) ^ (keyWords[at] ?? 0);
  const saltWords = salt === undefined ? new Int32Array(4) : wordsOf(salt, 4);
  const pair = new Int32Array(2);
  let from = 0;
  for (const table of [subkeys, boxes])
    for (let at = 0; at < table.length; at += 2) {
      pair[0] = (pair[0] ?? 0) ^ (saltWords[from] ?? 0);
      pair[1] = (pair[1] ?? 0) ^ (saltWords[from + 1] ?? 0);
      from = (from + 2) % 4;
      scramble(tables, pair, 0);
      table[at] = pair[0] ?? 0;
      table[at + 1] = pair[1] ?? 0;
    }
}

/** The bytes as big-endian words, from the beginning again where they end. */
function wordsOf(bytes: Buffer, count: number): Int32Array {
  const words = new Int32Array(count);
  for (let at = 0; at < count * 4; at++)
    words[at >> 2] = ((words[at >> 2] ?? 0) << 8) | (bytes[at % bytes.length] ?? 0);
  return words;
}

/** bcrypt's own Base64, without padding. */
function encode(bytes: Buffer): string {
  const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return bytes
    .toString("base64")
    .replace(/=+$/, "")
    .replace(/./g, (letter) => alphabet.charAt(standard.indexOf(letter)));
}

function decode(letters: string): Buffer {
  const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return Buffer.from(
    letters.replace(/./g, (letter) => standard.charAt(alphabet.indexOf(letter))),
    "base64",
  );
}
