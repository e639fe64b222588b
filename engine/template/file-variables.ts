import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import type { TemplateContext } from "./contract.ts";
import { DateTime } from "./date-time.ts";
import type { Item } from "./item.ts";

export interface FileTemplate {
  /** The name as the task has it. */
  readonly askedFor: string;
  /** Where the text goes; a lookup has no such place. */
  readonly destination?: string;
}

/** The variables that tell a template file of itself: `template_path` and its kin, and `ansible_managed`. */
export function fileVariables(file: string, from: FileTemplate, context: TemplateContext): Map<string, Item> {
  const { uid, mtimeMs } = statSync(file);
  const written = DateTime.fromEpoch(mtimeMs / 1000, false);
  const variables = new Map<string, Item>([
    ["template_host", hostname()],
    ["template_path", from.askedFor],
    ["template_fullpath", file],
    ["template_destpath", from.destination ?? null],
    ["template_uid", ownerName(uid)],
    ["template_mtime", written],
    ["template_run_date", DateTime.now(false)],
  ]);
  // A variable of that name counts more than what is configured.
  if (context.scope.lookup("ansible_managed") === undefined) {
    const names: { readonly [name: string]: string } = {
      host: hostname(),
      uid: String(ownerName(uid)),
      file: from.askedFor,
    };
    const text = (context.managed ?? "Ansible managed").replaceAll(
      /\{(host|uid|file)\}/g,
      (_, name) => names[name] ?? "",
    );
    variables.set("ansible_managed", text.includes("%") ? written.format(text) : text);
  }
  return variables;
}

function ownerName(uid: number): Item {
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((each) => each.split(":")[2] === String(uid));
    return line?.split(":")[0] ?? uid;
  } catch {
    return uid;
  }
}
