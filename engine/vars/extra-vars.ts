import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DiagnosticError } from "../source/diagnostic.ts";
import { keyValue, pieces, UnclosedQuote } from "../source/key-values.ts";
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
  for (const word of words(text)) {
    const pair = keyValue(word);
    if (pair === undefined) {
      throw failure(`--extra-vars: "${word}" is not name=value`, "Give name=value pairs, JSON, YAML, or @FILE.");
    }
    result[pair.key] = pair.value;
  }
  return result;
}

function mapping(text: string, file: string): Dict {
  const value = toValue(parseDocument(text, file).document);
  if (value === null) return dict();
  if (isDict(value)) return value;
  throw failure(`${file}: extra variables are a mapping of names to values`, undefined, "extra-vars-type");
}

function words(text: string): string[] {
  try {
    return pieces(text)
      .map((piece) => piece.trim())
      .filter((word) => word !== "");
  } catch (error) {
    // What is quoted may be a password: it is not shown.
    if (error instanceof UnclosedQuote) throw failure("--extra-vars: a quote is never closed");
    throw error;
  }
}

function failure(summary: string, hint?: string, code = "extra-vars"): DiagnosticError {
  return new DiagnosticError({
    code,
    severity: "error",
    summary,
    ...(hint === undefined ? {} : { hint }),
  });
}
