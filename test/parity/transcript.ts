import type { ParityCase } from "./cases.ts";
import type { EngineRun } from "./engines.ts";

/*
 * What an engine did, as lines that can be compared: the banners in their order; then for each host what came of every
 * task and item, with the values that it returned; the recap; the exit code.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Dict = { [key: string]: Json };

/** One outcome, of a task or of one of its items. */
interface Outcome {
  readonly host: string;
  readonly task: string;
  readonly module: string;
  readonly status: string;
  readonly ignored: boolean;
  readonly item: boolean;
  readonly value: Dict;
}

class Transcript {
  readonly banners: string[] = [];
  readonly hosts = new Map<string, string[]>();
  readonly ends: string[] = [];
  /** Of set_stats; told before the recap by the one, behind it by the other. */
  stats = "";

  banner(text: string): void {
    if (this.banners.at(-1) !== text) this.banners.push(text);
  }

  outcome(each: Outcome): void {
    const { value } = each;
    if (each.module === "async_status") this.#withoutRetries(each.host);
    const status = `${each.item ? "item " : ""}${each.status}${each.ignored && !each.item ? " (ignored)" : ""}`;
    this.line(each.host, `  [${each.task}] ${status} ${JSON.stringify(comparable(shown(value, each.module), each))}`);
  }

  /** How often a job was asked about before it had ended is chance. */
  #withoutRetries(host: string): void {
    const lines = this.hosts.get(host) ?? [];
    while (lines.at(-1)?.startsWith(retryLine)) lines.pop();
  }

  line(host: string, text: string): void {
    const lines = this.hosts.get(host) ?? [];
    this.hosts.set(host, lines);
    lines.push(text);
  }

  lines(order: "linear" | "free"): string[] {
    const banners = order === "free" ? [...new Set(this.banners)].sort() : this.banners;
    const hosts = [...this.hosts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([host, lines]) => [`${host}:`, ...lines]);
    return [...banners, ...hosts, `stats ${this.stats}`, ...this.ends];
  }
}

const retryLine = "  retry after";

/** With strategy free the order of the banners is chance. */
export function orderOf(each: ParityCase): "linear" | "free" {
  return each.files.get("site.yml")?.content.includes("strategy: free") ? "free" : "linear";
}

/** The lines of a run. */
export function transcript(run: EngineRun, order: "linear" | "free"): string[] {
  const told = new Transcript();
  const tasks = new Map<Json, { task: string; module: string }>();
  for (const line of run.events.split("\n")) {
    if (line.startsWith("{")) tell(told, JSON.parse(line) as Dict, tasks); // both write objects
  }
  // Listings have no events: what they print is all.
  if (told.banners.length === 0) told.ends.push(...run.output.split("\n").map((line) => line.trimEnd()));
  told.ends.push(`exit code ${run.exitCode}`);
  return told.lines(order);
}

function tell(told: Transcript, event: Dict, tasks: Map<Json, { task: string; module: string }>): void {
  const text = (key: string) => String(event[key] ?? "");
  switch (event["type"]) {
    case "play":
    case "play-start":
      told.banner(`PLAY [${text("play")}]`);
      break;
    case "task":
    case "task-start":
      tasks.set(event["id"] ?? null, { task: text("task"), module: text("module") });
      told.banner(`${event["handler"] ? "HANDLER" : "TASK"} [${text("task")}]`);
      break;
    case "no-hosts-matched":
    case "no-hosts-remaining":
      told.banner(event["type"]);
      break;
    case "included": {
      const item = event["item"] ?? null;
      const hosts = (event["hosts"] as Json[]).toSorted().join(", ");
      told.banner(`included ${text("file")} for ${hosts}${item === null ? "" : ` (item=${JSON.stringify(item)})`}`);
      break;
    }
    case "retry": {
      // play's own event has the attempt's result in it; Ansible's is that result.
      const value = ((event["result"] as Dict | undefined)?.["value"] ?? event["value"]) as Dict;
      told.line(text("host"), `${retryLine} ${value["attempts"]} of ${value["retries"]}`);
      break;
    }
    case "result":
    case "item":
    case "item-result":
      outcome(told, event, tasks);
      break;
    case "stats": {
      const custom = event["custom"] ?? { ...(event["perHost"] as Dict), ...runStats(event["data"] as Dict) };
      if (Object.keys(custom).length > 0) told.stats = JSON.stringify(comparable(custom));
      break;
    }
    case "recap":
      recap(told, text("host"), event["counts"] as Dict);
      break;
    case "run-end": {
      const hosts = event["hosts"] as { [host: string]: Dict };
      for (const host of Object.keys(hosts).sort()) recap(told, host, hosts[host] ?? {});
      break;
    }
    default:
  }
}

/** play's has the result in a field of its own, and the task's name where the task began. */
function outcome(told: Transcript, event: Dict, tasks: Map<Json, { task: string; module: string }>): void {
  const from = (event["result"] as Dict | undefined) ?? event;
  const task = tasks.get(event["id"] ?? null);
  const module = String(event["module"] ?? task?.module ?? "");
  // Ansible has a result for an include that came about; both have an event that says what came in.
  if (/(^|\.)include_(tasks|role)$/.test(module) && from["status"] === "ok") return;
  told.outcome({
    host: String(from["host"]),
    task: String(event["task"] ?? task?.task ?? ""),
    module: module.split(".").at(-1) ?? "",
    status: String(from["status"]),
    ignored: from["ignored"] === true,
    item: event["type"] !== "result",
    value: from["value"] as Dict,
  });
}

