import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { optional, text } from "./argument-types.ts";
import { ask, type Look, type Plan, stateModule } from "./contract.ts";

export default stateModule({
  name: "hostname",
  collection: "ansible.builtin.hostname",
  summary: "Sets the host's name, now and for later starts.",
  args: Type.Object({
    name: text("The name."),
    use: optional(text("Accepted: hostnamectl where systemd answers, else the file and the kernel.")),
  }),
  example: "- hostname:\n    name: web-01\n",
  returns: { name: "The name." },
  *look(args): Look<Plan> {
    const { name } = args;
    const is = yield* ask<{ readonly kernel: string; readonly file: string }>({
      kind: "hostname",
      subject: "host",
      script: sh`cat /proc/sys/kernel/hostname; cat /etc/hostname 2>/dev/null || echo`,
      decode(reply) {
        const [kernel = "", file = ""] = reply.stdout.toString().split("\n");
        return { kernel: kernel.trim(), file: file.trim() };
      },
    });
    const short = name.split(".")[0] ?? name;
    const facts: Dict = {
      ansible_hostname: short,
      ansible_nodename: name,
      ansible_fqdn: name,
      ansible_domain: name.split(".").slice(1).join("."),
    };
    const result = { name, ansible_facts: facts };
    if (is.kernel === name && is.file === name) return { result };
    return {
      result,
      change: {
        diff: [{ before: `hostname = ${is.kernel === name ? is.file : is.kernel}\n`, after: `hostname = ${name}\n` }],
        steps: [
          {
            // In a container /etc/hostname is a mount, which only takes writing in place.
            name: "set the name",
            script: sh`n=${name}
if [ -d /run/systemd/system ] && command -v hostnamectl >/dev/null 2>&1 && hostnamectl set-hostname "$n" 2>/dev/null; then :
else { hostname "$n" 2>/dev/null || printf '%s\n' "$n" > /proc/sys/kernel/hostname; } || exit 1; fi
[ "$(cat /etc/hostname 2>/dev/null)" = "$n" ] || printf '%s\n' "$n" > /etc/hostname || exit 1`,
          },
        ],
        effects: [
          { kind: "hostname", subject: "host", state: { kernel: name, file: name } },
          { kind: "path", subject: "/etc/hostname", unknown: "the hostname changes before" },
        ],
      },
    };
  },
});
