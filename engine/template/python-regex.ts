import { PatternError, pythonPattern, expandReplacement as withGroups } from "../source/python-regex.ts";
import { fail } from "./item.ts";

const compiled = new Map<string, RegExp>();

/**
 * Python's regular expression, compiled once.
 * @param flags JavaScript's letters; always add `g` or `y` where they are wanted
 * @throws OperationError where the expression is not valid
 */
export function pythonRegex(pattern: string, flags = ""): RegExp {
  const key = `${flags}/${pattern}`;
  let regex = compiled.get(key);
  if (regex === undefined) {
    regex = failing(
      () => pythonPattern(pattern, { flags }),
      (problem) => `the regular expression '${pattern}' is not valid: ${problem}`,
    );
    if (compiled.size > 500) compiled.clear();
    compiled.set(key, regex);
  }
  regex.lastIndex = 0;
  return regex;
}

/** Python's replacement text. @throws OperationError where it refers to a group that is not there */
export function expandReplacement(
  template: string,
  match: readonly (string | undefined)[],
  groups: { readonly [name: string]: string | undefined } | undefined,
): string {
  return failing(
    () => withGroups(template, match, groups),
    (problem) => problem,
  );
}

function failing<T>(work: () => T, words: (problem: string) => string): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PatternError) return fail(words(error.message));
    throw error;
  }
}
