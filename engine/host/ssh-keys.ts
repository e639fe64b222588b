import { existsSync, readFileSync } from "node:fs";
import ssh2, { type AnyAuthMethod, type ParsedKey } from "ssh2";
import type { Target } from "./contract.ts";
import type { SshDestination } from "./ssh-config.ts";

/** What will be tried to log in, in order, and what could not be used and why (for the message when all fail). */
export interface Credentials {
  readonly methods: readonly AnyAuthMethod[];
  readonly unusable: readonly string[];
}

/** Named key first, then the agent, then other keys, then the password in both ways in which servers ask for it. */
export function credentials(target: Target, destination: SshDestination): Credentials {
  const { user: username } = destination;
  const methods: AnyAuthMethod[] = [{ type: "none", username }];
  const unusable: string[] = [];
  const keys = destination.identityFiles.flatMap((file): { file: string; key: ParsedKey }[] => {
    const named = file === target.privateKeyFile;
    if (!existsSync(file)) {
      if (named) unusable.push(`${file} does not exist`);
      return [];
    }
    try {
      const key = readKey(file, target.passphrase);
      if (typeof key !== "string") return [{ file, key }];
      unusable.push(key);
      return [];
    } catch (error) {
      unusable.push(`${file} cannot be read (${error instanceof Error ? error.message : String(error)})`);
      return [];
    }
  });
  const [named, others] = [
    keys.filter(({ file }) => file === target.privateKeyFile),
    keys.filter(({ file }) => file !== target.privateKeyFile),
  ];
  const add = ({ key }: { key: ParsedKey }) => methods.push({ type: "publickey", username, key });
  named.forEach(add);
  const { agent, identitiesOnly } = destination;
  if (agent !== undefined && !identitiesOnly) methods.push({ type: "agent", username, agent });
  others.forEach(add);
  const { password } = target;
  if (password !== undefined) {
    methods.push({ type: "password", username, password });
    methods.push({
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    });
  }
  return { methods, unusable };
}

/** The key, or a clause that says why it cannot be used. */
export function readKey(file: string, passphrase: string | undefined): ParsedKey | string {
  const text = readFileSync(file);
  const parsed = ssh2.utils.parseKey(text, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!(key instanceof Error)) return key;
  if (/encrypted/i.test(key.message) && passphrase === undefined)
    return `${file} is encrypted and no passphrase was given`;
  if (/passphrase|decrypt|integrity/i.test(key.message)) return `the passphrase does not open ${file}`;
  return `${file} is of a kind that the ssh transport cannot use; try ansible_connection=openssh`;
}
