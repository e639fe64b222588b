import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { Unknown } from "../source/value.ts";
import { choice, flag, optional, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Query, stateModule } from "./contract.ts";
import { edit } from "./edit.ts";
import { lookAt, type PathState, pathEffect, removed } from "./paths.ts";

const args = Type.Object({
  name: text("Marks the job; `#Ansible: NAME` stands above it."),
  job: optional(text("The command; with env the variable's value.")),
  state: choice(["present", "absent"], "Whether it should be there.", { default: "present" }),
  user: optional(text("Whose table; with cron_file: who runs it.")),
  cron_file: optional(text("File in /etc/cron.d instead of a user's table.")),
  minute: text("Minute.", { default: "*" }),
  hour: text("Hour.", { default: "*" }),
  day: text("Day of the month.", { default: "*" }),
  month: text("Month.", { default: "*" }),
  weekday: text("Day of the week.", { default: "*" }),
  special_time: optional(
    choice(["reboot", "yearly", "annually", "monthly", "weekly", "daily", "hourly"], "A time with a name."),
  ),
  disabled: flag("Leave it in the table, but commented out."),
  env: flag("A variable of the table instead of a job."),
  insertafter: optional(text("With env: after this variable.")),
  insertbefore: optional(text("With env: before this variable.")),
  backup: flag("With cron_file: keep the file as it was under another name."),
});
type Arguments = (typeof args)["static"];

export default stateModule({
  name: "cron",
  collection: "ansible.builtin.cron",
  summary: "Manages jobs and variables of cron.",
  args,
  argAliases: { value: "job", dom: "day", dow: "weekday" },
  mutuallyExclusive: [["insertafter", "insertbefore"]],
  example: "- cron:\n    name: backup\n    minute: '0'\n    hour: '3'\n    job: /usr/local/bin/backup\n",
  returns: { jobs: "The table's jobs by name.", envs: "Its variables." },
  *look(args): Look<Plan> {
    if (args.state === "present" && args.job === undefined) {
      throw new ModuleFailure("You must specify 'job' to install a new cron job or variable");
    }
    const times = [args.minute, args.hour, args.day, args.month, args.weekday];
    if (args.special_time !== undefined && times.some((time) => time !== "*")) {
      throw new ModuleFailure("You cannot combine special_time with any of the time or day/date parameters.");
    }
    if (args.cron_file !== undefined) {
      if (args.user === undefined && !args.env && args.state === "present") {
        throw new ModuleFailure("To use cron_file=... parameter you must specify user=... as well");
      }
      const path = args.cron_file.startsWith("/") ? args.cron_file : `/etc/cron.d/${args.cron_file}`;
      const own = yield* lookAt(path, { follow: true, content: true });
      const was = own.exists ? (own.content?.toString() ?? "") : "";
      const wanted = withJob(was, args);
      // A file without anything in it goes.
      if (args.state === "absent" && wanted === "") return withoutFile(own, args.cron_file);
      const plan = yield* edit({ path, backup: args.backup }, { create: true, missing: "" }, () => {
        return { text: wanted, message: "" };
      });
      return { ...plan, result: { cron_file: args.cron_file, ...listed(wanted) } };
    }
    const table = yield* ask(crontab(args.user));
    const wanted = withJob(table, args);
    if (wanted === table) return { result: listed(table) };
    const owner = args.user === undefined ? [] : ["-u", args.user];
    return {
      result: listed(wanted),
      change: {
        diff: [{ beforeHeader: "crontab", afterHeader: "crontab", before: table, after: wanted }],
        steps: [{ name: "install the table", script: sh`crontab ${owner} - || exit 1`, stdin: wanted }],
        effects: [{ kind: "crontab", subject: args.user ?? "", state: wanted }],
      },
    };
  },
});

function withoutFile(own: PathState, file: string): Plan {
  const result = { cron_file: file, state: "absent" };
  if (!own.exists) return { result };
  return {
    result,
    change: {
      diff: [{ before: { path: own.path, state: "file" }, after: { path: own.path, state: "absent" } }],
      steps: [{ name: "remove the file", script: sh`rm -f -- ${own.path} || exit 1` }],
      effects: [pathEffect(own.path, removed(own))],
    },
  };
}

/** A user's table; empty where there is none. */
function crontab(user: string | undefined): Query<string> {
  return {
    kind: "crontab",
    subject: user ?? "",
    script: sh`command -v crontab >/dev/null 2>&1 || exit 3
crontab ${user === undefined ? [] : ["-u", user]} -l`,
    decode(reply) {
      if (reply.status === 3) return "\0missing";
      if (reply.status === 0) return reply.stdout.toString();
      const errors = reply.stderr.toString();
      if (/no crontab for|can't open/i.test(errors)) return "";
      throw new ModuleFailure(`Unable to read crontab: ${errors.trim()}`);
    },
    amend(observed, predictions) {
      if (observed !== "\0missing") return observed;
      const reason = predictions.open("command");
      if (reason !== undefined) return new Unknown(reason);
      throw new ModuleFailure('Failed to find required executable "crontab"');
    },
  };
}

/** The table with the job or variable as asked; each job has its marker above it. */
export function withJob(table: string, args: Arguments): string {
  const lines = table === "" ? [] : table.replace(/\n$/, "").split("\n");
  const joined = (all: readonly string[]) => (all.length === 0 ? "" : `${all.join("\n")}\n`);
  if (args.env) {
    const own = lines.findIndex((line) => line.startsWith(`${args.name}=`));
    if (args.state === "absent") return own < 0 ? table : joined(lines.toSpliced(own, 1));
    const line = `${args.name}="${(args.job ?? "").replaceAll('"', '\\"')}"`;
    if (own >= 0) return lines[own] === line ? table : joined(lines.with(own, line));
    const anchor = args.insertafter ?? args.insertbefore;
    if (anchor === undefined) return joined([line, ...lines]);
    const at = lines.findIndex((each) => each.startsWith(`${anchor}=`));
    if (at < 0) throw new ModuleFailure(`Variable named '${anchor}' not found.`);
    return joined(lines.toSpliced(args.insertafter === undefined ? at : at + 1, 0, line));
  }
  const marker = `#Ansible: ${args.name}`;
  const at = lines.indexOf(marker);
  if (args.state === "absent") return at < 0 ? table : joined(lines.toSpliced(at, 2));
  const job = jobLine(args);
  if (at < 0) return joined([...lines, marker, job]);
  if (lines[at + 1] === job) return table;
  return joined(lines.toSpliced(at, 2, marker, job));
}

function jobLine(args: Arguments): string {
  const time =
    args.special_time === undefined
      ? [args.minute, args.hour, args.day, args.month, args.weekday].join(" ")
      : `@${args.special_time}`;
  const user = args.cron_file === undefined ? "" : ` ${args.user}`;
  return `${args.disabled ? "#" : ""}${time}${user} ${(args.job ?? "").replace(/[\r\n]+$/, "")}`;
}

function listed(table: string) {
  const lines = table.split("\n");
  return {
    jobs: lines.filter((line) => line.startsWith("#Ansible: ")).map((line) => line.slice("#Ansible: ".length)),
    envs: lines.flatMap((line) => /^([A-Za-z_]\w*)=/.exec(line)?.[1] ?? []),
  };
}
