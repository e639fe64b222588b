import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dict, type Value } from "../source/value.ts";
import { DateTime } from "./date-time.ts";

/** What a template can ask about its own file, on the controller. */
export function templateVariables(path: string, destination: string | null): { [name: string]: Value } {
  const { uid, mtimeMs } = statSync(path);
  return dict([
    ["ansible_managed", "Ansible managed"],
    ["template_host", hostname()],
    ["template_path", path],
    ["template_fullpath", path],
    ["template_uid", userName(uid)],
    ["template_mtime", DateTime.fromEpoch(mtimeMs / 1000, false).repr()],
    ["template_run_date", DateTime.now(false).repr()],
    ["template_destpath", destination],
  ]);
}

function userName(uid: number): Value {
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((each) => each.split(":")[2] === String(uid));
    return line?.split(":")[0] ?? uid;
  } catch {
    return uid;
  }
}
