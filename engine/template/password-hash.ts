import { randomBytes } from "node:crypto";
import { hashSync } from "bcryptjs";
import { encrypt } from "unixcrypt";
import { fail } from "./item.ts";
import { md5Crypt } from "./md5-crypt.ts";

interface Method {
  readonly make: (password: string, salt: string, rounds: number | undefined, ident: string | undefined) => string;
  /** How many characters a salt that is given may have; a salt of this module's own has the most. */
  readonly salt: readonly [least: number, most: number];
  readonly rounds?: readonly [least: number, most: number];
}

function sha(id: "5" | "6"): Method {
  return {
    salt: [1, 16],
    rounds: [1000, 999_999_999],
    make: (password, salt, rounds = 5000) =>
      encrypt(password, `$${id}$${rounds === 5000 ? "" : `rounds=${rounds}$`}${salt}`),
  };
}

const blowfish: Method = {
  salt: [22, 22],
  rounds: [4, 31],
  make: (password, salt, rounds = 12, ident = "2b") => {
    if (!/^2[aby]?$/.test(ident)) return fail(`bcrypt has no ident '${ident}'`, undefined, "It has 2b, 2a and 2y.");
    return hashSync(password, `$${ident}$${String(rounds).padStart(2, "0")}$${salt}`);
  },
};
const md5: Method = { salt: [1, 8], make: md5Crypt };
const sha256 = sha("5");
const sha512 = sha("6");

const methods: ReadonlyMap<string, Method> = new Map([
  ["sha512", sha512],
  ["sha512_crypt", sha512],
  ["sha256", sha256],
  ["sha256_crypt", sha256],
  ["blowfish", blowfish],
  ["bcrypt", blowfish],
  ["md5", md5],
  ["md5_crypt", md5],
]);

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export interface HashOptions {
  readonly salt?: string | undefined;
  readonly saltSize?: number | undefined;
  readonly rounds?: number | undefined;
  readonly ident?: string | undefined;
}

const hashes = new Map<string, string>();

/**
 * A password as `crypt(3)` stores it. Where no salt is given, the same password keeps the salt it first got in this
 * run: a condition and the task after it must see the same text.
 */
export function passwordHash(password: string, kind: string, options: HashOptions = {}): string {
  const method = methods.get(kind);
  if (method === undefined)
    return fail(`password_hash has no '${kind}'`, undefined, `It has ${[...methods.keys()].join(", ")}.`);
  const key = JSON.stringify([password, kind, options]);
  let result = hashes.get(key);
  if (result === undefined) {
    const [least, most] = method.salt;
    // An empty salt counts as none.
    const salt = options.salt || randomSalt(options.saltSize ?? most);
    if (!/^[./0-9A-Za-z]+$/.test(salt) || salt.length < least || salt.length > most)
      return fail(
        `a salt for ${kind} has ${least === most ? most : `${least} to ${most}`} letters, digits, '.' or '/'`,
      );
    const { rounds } = options;
    const [fewest, highest] = method.rounds ?? [0, Number.POSITIVE_INFINITY];
    if (rounds !== undefined && (rounds < fewest || rounds > highest))
      return fail(`${kind} has ${fewest} to ${highest} rounds, not ${rounds}`);
    result = method.make(password, salt, rounds, options.ident);
    hashes.set(key, result);
  }
  return result;
}

/** The length of the salt that a method wants at most. */
export function saltLength(kind: string): number {
  return methods.get(kind)?.salt[1] ?? 16;
}

function randomSalt(length: number): string {
  return [...randomBytes(length)].map((byte) => alphabet.charAt(byte % 64)).join("");
}
