import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { DiagnosticError } from "./diagnostic.ts";

export interface VaultPassword {
  /** The vault id's label; `default` where none was given. */
  readonly id: string;
  readonly password: string | Buffer;
}

const header = "$ANSIBLE_VAULT;";

/** Whether a file or a `!vault` value is encrypted. */
export function isVault(text: string | Buffer): boolean {
  const start = typeof text === "string" ? text.trimStart() : text.subarray(0, header.length).toString("latin1");
  return start.startsWith(header);
}

/** Reads and writes ansible-vault's formats 1.1 and 1.2 (AES-256-CTR, HMAC-SHA256, PBKDF2 with 10,000 rounds). */
export class Vault {
  readonly #passwords: readonly VaultPassword[];
  /** Deriving a key takes about 10 ms; a file of many values is usually read more than once. */
  readonly #keys = new Map<string, Keys>();

  readonly #listeners = new Set<(plain: string) => void>();

  constructor(passwords: readonly VaultPassword[]) {
    this.#passwords = passwords;
  }

  /** From now on tells of every text that it decrypts: it is a secret, whoever asked for it. */
  onDecrypt(listener: (plain: string) => void): void {
    this.#listeners.add(listener);
  }

  isVault(text: string | Buffer): boolean {
    return isVault(text);
  }

  /** @throws DiagnosticError `vault-password` or `vault-format` */
  decrypt(text: string | Buffer): string {
    return this.decryptBytes(text).toString("utf8");
  }

  /** As {@link decrypt}, for files that are not text. */
  decryptBytes(text: string | Buffer): Buffer {
    const { id, salt, hmac, ciphertext } = parseVault(text.toString());
    if (this.#passwords.length === 0)
      fail("vault-password", "this is encrypted with ansible-vault, and no vault password was given", {
        hint: "Give --vault-password-file FILE, --vault-id ID@FILE or --ask-vault-password.",
      });
    const ordered = [
      ...this.#passwords.filter((each) => each.id === id),
      ...this.#passwords.filter((each) => each.id !== id),
    ];
    for (const { password } of ordered) {
      const keys = this.#derive(password, salt);
      const actual = createHmac("sha256", keys.hmac).update(ciphertext).digest();
      if (actual.length !== hmac.length || !timingSafeEqual(actual, hmac)) continue;
      const cipher = createDecipheriv("aes-256-ctr", keys.cipher, keys.iv);
      const plain = unpad(Buffer.concat([cipher.update(ciphertext), cipher.final()]));
      for (const listener of this.#listeners) listener(plain.toString("utf8"));
      return plain;
    }
    const tried = [...new Set(this.#passwords.map((each) => each.id))].join(", ");
    return fail("vault-password", `no vault password opens this${id ? ` (it was encrypted for the id "${id}")` : ""}`, {
      hint: `Passwords tried: ${tried}.`,
    });
  }

  /**
   * Encrypts under the password of an id, the first password where none is given.
   * @param salt fixed bytes make the result reproducible; 32 random ones otherwise
   */
  encrypt(plaintext: string | Buffer, id?: string, salt: Buffer = randomBytes(32)): string {
    const chosen = id === undefined ? this.#passwords[0] : this.#passwords.find((each) => each.id === id);
    if (chosen === undefined)
      return fail("vault-password", `there is no vault password${id ? ` for the id "${id}"` : ""}`);
    const keys = this.#derive(chosen.password, salt);
    const cipher = createCipheriv("aes-256-ctr", keys.cipher, keys.iv);
    const ciphertext = Buffer.concat([cipher.update(pad(Buffer.from(plaintext))), cipher.final()]);
    const hmac = createHmac("sha256", keys.hmac).update(ciphertext).digest();
    const inner = [salt, hmac, ciphertext].map((part) => part.toString("hex")).join("\n");
    const body =
      Buffer.from(inner)
        .toString("hex")
        .match(/.{1,80}/g) ?? [];
    const labelled = chosen.id !== "default";
    const first = labelled ? `${header}1.2;AES256;${chosen.id}` : `${header}1.1;AES256`;
    return `${[first, ...body].join("\n")}\n`;
  }

  #derive(password: string | Buffer, salt: Buffer): Keys {
    const name = `${Buffer.from(password).toString("hex")}:${salt.toString("hex")}`;
    let keys = this.#keys.get(name);
    if (keys === undefined) {
      const bytes = pbkdf2Sync(password, salt, 10_000, 80, "sha256");
      keys = { cipher: bytes.subarray(0, 32), hmac: bytes.subarray(32, 64), iv: bytes.subarray(64, 80) };
      this.#keys.set(name, keys);
    }
    return keys;
  }
}

interface Keys {
  readonly cipher: Buffer;
  readonly hmac: Buffer;
  readonly iv: Buffer;
}

function fail(code: string, summary: string, more: { readonly hint?: string } = {}): never {
  throw new DiagnosticError({ code, severity: "error", summary, ...more });
}

function parseVault(text: string): { id: string; salt: Buffer; hmac: Buffer; ciphertext: Buffer } {
  const lines = text.trim().split(/\r?\n/);
  const [, version = "", cipher = "", id = ""] = (lines[0] ?? "").trim().split(";");
  if (!isVault(text)) fail("vault-format", "this is not encrypted with ansible-vault");
  if (!["1.1", "1.2"].includes(version) || cipher !== "AES256")
    fail(
      "vault-format",
      `vault format ${version} with ${cipher || "no cipher"} is not supported; 1.1 and 1.2 with AES256 are`,
    );
  const body = lines
    .slice(1)
    .map((line) => line.trim())
    .join("");
  const parts = Buffer.from(body, "hex").toString("latin1").split("\n");
  if (
    !/^(?:[0-9a-fA-F]{2})+$/.test(body) ||
    parts.length !== 3 ||
    parts.some((part) => !/^(?:[0-9a-f]{2})+$/i.test(part))
  )
    fail("vault-format", "the encrypted text is damaged: it is not the hexadecimal form that ansible-vault writes");
  const [salt = "", hmac = "", ciphertext = ""] = parts;
  return {
    id,
    salt: Buffer.from(salt, "hex"),
    hmac: Buffer.from(hmac, "hex"),
    ciphertext: Buffer.from(ciphertext, "hex"),
  };
}

// PKCS#7 for a block of 16, which CTR does not need but the format has.
function pad(data: Buffer): Buffer {
  const count = 16 - (data.length % 16);
  return Buffer.concat([data, Buffer.alloc(count, count)]);
}

function unpad(data: Buffer): Buffer {
  const count = data.at(-1) ?? 0;
  return data.subarray(0, data.length - count);
}
