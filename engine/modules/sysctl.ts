import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Value } from "../source/value.ts";
import { anything, choice, flag, optional, path, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Step, stateModule } from "./contract.ts";
import { edit } from "./edit.ts";

export default stateModule({
  name: "sysctl",
  collection: "ansible.posix.sysctl",
  summary: "Manages kernel settings, in their file and in the running kernel.",
  args: Type.Object({
    name: text("The setting: net.ipv4.ip_forward."),
    value: optional(anything("Its value.")),
    state: choice(["present", "absent"], "Whether the file should have it.", { default: "present" }),
    sysctl_file: path("The file.", { default: "/etc/sysctl.conf" }),
    sysctl_set: flag("Set it in the running kernel too, where it differs."),
    reload: flag("Let the kernel read the file after a change.", true),
    ignoreerrors: flag("Ignore settings that the kernel does not know."),
  }),
  argAliases: { key: "name", val: "value" },
  example: "- sysctl:\n    name: vm.max_map_count\n    value: '262144'\n    sysctl_set: true\n",
  *look(args): Look<Plan> {
    const name = args.name.trim();
    if (args.state === "present" && (args.value === undefined || args.value === null)) {
      throw new ModuleFailure("value cannot be None");
    }
    const wanted = valueText(args.value ?? null);
    if (args.state === "present" && wanted === "") throw new ModuleFailure("value cannot be blank");
    const file = yield* edit({ path: args.sysctl_file, backup: false }, { create: true, missing: "" }, (given) => {
      if (given === undefined && args.state === "absent") return undefined;
      return { text: withSetting(given ?? "", name, args.state === "absent" ? undefined : wanted), message: "" };
    });
    const steps: Step[] = [...(file.change?.steps ?? [])];
    const diff = [...(file.change?.diff ?? [])];
    const ignore = args.ignoreerrors ? ["-e"] : [];
    if (args.sysctl_set && args.state === "present") {
      const current = yield* ask({
        kind: "sysctl",
        subject: name,
        script: sh`sysctl ${ignore} -n ${name}`,
        decode: (reply) => (reply.status === 0 ? reply.stdout.toString().trim() : ""),
      });
      if (current.split(/\s+/).join(" ") !== wanted.split(/\s+/).join(" ")) {
        // First of all: a setting that the kernel does not take stays out of the file.
        steps.unshift({
          name: "set it in the kernel",
          script: sh`sysctl ${ignore} -w ${`${name}=${wanted}`} || exit 1`,
        });
        diff.push({ beforeHeader: name, afterHeader: name, before: `${current}\n`, after: `${wanted}\n` });
      }
    }
    if (file.change && args.reload) {
      steps.push({
        name: "let the kernel read the file",
        script: sh`sysctl ${ignore} -p ${args.sysctl_file} || exit 1`,
      });
    }
    if (steps.length === 0) return { result: {} };
    const effects = [...(file.change?.effects ?? [])];
    if (args.state === "present" && (args.sysctl_set || args.reload))
      effects.push({ kind: "sysctl", subject: name, state: wanted });
    return { result: {}, change: { diff, steps, effects } };
  },
});

function valueText(value: Value): string {
  if (value === true) return "1";
  if (value === false) return "0";
  return value === null ? "" : String(value).trim();
}

/** The file's text with the setting, or without; the first line of it counts, later ones go. */
export function withSetting(text: string, name: string, value: string | undefined): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const result: string[] = [];
  let done = value === undefined;
  for (const line of lines) {
    const key = /^\s*([^#;=\s][^=]*?)\s*=/.exec(line)?.[1];
    if (key !== name) result.push(line);
    else if (!done) {
      const is = line.slice(line.indexOf("=") + 1).trim();
      result.push(is === value ? line : `${name}=${value}`);
      done = true;
    }
  }
  if (!done) result.push(`${name}=${value}`);
  return result.length === 0 ? "" : `${result.join("\n")}\n`;
}
