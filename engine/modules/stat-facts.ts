import type { Reply } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { type Dict, dict, Float, Unknown, type Value } from "../source/value.ts";
import type { Query } from "./contract.ts";
import { hash } from "./controller-files.ts";
import { assign, linkTarget } from "./path-names.ts";
import type { PresentPath } from "./paths.ts";

/** What stat and find tell of a path, under Ansible's names. What only the run can show is Unknown. */
export function statFacts(state: PresentPath): Dict {
  const { mode, type } = state;
  const bit = (mask: number) => (mode & mask) !== 0;
  const later = (value: number): Value => (state.inode === 0 ? new Unknown("known after the run") : value);
  return dict([
    ["path", state.path],
    ["mode", mode.toString(8).padStart(4, "0")], // unlike elsewhere no zero before four digits
    ["isdir", type === "directory"],
    ["ischr", type === "char"],
    ["isblk", type === "block"],
    ["isreg", type === "file"],
    ["isfifo", type === "fifo"],
    ["islnk", type === "link"],
    ["issock", type === "socket"],
    ["uid", state.uid],
    ["gid", state.gid],
    ["size", type === "directory" ? later(state.size) : state.size],
    ["inode", later(state.inode)],
    ["dev", later(state.device)],
    ["nlink", state.links],
    ["atime", later(state.atime)],
    ["mtime", later(state.mtime)],
    ["ctime", later(state.ctime)],
    ["wusr", bit(0o200)],
    ["rusr", bit(0o400)],
    ["xusr", bit(0o100)],
    ["wgrp", bit(0o020)],
    ["rgrp", bit(0o040)],
    ["xgrp", bit(0o010)],
    ["woth", bit(0o002)],
    ["roth", bit(0o004)],
    ["xoth", bit(0o001)],
    ["isuid", bit(0o4000)],
    ["isgid", bit(0o2000)],
    ["pw_name", state.owner],
    ["gr_name", state.group],
  ]);
}

export const checksumAlgorithms = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

export interface StatDetails {
  readonly times: readonly Value[];
  readonly blocks: number;
  readonly blockSize: number;
  readonly deviceType: number;
  readonly readable: boolean;
  readonly writeable: boolean;
  readonly executable: boolean;
  readonly source?: string;
  readonly checksum?: string;
  readonly mime?: string;
  readonly attributes?: string;
}

/** What needs more than a stat: the digest, the type of the content, access as this user, sub-second times. */
export function statDetails(
  state: PresentPath,
  options: { readonly checksum?: ChecksumAlgorithm; readonly mime: boolean; readonly attributes: boolean },
): Query<StatDetails> {
  const link = state.type === "link";
  const digest = options.checksum && state.type === "file" ? options.checksum : undefined;
  return {
    kind: "path-details",
    subject: state.path,
    detail: `${options.checksum ?? ""} ${options.mime} ${options.attributes} ${link} ${state.mtime} ${state.size}`,
    script: sh`${assign("p", link ? state.path : state.real)}
stat ${link ? sh`` : sh`-L`} -c '%.9X %.9Y %.9Z' -- "$p" 2>/dev/null; printf '\0'
stat ${link ? sh`` : sh`-L`} -c '%b %o %t' -- "$p"; printf '\0'
for a in r w x; do if [ -$a "$p" ]; then printf y; else printf n; fi; done; printf '\0'
${link ? sh`readlink -f -- "$p"` : sh`:`}; printf '\0'
${digest ? sh`[ -r "$p" ] && ${`${digest}sum`} < "$p"` : sh`:`}; printf '\0'
${options.mime ? sh`file --mime-type --mime-encoding --brief -- "$p" 2>/dev/null` : sh`:`}; printf '\0'
${options.attributes && !link ? sh`lsattr -d -- "$p" 2>/dev/null` : sh`:`}`,
    decode(reply: Reply): StatDetails {
      const [times = "", sizes = "", access = "", source = "", sum = "", mime = "", attributes = ""] = reply.stdout
        .toString()
        .split("\0")
        .map((field) => field.trim());
      const [blocks, blockSize, type] = sizes.split(" ");
      return {
        times: /^[\d. ]+$/.test(times) ? times.split(" ").map((time) => asFloat(Number(time))) : [],
        blocks: Number(blocks ?? 0),
        blockSize: Number(blockSize ?? 0),
        deviceType: Number.parseInt(type ?? "0", 16) || 0,
        readable: access[0] === "y",
        writeable: access[1] === "y",
        executable: access[2] === "y",
        ...(source === "" ? {} : { source }),
        ...(sum === "" ? {} : { checksum: sum.split(" ")[0] ?? "" }),
        ...(mime === "" ? {} : { mime }),
        ...(attributes === "" ? {} : { attributes: attributes.split(" ")[0] ?? "" }),
      };
    },
  };
}

/** The details of a path that is only predicted. */
export function predictedDetails(state: PresentPath, algorithm: ChecksumAlgorithm | undefined): Dict {
  const unknown = new Unknown(`${state.path} is there only after the run`);
  const result = dict([
    ["readable", unknown],
    ["writeable", unknown],
    ["executable", unknown],
  ]);
  if (state.type === "file" && algorithm) result["checksum"] = state.content ? hash(algorithm, state.content) : unknown;
  if (state.type === "link" && state.target !== undefined) {
    result["lnk_target"] = state.target;
    result["lnk_source"] = linkTarget(state.path, state.target);
  }
  return result;
}

function asFloat(value: number): Value {
  return Number.isInteger(value) ? new Float(value) : value;
}
