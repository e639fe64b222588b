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

const mask = "********";
/** Below this length a text occurs by chance too often to be replaced inside others. */
const shortest = 6;

/** An empty store of secrets. Redacting costs next to nothing until the first is added. */
export function createSecrets(): Secrets {
  const needles = new Set<string>();
  const short = new Set<string>();
  let matcher: RegExp | undefined;

  const addForms = (text: string): void => {
    for (const form of forms(text)) if (form.length >= shortest) needles.add(form);
  };

  return {
    add(text) {
      const whole = text.trim();
      if (whole === "" || needles.has(whole)) return;
      if (whole.length < shortest) {
        short.add(whole);
        return;
      }
      matcher = undefined;
      addForms(whole);
      // Outputs cut, indent and interleave long texts, so each line is a secret of its own.
      const lines = whole.split(/\r?\n/);
      if (lines.length > 1) for (const line of lines) if (line.trim().length >= shortest) addForms(line.trim());
    },
    redact(text) {
      if (short.size > 0 && text.length < shortest + 2 && short.has(text.trim())) return mask;
      if (needles.size === 0) return text;
      matcher ??= new RegExp(
        `(?=(${[...needles]
          .sort((a, b) => b.length - a.length)
          .map((needle) => needle.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
          .join("|")}))`,
        "g",
      );
      return mergeMatches(text, matcher);
    },
  };
}

/** Replaces every stretch that matches cover; overlapping ones together, so that no tail of a secret stays. */
function mergeMatches(text: string, matcher: RegExp): string {
  let result = "";
  let copied = 0;
  let end = -1;
  for (const match of text.matchAll(matcher)) {
    const start = match.index;
    const stop = start + (match[1] ?? "").length;
    if (start > end || end < 0) {
      if (end >= 0) copied = end;
      result += text.slice(copied, start) + mask;
      end = stop;
    } else end = Math.max(end, stop);
  }
  return end < 0 ? text : result + text.slice(end);
}

/** The spellings in which a text shows up in outputs. */
function* forms(text: string): Generator<string> {
  yield text;
  const json = JSON.stringify(text).slice(1, -1);
  yield json;
  const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  yield ascii;
  yield JSON.stringify(json).slice(1, -1);
  yield JSON.stringify(ascii).slice(1, -1);
  yield text.replaceAll("'", `'\\''`);
  yield text.replaceAll("'", `'"'"'`);
  yield text.replaceAll("'", "''");
  const url = encodeURIComponent(text);
  yield url;
  yield url.replaceAll("%2F", "/");
  yield url.replaceAll("%20", "+");
  yield* base64Forms(Buffer.from(text));
  yield Buffer.from(text).toString("hex");
}

/** Base64 at each of the three alignments, since a secret is often encoded together with what is around it. */
function* base64Forms(bytes: Buffer): Generator<string> {
  yield bytes.toString("base64");
  yield Buffer.concat([bytes, Buffer.from("\n")]).toString("base64");
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    // The first characters mix with what stands before, the last with what comes after.
    const start = offset === 0 ? 0 : offset + 1;
    const end = Math.floor(((bytes.length + offset) * 8) / 6);
    const form = encoded.slice(start, end);
    if (form.length >= 8) {
      yield form;
      yield form.replaceAll("+", "-").replaceAll("/", "_");
    }
  }
}
