import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import type { Query } from "./contract.ts";
import type { PathState } from "./paths.ts";

/** One active line of apt's lists: `deb [options] uri suite components`. */
export interface SourceLine {
  readonly file: string;
  readonly line: string;
}

/** `  deb   x  y # comment` → `deb x y`: what two spellings of the same source have in common. */
export function normaliseSource(line: string): string {
  const plain = line.replace(/#.*/, "").trim();
  const match = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(.*)$/.exec(plain);
  if (!match) return "";
  const options = match[2] === undefined ? "" : `[${match[2].trim().split(/\s+/).join(" ")}] `;
  return `${match[1]} ${options}${(match[3] ?? "").split(/\s+/).join(" ")}`;
}

/** All active source lines of the host. Predicted files take the place of those on disk. */
export const aptSources: Query<readonly SourceLine[]> = {
  kind: "apt-sources",
  subject: "apt",
  script: sh`grep -Hs '' /etc/apt/sources.list /etc/apt/sources.list.d/*.list; exit 0`,
  decode: (reply) =>
    reply.stdout
      .toString()
      .split("\n")
      .flatMap((text) => {
        const colon = text.indexOf(":");
        const line = normaliseSource(text.slice(colon + 1));
        return line === "" ? [] : [{ file: text.slice(0, colon), line }];
      }),
  amend(observed, predictions) {
    let lines = [...observed];
    for (const effect of predictions.all("path")) {
      if (!("subject" in effect) || !/^\/etc\/apt\/sources\.list(\.d\/[^/]+\.list)?$/.test(effect.subject)) continue;
      if ("unknown" in effect) return new Unknown(effect.unknown);
      const state = effect.state as PathState; // only paths.ts makes effects of this kind
      if (state.exists && state.content === undefined) continue;
      lines = lines.filter(({ file }) => file !== effect.subject);
      if (!state.exists) continue;
      for (const text of state.content?.toString().split("\n") ?? []) {
        const line = normaliseSource(text);
        if (line !== "") lines.push({ file: effect.subject, line });
      }
    }
    return lines;
  },
};

/** The name of the file for a source, as Ansible makes it: of the host and path of its address. */
export function sourceFileName(repo: string): string {
  const words = repo
    .replace(/\[[^\]]+\]/g, "")
    .replace(/\w+:\/\//g, "")
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "deb" && word !== "deb-src");
  const address = (words[0] ?? "").split("@").at(-1) ?? "";
  return `${address
    .replace(/[^a-zA-Z0-9]/g, " ")
    .trim()
    .split(/\s+/)
    .join("_")}.list`;
}
