import { fail } from "./item.ts";

/** Compares two versions: below zero, zero or above. @throws OperationError where a strict kind cannot read one */
export function compareVersions(a: string, b: string, kind: string): number {
  switch (kind) {
    case "loose":
      return compareLoose(a, b);
    case "strict":
      return compareParts(strict(a), strict(b));
    case "semver":
    case "semantic":
      return compareSemantic(a, b);
    case "pep440":
      return compareParts(pep440(a), pep440(b));
    default:
      return fail(`there is no version type '${kind}'`, undefined, "It has: loose, strict, semver, pep440.");
  }
}

type Part = number | string;

/** Numbers and letters in turn, as distutils' LooseVersion. A number and letters at the same place do not compare. */
function compareLoose(a: string, b: string): number {
  const parts = (version: string): Part[] =>
    (version.match(/\d+|[a-z]+|[^\d.a-z]+/gi) ?? []).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const x = parts(a);
  const y = parts(b);
  for (let index = 0; index < Math.min(x.length, y.length); index++) {
    const left = x[index] ?? 0;
    const right = y[index] ?? 0;
    if (left === right) continue;
    if (typeof left !== typeof right)
      return fail(`the versions '${a}' and '${b}' do not compare: '${left}' stands against '${right}'`);
    return left < right ? -1 : 1;
  }
  return x.length - y.length;
}

function compareParts(a: readonly Part[], b: readonly Part[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const left = a[index] ?? 0;
    const right = b[index] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function strict(version: string): Part[] {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/.exec(version.trim());
  if (match === null) return fail(`'${version}' is no strict version such as 1.2.3`);
  const [, major, minor, patch, letter, number] = match;
  return [Number(major), Number(minor), Number(patch ?? 0), letter ?? "z", Number(number ?? 0)];
}

function compareSemantic(a: string, b: string): number {
  const read = (version: string): { core: number[]; pre: string[] } => {
    const match = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([\da-zA-Z.-]+))?(?:\+[\da-zA-Z.-]+)?$/.exec(
      version.trim(),
    );
    if (match === null) return fail(`'${version}' is no semantic version such as 1.2.3`);
    return { core: match.slice(1, 4).map(Number), pre: match[4]?.split(".") ?? [] };
  };
  const x = read(a);
  const y = read(b);
  const core = compareParts(x.core, y.core);
  if (core !== 0) return core;
  if (x.pre.length === 0 || y.pre.length === 0) return y.pre.length - x.pre.length;
  for (let index = 0; index < Math.min(x.pre.length, y.pre.length); index++) {
    const left = x.pre[index] ?? "";
    const right = y.pre[index] ?? "";
    if (left === right) continue;
    const bothNumbers = /^\d+$/.test(left) && /^\d+$/.test(right);
    if (bothNumbers) return Number(left) - Number(right);
    if (/^\d+$/.test(left) !== /^\d+$/.test(right)) return /^\d+$/.test(left) ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return x.pre.length - y.pre.length;
}

function pep440(version: string): Part[] {
  const match =
    /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|alpha|b|beta|c|rc|pre|preview)[-_.]?(\d*))?(?:[-_.]?(post|rev|r)[-_.]?(\d*)|-(\d+))?(?:[-_.]?dev[-_.]?(\d*))?(?:\+[\w.-]+)?$/i.exec(
      version.trim(),
    );
  if (match === null) return fail(`'${version}' is no version in the sense of PEP 440`);
  const [whole, epoch, release = "", pre, preNumber, post, postNumber, postDash] = match;
  const dev = /dev[-_.]?(\d*)/i.exec(whole);
  const numbers = release.split(".").map(Number);
  while (numbers.length < 8) numbers.push(0);
  const rank =
    pre === undefined
      ? dev !== null && post === undefined && postDash === undefined
        ? 0
        : 4
      : "abcr".includes(pre.charAt(0).toLowerCase())
        ? ({ a: 1, b: 2, c: 3, r: 3 }[pre.charAt(0).toLowerCase()] ?? 3)
        : 3;
  const after = post !== undefined || postDash !== undefined ? Number(postNumber ?? postDash ?? 0) + 1 : 0;
  return [
    Number(epoch ?? 0),
    ...numbers,
    rank,
    Number(preNumber || 0),
    after,
    dev === null ? 1_000_000_000 : Number(dev[1] || 0),
  ];
}
