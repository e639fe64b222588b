import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { choice, flag, optional, path, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Step, stateModule } from "./contract.ts";
import { edit } from "./edit.ts";
import { normalise } from "./path-names.ts";
import { pathState } from "./paths.ts";

const args = Type.Object({
  path: path("Where it is mounted."),
  src: optional(text("What is mounted.")),
  fstype: optional(text("Its file system.")),
  opts: optional(text("Options.")),
  dump: text("Field of fstab.", { default: "0" }),
  passno: text("Field of fstab.", { default: "0" }),
  state: choice(
    ["absent", "absent_from_fstab", "mounted", "present", "unmounted", "remounted", "ephemeral"],
    "What it should be.",
  ),
  fstab: path("The table.", { default: "/etc/fstab" }),
  boot: flag("Whether it is mounted at the start (else noauto).", true),
  backup: flag("Keep the table as it was under another name."),
});
type Arguments = (typeof args)["static"];

export default stateModule({
  name: "mount",
  collection: "ansible.posix.mount",
  summary: "Manages mounts and their lines in fstab.",
  args,
  argAliases: { name: "path" },
  unsupported: { opts_no_log: "options are shown" },
  example: "- mount:\n    path: /mnt/data\n    src: tmpfs\n    fstype: tmpfs\n    state: mounted\n",
  returns: {
    name: "The mount point.",
    src: "What is mounted.",
    fstype: "Its file system.",
    opts: "Its options.",
    fstab: "The table.",
  },
  *look(args): Look<Plan> {
    const target = normalise(args.path);
    const declares = args.state === "mounted" || args.state === "present" || args.state === "ephemeral";
    if (declares && (args.src === undefined || args.fstype === undefined)) {
      throw new ModuleFailure(`state is ${args.state} but all of the following are missing: src, fstype`);
    }
    const opts = [args.opts ?? "defaults", ...(args.boot ? [] : ["noauto"])].join(",");
    const inTable = args.state !== "unmounted" && args.state !== "remounted" && args.state !== "ephemeral";
    const table = inTable
      ? yield* edit({ path: args.fstab, backup: args.backup }, { create: true, missing: "" }, (given) => {
          if (given === undefined && !declares) return undefined;
          const line = declares ? fstabLine(args, target, opts) : undefined;
          return { text: withMount(given ?? "", target, line), message: "" };
        })
      : {};
    const steps: Step[] = [...(table.change?.steps ?? [])];
    const diff = [...(table.change?.diff ?? [])];
    const effects = [...(table.change?.effects ?? [])];
    const mounted = yield* ask(mountedAt(target));
    const result: Dict = {
      name: target,
      fstab: args.fstab,
      ...(args.src === undefined ? {} : { src: args.src }),
      ...(args.fstype === undefined ? {} : { fstype: args.fstype }),
      opts,
      boot: args.boot ? "yes" : "no",
      dump: args.dump,
      passno: args.passno,
      backup_file: "",
    };
    const act = (name: string, script: Step["script"], after: string | undefined) => {
      steps.push({ name, script });
      diff.push({ before: { mounted: mounted.source ?? false }, after: { mounted: after ?? false } });
      effects.push({ kind: "mount", subject: target, state: { source: after } });
    };
    if (args.state === "mounted" || args.state === "ephemeral") {
      const folder = yield* ask(pathState(target));
      if (!folder.exists) steps.push({ name: "make the folder", script: sh`mkdir -p ${target} || exit 1` });
      const command =
        args.state === "mounted" && args.fstab === "/etc/fstab"
          ? sh`mount ${target}`
          : sh`mount -t ${args.fstype ?? "auto"} -o ${opts} ${args.src ?? ""} ${target}`;
      if (mounted.source === undefined) act("mount it", sh`${command} || exit 1`, args.src);
      else if (table.change && args.state === "mounted")
        act(
          "mount it anew",
          sh`mount -o ${`remount,${opts}`} ${target} || { umount ${target} && ${command}; } || exit 1`,
          args.src,
        );
    } else if ((args.state === "unmounted" || args.state === "absent") && mounted.source !== undefined) {
      act("unmount it", sh`umount ${target} || exit 1`, undefined);
    } else if (args.state === "remounted") {
      if (mounted.source === undefined) throw new ModuleFailure(`${target} is not mounted.`);
      act(
        "mount it anew",
        sh`mount -o ${args.opts === undefined ? "remount" : `remount,${args.opts}`} ${target} || exit 1`,
        mounted.source,
      );
    }
    if (args.state === "absent") {
      const folder = yield* ask(pathState(target));
      if (folder.exists && (mounted.source !== undefined || table.change)) {
        steps.push({ name: "remove the empty folder", script: sh`rmdir ${target} 2>/dev/null; exit 0` });
        effects.push({ kind: "path", subject: target, unknown: `${target} is unmounted before` });
      }
    }
    return steps.length === 0 ? { result } : { result, change: { diff, steps, effects } };
  },
});

interface Mounted {
  readonly source: string | undefined;
}

function mountedAt(path: string) {
  return {
    kind: "mount",
    subject: path,
    script: sh`cat /proc/self/mounts`,
    decode(reply: { readonly stdout: Buffer }): Mounted {
      let source: string | undefined;
      for (const line of reply.stdout.toString().split("\n")) {
        const [from = "", at = ""] = line
          .split(" ")
          .map((field) =>
            field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
          );
        if (at === path) source = from;
      }
      return { source };
    },
  };
}

const escaped = (field: string) =>
  field.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);

function fstabLine(args: Arguments, target: string, opts: string): string {
  return [args.src ?? "", target, args.fstype ?? "", opts].map(escaped).concat(args.dump, args.passno).join(" ");
}

/** fstab with this line for a mount point, or without any; lines of the same meaning stay as they are written. */
export function withMount(text: string, target: string, line: string | undefined): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const result: string[] = [];
  let done = line === undefined;
  for (const each of lines) {
    const fields = each.trim().split(/\s+/);
    const isEntry = !each.trim().startsWith("#") && fields.length >= 4;
    if (!isEntry || normalise(fields[1] ?? "") !== escaped(target)) result.push(each);
    else if (!done && line !== undefined) {
      const full = [...fields, ...["0", "0"].slice(Math.max(0, fields.length - 4))].slice(0, 6).join(" ");
      result.push(full === line ? each : line);
      done = true;
    }
  }
  if (!done && line !== undefined) result.push(line);
  return result.length === 0 ? "" : `${result.join("\n")}\n`;
}
