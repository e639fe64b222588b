import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { fail, type Item, iterate, text } from "../item.ts";
import { passwordHash, saltLength } from "../password-hash.ts";
import { type Bound, type Family, plugin, type Runtime } from "../plugin.ts";
import { PythonRandom } from "../python-random.ts";
import { expandHome } from "./find-file.ts";
import { inlineOptions, option } from "./terms.ts";

const characterSets: { readonly [name: string]: string } = {
  ascii_letters: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  ascii_lowercase: "abcdefghijklmnopqrstuvwxyz",
  ascii_uppercase: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  digits: "0123456789",
  hexdigits: "0123456789abcdefABCDEF",
  octdigits: "01234567",
  punctuation: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
};
const saltAlphabet = `${characterSets["ascii_letters"]}${characterSets["digits"]}./`;

/** The characters to choose from, in the order in which a seed counts them; `,,` stands for a comma. */
function alphabetOf(sets: readonly string[]): string {
  return sets
    .map((set) => characterSets[set] ?? set)
    .join("")
    .replace(/["']/g, "");
}

const namedSets = (list: string): string[] => [
  ...(list.includes(",,") ? [","] : []),
  ...list.replaceAll(",,", ",").split(",").filter(Boolean),
];

function password(terms: Item, args: Bound, runtime: Runtime): Item {
  return iterate(terms).map((item) => {
    const { free, options } = inlineOptions(text(item));
    const length = Number(option("length", args, options, "20"));
    const given = args["chars"] ?? options["chars"];
    const alphabet = alphabetOf(
      given === undefined || given === null
        ? ["ascii_letters", "digits", ".,:-_"]
        : typeof given === "string"
          ? namedSets(given)
          : iterate(given).map(text),
    );
    const seed = option("seed", args, options, "");
    const encrypt = option("encrypt", args, options, "");
    const random = seed === "" ? undefined : new PythonRandom(seed);
    const letters = (from: string, count: number, below: (limit: number) => number): string =>
      Array.from({ length: count }, () => from.charAt(below(from.length))).join("");
    const expanded = expandHome(free);
    const path = isAbsolute(expanded) ? expanded : resolve(runtime.context.searchPath.at(-1) ?? ".", expanded);
    const stored = path !== "/dev/null" && existsSync(path) ? read(readFileSync(path, "utf8")) : undefined;
    const secret = stored?.secret ?? letters(alphabet, length, (limit) => random?.below(limit) ?? randomInt(limit));
    const isBcrypt = encrypt === "bcrypt" || encrypt === "blowfish";
    const ident = option("ident", args, options, stored?.ident ?? (isBcrypt ? "2b" : ""));
    if (stored?.ident !== undefined && stored.ident !== ident)
      return fail(`the password in ${path} was stored for the ident ${stored.ident}, not for ${ident}`);
    const missingSalt = encrypt !== "" && stored?.salt === undefined;
    const salt = missingSalt ? letters(saltAlphabet, saltLength(encrypt), randomInt) : stored?.salt;
    if (path !== "/dev/null" && (stored === undefined || missingSalt)) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const line = [
        secret,
        ...(salt === undefined ? [] : [`salt=${salt}`]),
        ...(ident === "" ? [] : [`ident=${ident}`]),
      ];
      writeFileSync(path, `${line.join(" ")}\n`, { mode: 0o600 });
    }
    return encrypt === "" ? secret : passwordHash(secret, encrypt, { salt, ident: ident === "" ? undefined : ident });
  });
}

/** What a file of this lookup holds: `PASSWORD salt=SALT ident=IDENT`, of which the password alone must be there. */
function read(content: string): { secret: string; salt: string | undefined; ident: string | undefined } {
  const match = /^([\s\S]*?)(?: salt=(\S+))?(?: ident=(\S+))?$/.exec(content.trimEnd());
  return { secret: match?.[1] ?? "", salt: match?.[2], ident: match?.[3] };
}

/** The lookup that keeps the passwords it makes in files of the controller. */
export const passwordLookups: Family = {
  password: plugin("length chars seed encrypt ident", password),
};
