import { type Item, type ItemDict, newDict, text } from "../item.ts";
import type { Bound } from "../plugin.ts";

/** `key file=x col=1`, the old way to give a lookup its options inside the term. */
export function inlineOptions(term: string): { readonly free: string; readonly options: ItemDict } {
  const free: string[] = [];
  const options: [string, Item][] = [];
  for (const [word] of term.matchAll(/(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+/g)) {
    const match = /^(\w+)=([\s\S]*)$/.exec(word);
    if (match === null) free.push(word);
    else options.push([match[1] ?? "", (match[2] ?? "").replace(/^(["'])([\s\S]*)\1$/, "$2")]);
  }
  return { free: free.join(" "), options: newDict(options) };
}

/** An option from the call, else from the term, else the default. */
export function option(name: string, call: Bound, inline: ItemDict, fallback: string): string {
  const given = call[name] ?? (Object.hasOwn(inline, name) ? inline[name] : undefined);
  return given === undefined || given === null ? fallback : text(given);
}
