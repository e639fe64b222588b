/**
 * Ansible's rules of tags: `always` runs unless skipped by name, `never` only when asked for, `all`, `tagged` and
 * `untagged` are words of their own.
 */
export function selectedByTags(tags: readonly string[], only: readonly string[], skip: readonly string[]): boolean {
  const own = new Set(tags);
  const wanted = only.length === 0 ? ["all"] : only;
  const asked = wanted.some((tag) => own.has(tag));
  const tagged = own.size > 0 && !(own.size === 1 && own.has("untagged"));
  let selected =
    own.has("always") ||
    asked ||
    (wanted.includes("all") && !own.has("never")) ||
    (wanted.includes("tagged") && tagged && !own.has("never")) ||
    (wanted.includes("untagged") && !tagged);
  if (!selected || skip.length === 0) return selected;
  if (skip.includes("all")) selected = own.has("always") && !skip.includes("always");
  else if (skip.some((tag) => own.has(tag)) || (skip.includes("tagged") && tagged)) selected = false;
  else if (skip.includes("untagged") && !tagged) selected = false;
  return selected;
}
