import { createHash } from "node:crypto";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import type { UserState } from "./accounts.ts";
import type { Step } from "./contract.ts";

/** What `user` says about the key pair of an account. */
export interface KeyWishes {
  readonly name: string;
  readonly generate_ssh_key: boolean;
  readonly ssh_key_type: string;
  readonly ssh_key_bits?: number;
  readonly ssh_key_file?: string;
  readonly ssh_key_comment?: string;
  readonly ssh_key_passphrase?: string;
  readonly force: boolean;
}

/** Where the private key lies, relative to the home folder unless it is absolute. */
export function keyFile(args: KeyWishes): string {
  return args.ssh_key_file ?? `.ssh/id_${args.ssh_key_type}`;
}

/** A private key that is there is never replaced unless that is forced, whether or not its public one is there too. */
export function keySteps(args: KeyWishes, is: UserState | undefined): Step[] {
  if (!args.generate_ssh_key || (is?.privateKey && !args.force)) return [];
  const bits = args.ssh_key_bits ? ["-b", String(args.ssh_key_bits)] : [];
  return [
    {
      name: "make a key pair",
      script: sh`n=${args.name}
h=$(getent passwd "$n" | cut -d: -f6); g=$(id -g "$n") || exit 1
k=${keyFile(args)}
case $k in /*) ;; *) k=$h/$k ;; esac
read -r phrase || :
d=\${k%/*}
if [ ! -d "$d" ]; then
  mkdir -p "\${d%/*}/" && t=$(mktemp -d "\${d%/*}/.play-XXXXXX") && chown "$n:$g" "$t" && mv "$t" "$d" || exit 1
fi
t=$(mktemp -d "$d/.play-XXXXXX") || exit 1
trap 'rm -rf "$t"' EXIT
c=${args.ssh_key_comment ?? ""}
ssh-keygen -q -t ${args.ssh_key_type} ${bits} -C "\${c:-ansible-generated on $(uname -n)}" -N "$phrase" -f "$t/k" </dev/null >&2 || exit 1
chown "$n:$g" "$t/k" "$t/k.pub" || exit 1
# The private key says that there is a pair: it comes last.
mv -f "$t/k.pub" "$k.pub" && mv -f "$t/k" "$k" || exit 1`,
      stdin: `${args.ssh_key_passphrase ?? ""}\n`,
    },
  ];
}

/** The values that tell of the key, for the public key as its file has it. */
export function keyResult(args: KeyWishes, home: string, publicKey: string | undefined): Dict {
  if (!args.generate_ssh_key) return {};
  const file = keyFile(args);
  return {
    ssh_key_file: file.startsWith("/") ? file : `${home}/${file}`,
    ...(publicKey ? { ssh_public_key: publicKey, ssh_fingerprint: fingerprint(publicKey) } : {}),
  };
}

/**
 * `256 SHA256:… name (ED25519)`, as `ssh-keygen -l` says it.
 *
 * @example fingerprint("ssh-ed25519 AAAAC3… me") // "256 SHA256:L+o7… me (ED25519)"
 */
export function fingerprint(publicKey: string): string {
  const [type = "", blob = "", ...comment] = publicKey.trim().split(" ");
  const bytes = Buffer.from(blob, "base64");
  const hash = createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "");
  const family = /rsa|dss|ecdsa|ed25519/.exec(type)?.[0] ?? type;
  const name = `${family === "dss" ? "DSA" : family.toUpperCase()}${type.startsWith("sk-") ? "-SK" : ""}`;
  return `${keyBits(type, bytes)} SHA256:${hash} ${comment.join(" ") || "no comment"} (${name})`;
}

/** The size stands in the name of an elliptic curve; else it is the length of the modulus, the last or second number. */
function keyBits(type: string, bytes: Buffer): number {
  const curve = /nistp(\d+)/.exec(type)?.[1];
  if (curve !== undefined) return Number(curve);
  if (type.includes("ed25519")) return 256;
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const modulus = parts[type === "ssh-rsa" ? 2 : 1];
  return modulus === undefined ? 0 : BigInt(`0x0${modulus.toString("hex")}`).toString(2).length;
}
