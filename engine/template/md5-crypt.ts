import { createHash } from "node:crypto";

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** `$1$salt$…`, as `crypt(3)` stores it. */
export function md5Crypt(password: string, salt: string): string {
  const key = Buffer.from(password);
  const seed = Buffer.from(salt);
  const md5 = (...parts: readonly Buffer[]): Buffer => {
    const hash = createHash("md5");
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const inner = md5(key, seed, key);
  const parts: Buffer[] = [key, Buffer.from("$1$"), seed];
  for (let left = key.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(16, left)));
  for (let left = key.length; left > 0; left >>= 1) parts.push(left & 1 ? Buffer.of(0) : key.subarray(0, 1));
  let digest = md5(...parts);
  for (let round = 0; round < 1000; round++) {
    const odd = round % 2 === 1;
    digest = md5(
      odd ? key : digest,
      ...(round % 3 === 0 ? [] : [seed]),
      ...(round % 7 === 0 ? [] : [key]),
      odd ? digest : key,
    );
  }
  return `$1$${salt}$${letters(digest)}`;
}

function letters(digest: Buffer): string {
  const byte = (at: number): number => digest[at] ?? 0;
  const groups = [0, 1, 2, 3, 4].map((at): [number, number] => [
    (byte(at) << 16) | (byte(at + 6) << 8) | byte(at === 4 ? 5 : at + 12),
    4,
  ]);
  groups.push([byte(11), 2]);
  return groups
    .map(([value, length]) => Array.from({ length }, (_, at) => alphabet.charAt((value >> (6 * at)) & 63)).join(""))
    .join("");
}
