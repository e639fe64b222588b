import { hasModule } from "../modules/registry.ts";
import type { Position } from "../source/diagnostic.ts";
import type { MappingNode } from "../source/node.ts";
import { type Dict, isDict } from "../source/value.ts";
import { positionOf } from "../source/yaml.ts";
import { hasTemplate } from "../template/templar.ts";
import type { LoadContext } from "./context.ts";
import { Entries, noKeywords } from "./entries.ts";
import { readItems } from "./items.ts";
import * as table from "./keyword-table.ts";
import { notePythonPlugins } from "./python-plugins.ts";
import { readHandlers, readRoleEntry, roleBlocks, roleHandlers, withDependencies } from "./role.ts";
import { type Scope, topScope } from "./scope.ts";
import type { Item, Play, Raw, RoleUse, Section } from "./tree.ts";

/** What an import_playbook adds to the plays that it brings. */
export interface PlayExtras {
  readonly vars: Dict;
  readonly tags: readonly string[];
  readonly when: Scope["when"];
}

export function readPlay(
  node: MappingNode,
  file: string,
  folder: string,
  extras: PlayExtras,
  context: LoadContext,
): Play {
  const { notes } = context;
  const entries = new Entries(node, context);
  const task = entries.has("hosts") ? undefined : entries.keys.find((key) => hasModule(key));
  if (task !== undefined) {
    notes.error("task-as-play", `'${task}' is a module, and a playbook is a list of plays`, entries.keyAt(task), PLAY);
  } else entries.check(table.play, "play");
  notePythonPlugins(folder, context);
  const hosts = hostsOf(entries, task !== undefined, context);
  const vars = entries.mapping("vars");
  const keywords = entries.base(noKeywords);
  const scope: Scope = {
    ...topScope(folder, { ...vars, ...extras.vars }),
    keywords:
      entries.has("user") && !entries.has("remote_user")
        ? { ...keywords, remoteUser: entries.raw("user") ?? null }
        : keywords,
    tags: [...extras.tags, ...entries.tags()],
    when: extras.when,
  };
  const uses: RoleUse[] = [];
  const roles: Item[] = [];
  const roleHandlerItems: Item[] = [];
  const roleList = entries.entry("roles")?.value;
  if (roleList?.kind === "scalar" && typeof roleList.value === "string")
    notes.error("keyword-type", "'roles' takes a list", roleList.at, `Write \`roles: [${roleList.value}]\`.`);
  for (const each of roleList?.kind === "sequence" ? roleList.items : []) {
    const read = readRoleEntry(each, scope, context);
    if (!read) continue;
    uses.push(...withDependencies(read.use));
    roles.push(...roleBlocks(read.use, read.scope, context, each.at));
    roleHandlerItems.push(...roleHandlers(read.use, read.scope, context));
  }
  const part = (key: string) => readItems(entries.entry(key)?.value, scope, context);
  const sections: Section[] = [
    { name: "pre_tasks", items: part("pre_tasks") },
    { name: "roles", items: roles },
    { name: "tasks", items: part("tasks") },
    { name: "post_tasks", items: part("post_tasks") },
  ];
  const handlers = [
    ...roleHandlerItems,
    ...readHandlers(entries.entry("handlers")?.value, scope, context),
    ...scope.imported.handlers,
  ];
  const name = entries.text("name");
  const optional = (key: string, property: string) => {
    const value = entries.raw(key);
    return value === undefined ? {} : { [property]: value };
  };
  return {
    name: name ?? hostsText(hosts),
    at: node.at,
    file,
    hosts: hosts ?? "all",
    hostsAt: entries.has("hosts") ? entries.at("hosts") : node.at,
    keywords: scope.keywords,
    vars: Object.keys(extras.vars).length === 0 ? vars : { ...vars, ...extras.vars },
    varsFiles: varsFiles(entries),
    varsPrompt: entries.list("vars_prompt").filter(isDict),
    tags: scope.tags,
    ...optional("gather_facts", "gatherFacts"),
    ...optional("gather_subset", "gatherSubset"),
    ...optional("gather_timeout", "gatherTimeout"),
    ...optional("fact_path", "factPath"),
    serial: serialOf(entries, context),
    strategy: entries.raw("strategy") ?? "",
    ...optional("order", "order"),
    ...optional("force_handlers", "forceHandlers"),
    ...optional("max_fail_percentage", "maxFailPercentage"),
    sections,
    handlers,
    roles: [...uses, ...scope.imported.uses],
  };
}

function varsFiles(entries: Entries): { readonly value: Raw; readonly at: Position }[] {
  const value = entries.raw("vars_files");
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [{ value, at: entries.at("vars_files") }];
  return value.map((each, index) => ({ value: each, at: positionOf(value, index) ?? entries.at("vars_files") }));
}

const PLAY = "A play names its hosts, and has tasks below `tasks:`.";

/** The host pattern: a text, or a list of them. */
function hostsOf(entries: Entries, excused: boolean, context: LoadContext): Raw | undefined {
  const hosts = entries.raw("hosts");
  const at = entries.has("hosts") ? entries.at("hosts") : entries.node.at;
  const { notes } = context;
  if (hosts === undefined || hosts === "" || (Array.isArray(hosts) && hosts.length === 0)) {
    if (!excused) notes.error("no-hosts", "a play needs hosts", at, "For example `hosts: all`.");
    return undefined;
  }
  const strange = (each: Raw) => isDict(each) || Array.isArray(each) || each === null;
  const wrong = Array.isArray(hosts) ? hosts.findIndex(strange) : -1;
  if (isDict(hosts) || wrong >= 0) {
    const place = wrong >= 0 ? positionOf(hosts, wrong) : at;
    notes.error(
      "keyword-type",
      "'hosts' takes a pattern, or a list of patterns",
      place ?? at,
      "For example `hosts: web`.",
    );
    return undefined;
  }
  return hosts;
}

/** Batches: numbers and percentages. */
function serialOf(entries: Entries, context: LoadContext): readonly Raw[] {
  const serial = entries.list("serial");
  for (const [index, each] of serial.entries()) {
    const text = String(each);
    if (typeof each !== "object" && (hasTemplate(text) || /^\s*-?\d+\s*%?\s*$/.test(text))) continue;
    const at = positionOf(entries.raw("serial"), index) ?? entries.at("serial");
    context.notes.error(
      "keyword-value",
      "'serial' takes numbers of hosts and percentages",
      at,
      'For example `serial: 2` or `serial: [1, "30%"]`.',
    );
  }
  return serial;
}

function hostsText(hosts: Raw | undefined): string {
  return Array.isArray(hosts) ? hosts.map(String).join(",") : String(hosts ?? "");
}
