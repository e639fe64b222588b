import type { Script } from "./contract.ts";

/** What may stand in a `sh` template: a word, a number, a list of words, or a script made the same way. */
export type Interpolation = string | number | Script | readonly (string | number)[];

/** Not exported: only this file makes scripts, so every value in one has been quoted. */
class ShellText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * The only way to make a remote command. Strings and numbers become one quoted word, a list becomes quoted words
 * with blanks between, a Script is put in as it stands.
 *
 * The text is taken raw, so backslashes are the shell's (`printf '%s\n'` needs no doubling); only `\${` and a
 * backslashed backquote stand for `${` and the backquote. A value inside quotes would end up quoted twice, so that
 * is refused.
 *
 * @example sh`stat -c %a ${path}`.text === "stat -c %a '/etc/my file'"
 * @throws RangeError for a NUL, TypeError for a value inside quotes or of another type.
 */
export function sh(strings: TemplateStringsArray, ...values: Interpolation[]): Script {
  refuseValuesInQuotes(strings);
  let text = unescaped(strings.raw[0] ?? "");
  values.forEach((value, index) => {
    text += interpolated(value) + unescaped(strings.raw[index + 1] ?? "");
  });
  return script(text);
}

/** One word, whatever it holds. `it's` becomes `'it'\''s'`. */
export function quote(text: string | number): string {
  const word = String(text);
  if (word.includes("\0")) throw new RangeError("A NUL byte cannot be part of a shell word.");
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Scripts one after the other. The default separator is a newline; `" && "` makes each depend on the one before. */
export function joinScripts(scripts: readonly Script[], separator: "\n" | " && " | " || " | "; " | " " = "\n"): Script {
  return script(scripts.map((part) => part.text).join(separator));
}

export function isScript(value: unknown): value is Script {
  return value instanceof ShellText;
}

function script(text: string): Script {
  return new ShellText(text) as unknown as Script; // the brand exists for the type checker only
}

function interpolated(value: Interpolation): string {
  if (typeof value === "string" || typeof value === "number") return quote(value);
  if (isScript(value)) return value.text;
  if (Array.isArray(value)) return value.map((word) => quote(word)).join(" ");
  throw new TypeError(`A ${value === null ? "null" : typeof value} cannot be put into a shell script.`);
}

function unescaped(raw: string): string {
  return raw.replace(/\\(`|\$\{)/g, "$1");
}

const checked = new WeakSet<TemplateStringsArray>();

/** Follows the shell's quoting through the fixed text; at each hole it must be outside of quotes. */
function refuseValuesInQuotes(strings: TemplateStringsArray): void {
  if (checked.has(strings)) return;
  const open: ("'" | '"' | "(")[] = [];
  strings.raw.slice(0, -1).forEach((raw) => {
    const text = unescaped(raw);
    for (let at = 0; at < text.length; at++) {
      const char = text[at];
      const inside = open.at(-1);
      if (inside === "'") {
        if (char === "'") open.pop();
      } else if (char === "\\") at++;
      else if (char === "$" && text[at + 1] === "(") {
        open.push("(");
        at++;
      } else if (char === '"') {
        if (inside === '"') open.pop();
        else open.push('"');
      } else if (inside === '"') continue;
      else if (char === "'") open.push("'");
      else if (char === "(" && inside === "(") open.push("(");
      else if (char === ")" && inside === "(") open.pop();
      else if (char === "#" && (at === 0 || /[\s;]/.test(text[at - 1] ?? ""))) {
        const end = text.indexOf("\n", at);
        at = end < 0 ? text.length : end;
      }
    }
    const inside = open.at(-1);
    if (inside === "'" || inside === '"') {
      throw new TypeError(`A value inside ${inside} quotes would be quoted twice: ${text.trim()}`);
    }
  });
  checked.add(strings);
}
