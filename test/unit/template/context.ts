import { readFileSync } from "node:fs";
import type { Value } from "../../../engine/source/value.ts";
import type { TemplateContext } from "../../../engine/template/contract.ts";

/** A context over fixed variables. */
export function contextOf(
  variables: { readonly [name: string]: Value },
  more: Partial<TemplateContext> = {},
): TemplateContext {
  return {
    scope: {
      lookup: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
      names: () => Object.keys(variables),
    },
    searchPath: [],
    readFile: (path) => readFileSync(path),
    decrypt: (text) => `decrypted ${text}`,
    warn: () => {},
    ...more,
  };
}
