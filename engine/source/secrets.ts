/**
 * Knows the texts that must never be shown. Values that came out of a vault, passwords and arguments that a
 * module marks secret are added as they flow; every output passes through {@link Secrets.redact}.
 */
export interface Secrets {
  /** Remembers a secret text. Shorter than six characters it is replaced only where it is a whole value. */
  add(text: string): void;
  /** The text with every secret, and its JSON, shell-quoted, base64 and URL forms, replaced by `********`. */
  redact(text: string): string;
}
