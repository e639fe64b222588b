import type { Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { parseDateTime } from "../template/strptime.ts";
import { ModuleFailure } from "./contract.ts";
import { assign } from "./path-names.ts";
import type { PresentPath } from "./paths.ts";

/** Times to set: `now`, or as touch -t writes them. */
export interface Times {
  readonly access?: string;
  readonly modification?: string;
}

/** The times that have to be set; undefined where both stay. */
export function timesOf(
  args: {
    readonly access_time?: string;
    readonly access_time_format: string;
    readonly modification_time?: string;
    readonly modification_time_format: string;
  },
  fallback: "now" | "preserve",
  present?: PresentPath,
): Times | undefined {
  const read = (given: string | undefined, format: string, current: number | undefined): string | undefined => {
    const time = given ?? fallback;
    if (time === "preserve" || time === "") return undefined;
    if (time === "now") return time;
    const touched = inTouchFormat(time, format);
    const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d\d))?$/.exec(touched);
    if (!parts) throw new ModuleFailure(`Error while obtaining timestamp for time ${time} using format ${format}`);
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
      .slice(1)
      .map((part) => Number(part ?? 0));
    // Hosts of one play are taken to be in UTC here; elsewhere the time is set again at each run, to the same.
    return current === Date.UTC(year, month - 1, day, hour, minute, second) / 1000 ? undefined : touched;
  };
  const access = read(args.access_time, args.access_time_format, present?.atime);
  const modification = read(args.modification_time, args.modification_time_format, present?.mtime);
  if (access === undefined && modification === undefined) return undefined;
  return { ...(access === undefined ? {} : { access }), ...(modification === undefined ? {} : { modification }) };
}

/** A time in a format of Python's strptime, as touch -t reads it; empty where it is in another. */
function inTouchFormat(time: string, format: string): string {
  const own = "%Y%m%d%H%M.%S";
  if (format === own) return time;
  try {
    return parseDateTime(time, format).format(own);
  } catch {
    return "";
  }
}

export function touchScript(path: string, times: Times): Script {
  const one = (flag: "-a" | "-m", time: string | undefined) =>
    time === undefined
      ? sh`:`
      : time === "now"
        ? sh`touch -c ${flag} -- "$p" || exit 1`
        : sh`touch -c ${flag} -t ${time} -- "$p" || exit 1`;
  return joinScripts([assign("p", path), one("-a", times.access), one("-m", times.modification)]);
}