function runStats(data: Dict): Dict {
  return Object.keys(data).length > 0 ? { _run: data } : {};
}

function recap(told: Transcript, host: string, counts: Dict): void {
  const failed = counts["failures"] ?? counts["failed"];
  const rest = ["ok", "changed", "unreachable", "skipped", "rescued", "ignored"].map((key) => `${key}=${counts[key]}`);
  told.ends.push(`${host} ${rest.join(" ")} failed=${failed}`);
}

/**
 * What no two runs share, what says how a module was called, what the lines tell already, and what lsattr says, which
 * one of the twins has not.
 */
const volatile = new Set(
  (
    "invocation warnings deprecations exception start end delta diff changed failed skipped ignored unreachable " +
    "results failed_when_result failed_when_suppressed_exception atime ctime mtime inode dev version ansible_job_id results_file " +
    "discovered_interpreter_python discovered_interpreter_python_with_warnings elapsed attributes attr_flags"
  ).split(" "),
);

/** What a module's result has by chance, or because of the way that Ansible reaches a host. */
function shown(value: Dict, module: string): Dict {
  if (module === "find" && Array.isArray(value["files"])) {
    // Their order is the folder's.
    const files = (value["files"] as Dict[]).toSorted((a, b) => (String(a["path"]) < String(b["path"]) ? -1 : 1));
    return { ...value, files };
  }
  // What systemd knows of a unit has times, numbers and sizes in it: whether it was told counts.
  if (/^(systemd(_service)?|service)$/.test(module) && "status" in value)
    return { ...value, status: Object.keys(value["status"] as Dict).length > 0 };
  // The twins have not the same packages and services.
  if (/^(service|package)_facts$/.test(module))
    return { ...value, ansible_facts: Object.keys(value["ansible_facts"] as Dict) };
  if (module === "uri") {
    const { date: _date, ...rest } = value;
    return rest;
  }
  if (module === "async_status") {
    const { attempts: _attempts, ...rest } = value;
    return rest;
  }
  if (module === "raw" || module === "script") return withoutTerminal(value);
  // A part of the name is chance; the playbook compares the rest of it.
  if (module === "tempfile") return { ...value, path: "" };
  // Times, numbers of processes and the environment differ; the playbook compares the facts that stay the same.
  const facts = value["ansible_facts"];
  if ((module === "setup" || module === "gather_facts") && typeof facts === "object" && facts !== null) {
    return {
      ...value,
      ansible_facts: Object.keys(facts)
        .filter((name) => !notGathered.test(name))
        .sort(),
    };
  }
  return value;
}

/** What docs/facts.md says that play lacks. */
const notGathered =
  /python|^ansible_(lvm|system_capabilities.*|fibre_channel_wwn|hostnqn|locally_reachable_ips|systemd)$/;

/** Ansible runs raw and script in a terminal: both streams come as one, lines end with \r\n, and ssh adds a line. */
function withoutTerminal(value: Dict): Dict {
  const { stdout: _stdout, stderr: _stderr, stderr_lines: errors, stdout_lines: output, ...rest } = value;
  const all = [...((output as string[] | undefined) ?? []), ...((errors as string[] | undefined) ?? [])];
  return { ...rest, lines: all.filter((line) => !line.startsWith("Shared connection to ")) };
}

/** Modules whose failures have, beside the message, values that tell how each engine went about it. */
const ownWords = /^(copy|file|fetch|systemd|systemd_service|service|apt|unarchive)$/;

const wordsOfFailure = new Set(["msg", "reason", "message", "changed_when_result"]);

/** A value without what is chance, its keys in order. Messages of failures are each engine's own, but for fail's. */
function comparable(value: Json, of?: Outcome): Json {
  if (Array.isArray(value)) return value.map((each) => comparable(each));
  // The name of a file that was kept has a process and a time in it.
  if (typeof value === "string") return value.replace(/\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/, ".PROCESS.TIME~");
  if (typeof value !== "object" || value === null) return value;
  const failed = of && (of.status === "failed" || of.status === "unreachable");
  const kept = Object.keys(value).filter((key) => {
    if (volatile.has(key) || key.startsWith("_ansible_")) return false;
    // Where Ansible laid a file on the host before it moved it.
    if (key === "src" && String(value[key]).includes("/.ansible/tmp/")) return false;
    // A folder's size is its file system's matter.
    if (key === "size" && value["state"] === "directory") return false;
    if (of?.module === "meta" && ["msg", "skip_reason", "false_condition"].includes(key)) return false;
    if (failed && ownWords.test(of.module)) return key === "item" || key === "attempts";
    return !(failed && wordsOfFailure.has(key) && !["fail", "assert"].includes(of.module));
  });
  return Object.fromEntries(kept.sort().map((key) => [key, comparable(value[key] ?? null)]));
}
