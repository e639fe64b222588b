import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { outcomeOf } from "./process.ts";

/** How hosts and image builds reach Debian's packages: the way in which this machine does. */
export interface Mirror {
  /** Root of the archive, such as `http://deb.debian.org/debian`. */
  readonly url: string;
  /** Lines for a file in /etc/apt/apt.conf.d: the machine's proxy. */
  readonly aptConfiguration: string;
  /** PEM of certificate authorities that this machine trusts beyond Debian's; empty unless the mirror is https. */
  readonly authorities: string;
}

const usual = "http://deb.debian.org/debian";

/** Reads the machine's apt settings. A machine without apt gets Debian's own archive. */
export async function findMirror(root = "/"): Promise<Mirror> {
  const url = debianArchive(await sourceTexts(root)) ?? usual;
  const proxies = await outcomeOf(["apt-config", "dump", "Acquire::http::Proxy", "Acquire::https::Proxy"]);
  const dumped = proxies.status === 0 ? proxies.stdout.toString("utf8") : "";
  const aptConfiguration = dumped
    .split("\n")
    .filter((line) => /^Acquire::https?::Proxy\S* "[^"]+";$/.test(line))
    .join("\n");
  return { url, aptConfiguration, authorities: url.startsWith("https:") ? await localAuthorities(root) : "" };
}

/** The archive that holds Debian's main packages, out of the texts of apt's source files (both formats). */
export function debianArchive(sources: readonly string[]): string | undefined {
  for (const source of sources) {
    for (const line of source.split("\n")) {
      const oneLine = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+\S+\s+.*\bmain\b/.exec(line.trim());
      if (oneLine?.[1] && isMainArchive(oneLine[1])) return oneLine[1].replace(/\/$/, "");
      const field = /^URIs:\s*(.+)$/i.exec(line.trim());
      const uri = field?.[1]?.split(/\s+/).find(isMainArchive);
      if (uri) return uri.replace(/\/$/, "");
    }
  }
  return undefined;
}

function isMainArchive(uri: string): boolean {
  return /^https?:\/\/\S+\/debian\/?$/.test(uri);
}

async function sourceTexts(root: string): Promise<string[]> {
  const folder = join(root, "etc/apt/sources.list.d");
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = [
    join(root, "etc/apt/sources.list"),
    ...names
      .sort()
      .filter((name) => /\.(list|sources)$/.test(name))
      .map((name) => join(folder, name)),
  ];
  return Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
}

async function localAuthorities(root: string): Promise<string> {
  const folder = join(root, "usr/local/share/ca-certificates");
  const names = await readdir(folder).catch(() => [] as string[]);
  const texts = await Promise.all(
    names
      .sort()
      .filter((name) => name.endsWith(".crt"))
      .map((name) => readFile(join(folder, name), "utf8").catch(() => "")),
  );
  return texts.join("");
}
