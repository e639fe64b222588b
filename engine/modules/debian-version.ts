/**
 * Compares versions as dpkg does: `[epoch:]upstream[-revision]`, of each part text and numbers in turn.
 * Source: deb-version(7), "Sorting algorithm".
 * @returns a number below, equal to or above 0
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function parts(version: string): { epoch: number; upstream: string; revision: string } {
  const [, epoch = "0", upstream = "", revision = "0"] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/s.exec(version.trim()) ?? [];
  return { epoch: Number(epoch), upstream, revision };
}

function compareParts(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one = "", other = ""] = [left[index], right[index]];
    const order = index % 2 === 0 ? compareTexts(one, other) : compareNumbers(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

/** Text, number, text, number …; the first text may be empty. */
function pieces(part: string): string[] {
  const text = /^\D*/.exec(part)?.[0] ?? "";
  return [text, ...(part.slice(text.length).match(/\d+|\D+/g) ?? [])];
}

/** A tilde comes before the end, the end before letters, letters before all else. */
function compareTexts(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = weight(a[index]) - weight(b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function weight(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === "~") return -1;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}

/** Of any length: 20240101120000 and longer are common. */
function compareNumbers(a: string, b: string): number {
  const [one, other] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
