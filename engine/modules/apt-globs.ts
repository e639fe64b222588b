import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import { parseWish } from "./apt-wish.ts";
import { askAll, type Look, ModuleFailure, type Query } from "./contract.ts";
import { packageKind } from "./packages.ts";

/**
 * The names with each pattern (`php8*`) replaced by the packages that it means: of all that apt knows, or where they
 * are to go of those that dpkg knows.
 */
export function* withoutGlobs(names: readonly string[], going: boolean): Look<readonly string[]> {
  const patterns = names.filter((name) => isGlob(parseWish(name).name));
  if (patterns.length === 0) return names;
  const found = yield* askAll(patterns.map((pattern) => matching(parseWish(pattern).name, going)));
  return names.flatMap((name) => {
    const at = patterns.indexOf(name);
    if (at < 0) return [name];
    const matches = found[at] ?? { names: [], known: false };
    if (!matches.known) throw new ModuleFailure(`No package(s) matching '${parseWish(name).name}' available`);
    return matches.names;
  });
}

interface Matches {
  readonly names: readonly string[];
  /** Whether apt knows any package of such a name, among those that go or not. */
  readonly known: boolean;
}

function matching(pattern: string, going: boolean): Query<Matches> {
  return {
    kind: "package-names",
    subject: pattern,
    detail: going ? "dpkg" : "apt",
    script: sh`r=${globExpression(pattern)}
dpkg-query -W -f '\${Package}\n' 2>/dev/null | grep -xE "$r" | sort -u
echo '#=apt=#'
apt-cache pkgnames | grep -xE "$r" | ${going ? sh`head -n 1` : sh`sort -u`}
exit 0`,
    decode(reply) {
      const [dpkg = [], apt = []] = reply.stdout
        .toString()
        .split("#=apt=#\n")
        .map((part) => part.split("\n").filter((line) => line !== ""));
      return { names: going ? dpkg : [...new Set([...apt, ...dpkg])], known: dpkg.length + apt.length > 0 };
    },
    amend(observed, predictions) {
      // Packages that come and go before are among those meant.
      const effect = predictions.all(packageKind)[0];
      const lists = predictions.of("apt-lists", "content");
      if (lists && "unknown" in lists && !going) return new Unknown(lists.unknown);
      const reason = effect ? "packages change before" : predictions.open(packageKind);
      return going && reason !== undefined ? new Unknown(reason) : observed;
    },
  };
}

function isGlob(name: string): boolean {
  return /[*?[\]!]/.test(name);
}

/**
 * Python's fnmatch as an extended regular expression for a whole line.
 *
 * @example globExpression("php8*-[!a]?") // "php8.*-[^a]."
 */
export function globExpression(pattern: string): string {
  return pattern.replaceAll(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part.length > 1) return part.replace(/^\[!/, "[^");
    if (part === "*") return ".*";
    if (part === "?") return ".";
    return part.replace(/[\\^$.|+()[\]{}]/, "\\$&");
  });
}
