import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DiagnosticError } from "../source/diagnostic.ts";
import { missingHint } from "../source/missing-file.ts";
import { decodeText } from "../source/text.ts";
import { type Dict, dict, isDict } from "../source/value.ts";
import { isVault, type Vault } from "../source/vault.ts";
import { parseDocument, toValue } from "../source/yaml.ts";

/**
 * Reads the values of `-e`: `@FILE`, JSON or YAML mappings in braces, `name=value` pairs; the later wins.
 * @throws DiagnosticError
 */
export function parseExtraVars(values: readonly string[], vault: Vault): Dict {
  const result = dict();
  for (const value of values) Object.assign(result, parseOne(value, vault));
  return result;
}

function parseOne(value: string, vault: Vault): Dict {
  const text = value.trim();
  if (text.startsWith("@")) {
    const file = text.slice(1).replace(/^~(?=\/)/, process.env["HOME"] ?? "~");
    if (!existsSync(file))
      throw failure(`--extra-vars: there is no file ${file}`, missingHint(file, [resolve(file)]), "extra-vars-file");
    if (statSync(file).isDirectory())
      throw failure(`--extra-vars: ${file} is a folder, not a file`, undefined, "extra-vars-file");
    const bytes = readFileSync(file);
    return mapping(isVault(bytes) ? vault.decrypt(bytes) : decodeText(bytes, file), file);
  }
  if (text.startsWith("{") || text.startsWith("[") || text.startsWith("---")) return mapping(text, "--extra-vars");
  const result = dict();
  for (const pair of words(text)) {
    const equals = pair.indexOf("=");
    if (equals < 1) {
      throw failure(`--extra-vars: "${pair}" is not name=value`, "Give name=value pairs, JSON, YAML, or @FILE.");
    }
    result[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return result;
}

function mapping(text: string, file: string): Dict {
  const value = toValue(parseDocument(text, file).document);
  if (value === null) return dict();
  if (isDict(value)) return value;
  throw failure(`${file}: extra variables are a mapping of names to values`, undefined, "extra-vars-type");
}

/** Splits as a shell does; quotes group and go away. */
function words(text: string): string[] {
  const result: string[] = [];
  let current: string | undefined;
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? "";
    if (quote !== "") {
      if (char === quote) quote = "";
      else if (char === "\\" && quote === '"' && /["\\]/.test(text[index + 1] ?? ""))
        current = (current ?? "") + (text[++index] ?? "");
      else current = (current ?? "") + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      current ??= "";
    } else if (char === "\\" && index + 1 < text.length) current = (current ?? "") + (text[++index] ?? "");
    else if (/\s/.test(char)) {
      if (current !== undefined) result.push(current);
      current = undefined;
    } else current = (current ?? "") + char;
  }
  if (quote !== "") throw failure(`--extra-vars: the quote ${quote} is not closed`);
  return current === undefined ? result : [...result, current];
}

function failure(summary: string, hint?: string, code = "extra-vars"): DiagnosticError {
  return new DiagnosticError({
    code,
    severity: "error",
    summary,
    ...(hint === undefined ? {} : { hint }),
  });
}
