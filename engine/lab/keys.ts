import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The keys of one lab, made once and kept in its folder, so that known_hosts stays true over rebuilt hosts. */
export interface LabKeys {
  /** The login key's file, mode 0600; `.pub` lies beside it. */
  readonly privateKeyFile: string;
  readonly authorizedKey: string;
  /** What every host of the lab presents as its own key, in OpenSSH's format. */
  readonly hostKey: string;
  readonly hostKeyPublic: string;
}

/** Reads the lab's keys, or makes them. Two processes that begin together end up with the same ones. */
export async function labKeys(directory: string): Promise<LabKeys> {
  await mkdir(directory, { recursive: true });
  const login = await keyPair(join(directory, "id_ed25519"), "play-lab");
  const host = await keyPair(join(directory, "host_ed25519"), "play-lab-host");
  return {
    privateKeyFile: join(directory, "id_ed25519"),
    authorizedKey: login.publicLine,
    hostKey: host.privateText,
    hostKeyPublic: host.publicLine,
  };
}

/** Lines of a known_hosts file: these names and addresses present the lab's host key. */
export function knownHosts(keys: LabKeys, names: readonly string[]): string {
  const key = keys.hostKeyPublic.split(" ").slice(0, 2).join(" ");
  return names.map((name) => `${name} ${key}\n`).join("");
}

async function keyPair(file: string, comment: string): Promise<{ privateText: string; publicLine: string }> {
  let privateText = await readFile(file, "utf8").catch(() => undefined);
  if (privateText === undefined) {
    const own = `${file}.${randomBytes(4).toString("hex")}`;
    await writeFile(own, makeKeyPair(comment).privateText, { mode: 0o600 });
    await link(own, file).catch(() => {}); // it exists: another process was first, and its key counts
    await rm(own);
    privateText = await readFile(file, "utf8");
  }
  const publicLine = publicLineOf(privateText, comment);
  await writeFile(`${file}.pub`, `${publicLine}\n`);
  return { privateText, publicLine };
}

/** The public key stands unencrypted in the private file: after the magic, two names, an empty field and a count. */
function publicLineOf(privateText: string, comment: string): string {
  const whole = Buffer.from(privateText.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  const at = "openssh-key-v1\0".length + field("none").length * 2 + field("").length + 4;
  const blob = whole.subarray(at + 4, at + 4 + whole.readUInt32BE(at));
  return `ssh-ed25519 ${blob.toString("base64")} ${comment}`;
}

/** An Ed25519 pair in OpenSSH's own format (Node cannot write it, ssh2's generator gets 1 of 256 wrong). */
export function makeKeyPair(comment: string): { privateText: string; publicLine: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const seed = rawBytes(privateKey, "d");
  const point = rawBytes(createPublicKey(privateKey), "x");
  const blob = Buffer.concat([field("ssh-ed25519"), field(point)]);
  const check = randomBytes(4);
  let secret = Buffer.concat([check, check, blob, field(Buffer.concat([seed, point])), field(comment)]);
  for (let pad = 1; secret.length % 8 !== 0; pad++) secret = Buffer.concat([secret, Buffer.from([pad])]);
  const count = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    count,
    field(blob),
    field(secret),
  ]);
  const lines = whole.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    privateText: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicLine: `ssh-ed25519 ${blob.toString("base64")} ${comment}`,
  };
}

function rawBytes(key: KeyObject, part: "d" | "x"): Buffer {
  const value = key.export({ format: "jwk" })[part];
  if (typeof value !== "string") throw new TypeError("an Ed25519 key without its numbers");
  return Buffer.from(value, "base64url");
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
