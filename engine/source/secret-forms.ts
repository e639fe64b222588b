import { isDict, type Value } from "./value.ts";
import { parseYaml, toValue } from "./yaml.ts";

/** The spellings in which a secret text shows up in outputs: plain, escaped, quoted, encoded. */
export function* formsOf(text: string): Generator<string> {
  yield text;
  const json = JSON.stringify(text).slice(1, -1);
  yield json;
  const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  yield ascii;
  yield JSON.stringify(json).slice(1, -1);
  yield JSON.stringify(ascii).slice(1, -1);
  yield* quotedForms(text);
  const url = encodeURIComponent(text);
  for (const each of [url, url.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)]) {
    yield each;
    yield each.replaceAll("%2F", "/");
    yield each.replaceAll("%20", "+");
    yield each.replace(/%[\dA-F]{2}/g, (code) => code.toLowerCase());
  }
  const bytes = Buffer.from(text);
  yield* base64Forms(bytes);
  yield bytes.toString("hex");
  yield bytes.toString("hex").toUpperCase();
}

/** As shells, Python, YAML and XML write it between quotes. */
function* quotedForms(text: string): Generator<string> {
  const shell = (plain: string) => plain.replaceAll("'", `'\\''`);
  const shlex = text.replaceAll("'", `'"'"'`);
  const inDoubleQuotes = text.replace(/["\\$`]/g, "\\$&");
  yield text.replaceAll("'", "''");
  // -vvv shows commands as an argument of `sh -c '…'`: quoted once more.
  for (const once of [text, shell(text), shlex, inDoubleQuotes, JSON.stringify(text).slice(1, -1)]) {
    yield once;
    yield shell(once);
  }
  yield text.replace(/[^\w@%+=:,./-]/g, "\\$&");
  const python = text.replaceAll("\\", "\\\\");
  yield python;
  yield python.replaceAll("'", "\\'");
  const xml = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  for (const double of ['"', "&quot;", "&#34;"]) {
    for (const single of ["'", "&#39;", "&#x27;", "&apos;"]) yield xml.replaceAll('"', double).replaceAll("'", single);
  }
}

/** Base64 at each of the three alignments, since a secret is often encoded together with what is around it. */
function* base64Forms(bytes: Buffer): Generator<string> {
  yield bytes.toString("base64");
  const asFile = Buffer.concat([bytes, Buffer.from("\n")]).toString("base64");
  yield asFile;
  // base64(1) and MIME break it into lines.
  for (const width of [76, 64]) if (asFile.length > width) yield* asFile.match(new RegExp(`.{8,${width}}`, "g")) ?? [];
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

/** The secrets in a text that was encrypted: all of it, and each value where it is YAML, JSON or lines of `name=value`. */
export function* secretsWithin(plain: string): Generator<string> {
  yield plain;
  if (!/[:=[{]/.test(plain)) return;
  for (const line of plain.split(/\r?\n/)) {
    const value = /^\s*(?:-\s+|export\s+)?["']?[\w.-]+["']?\s*[:=]\s*(\S.*)$/.exec(line)?.[1]?.trim();
    if (value !== undefined) yield value.replace(/^(["'])(.*)\1,?$/, "$2");
  }
  try {
    for (const document of parseYaml(plain, "vault").documents) yield* textsIn(toValue(document));
  } catch {
    // No YAML: its lines are all there is to find.
  }
}

/** Every text and long number of a value, however deep; keys are none. */
export function* textsIn(value: Value | undefined): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "number" || typeof value === "bigint") yield String(value);
  else if (Array.isArray(value)) for (const each of value) yield* textsIn(each);
  else if (isDict(value)) for (const key of Object.keys(value)) yield* textsIn(value[key]);
}
