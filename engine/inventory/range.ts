import { DiagnosticError, type Position } from "../source/diagnostic.ts";

/** Expands `web[01:10:2].example`, `db-[a:c]`; several ranges multiply. A name without any is itself. */
export function expandRange(name: string, at: Position): string[] {
  const found = /\[([^[\]]*:[^[\]]*)\]/.exec(name);
  if (found?.[1] === undefined) return [name];
  const head = name.slice(0, found.index);
  const tail = name.slice(found.index + found[0].length);
  const [start = "", end = "", step = "1", ...more] = found[1].split(":");
  const bad = (hint: string) =>
    new DiagnosticError({
      code: "inventory-range",
      severity: "error",
      summary: `"${found[0]}" is not a range of hosts`,
      at,
      hint,
    });
  if (more.length > 0 || !/^\d+$/.test(step) || Number(step) === 0)
    throw bad("A range is [from:to] or [from:to:step].");
  const values = valuesOf(start === "" ? "0" : start, end, Number(step));
  if (!values) throw bad("From and to must both be numbers of the same width, or both letters, and in order.");
  return values.flatMap((value) => expandRange(tail, at).map((rest) => `${head}${value}${rest}`));
}

function valuesOf(start: string, end: string, step: number): string[] | undefined {
  const values: string[] = [];
  if (/^\d+$/.test(start) && /^\d+$/.test(end)) {
    const width = start.startsWith("0") && start.length > 1 ? start.length : 0;
    if (width > 0 && end.length !== width) return undefined;
    if (Number(end) < Number(start)) return undefined;
    for (let value = Number(start); value <= Number(end); value += step)
      values.push(String(value).padStart(width, "0"));
    return values;
  }
  if (!/^[A-Za-z]$/.test(start) || !/^[A-Za-z]$/.test(end)) return undefined;
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const [from, to] = [letters.indexOf(start), letters.indexOf(end)];
  if (to < from) return undefined;
  for (let index = from; index <= to; index += step) values.push(letters[index] ?? "");
  return values;
}
