import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** This process, told apart from a later one with the same number by the time at which it started. */
export function thisProcess(): string {
  const stat = existsSync("/proc/self/stat") ? readFileSync("/proc/self/stat", "utf8") : "";
  return `${process.pid}.${startTime(stat)}`;
}

/** Whether a process named by {@link thisProcess} still lives. */
export async function liveOwner(owner: string): Promise<boolean> {
  const [pid, started] = owner.split(".");
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return text !== undefined && startTime(text) === started;
}

/** Field 22 of /proc/PID/stat; the command's name (field 2) may hold blanks, so counting begins behind it. */
function startTime(stat: string): string {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
