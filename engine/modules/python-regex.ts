import {
  PatternError,
  type PatternOptions,
  pythonPattern,
  expandReplacement as withGroups,
} from "../source/python-regex.ts";
import { ModuleFailure } from "./contract.ts";

/**
 * A regular expression in Python's spelling. `ascii` for the modules that read files as bytes, where `\w` is a letter
 * of ASCII.
 */
export function pythonRegex(pattern: string, flags = "", options: Pick<PatternOptions, "ascii"> = {}): RegExp {
  try {
    return pythonPattern(pattern, { flags, ...options });
  } catch (error) {
    if (error instanceof PatternError)
      throw new ModuleFailure(`'${pattern}' is no regular expression: ${error.message}`);
    throw error;
  }
}

/** The text that a Python replacement (`\1`, `\g<name>`, `\n`) means for one match. */
export function expandReplacement(replacement: string, match: RegExpExecArray): string {
  try {
    return withGroups(replacement, match, match.groups);
  } catch (error) {
    if (error instanceof PatternError) throw new ModuleFailure(error.message);
    throw error;
  }
}

/** Python's re.subn. */
export function substitute(text: string, regex: RegExp, replacement: string): { text: string; count: number } {
  const global = new RegExp(regex.source, [...new Set(`${regex.flags}g`)].join(""));
  let count = 0;
  let result = "";
  let from = 0;
  for (const match of text.matchAll(global)) {
    count++;
    result += text.slice(from, match.index) + expandReplacement(replacement, match);
    from = match.index + match[0].length;
  }
  return { text: result + text.slice(from), count };
}

/** Lines with their ends, as Python's splitlines(True) on bytes. */
export function linesOf(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
}
