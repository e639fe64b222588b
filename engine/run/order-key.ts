/**
 * Where a task stands in a play: the indices on the way down to it. Compared number by number, a prefix first, they
 * give the order in which hosts in lockstep meet tasks; what a task includes stands right behind it.
 */
export type OrderKey = readonly number[];

export function compareKeys(a: OrderKey, b: OrderKey): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
