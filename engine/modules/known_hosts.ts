import { createHmac } from "node:crypto";
import { Type } from "@sinclair/typebox";
import { dict } from "../source/value.ts";
import { choice, optional, path, text } from "./argument-types.ts";
import { type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { edit } from "./edit.ts";
import { linesOf } from "./python-regex.ts";

export default stateModule({
  name: "known_hosts",
  summary: "Keep a host's key in a known_hosts file.",
  collection: "ansible.builtin.known_hosts",
  args: Type.Object({
    name: text("The host, as the file names it."),
    key: optional(text("The whole line: names, type and key.")),
    path: path("The file.", { default: "~/.ssh/known_hosts" }),
    state: choice(["present", "absent"], "Whether the key shall be there.", { default: "present" }),
  }),
  argAliases: { host: "name" },
  unsupported: { hash_host: "names are kept as they are written" },
  requiredIf: [["state", "present", ["key"]]],
  example:
    '- ansible.builtin.known_hosts:\n    name: git.example.org\n    key: "git.example.org ssh-ed25519 AAAA..."\n',
  returns: { name: "the host", state: "present or absent" },

  *look(args): Look<Plan> {
    const wanted = args.key?.trim();
    const type = wanted === undefined ? undefined : partsOf(wanted)?.type;
    if (wanted !== undefined && (type === undefined || !names(wanted, args.name))) {
      throw new ModuleFailure(
        `Host parameter "${args.name}" does not match hashed host field or key line in the item to be added`,
      );
    }
    const plan = yield* edit(
      { path: args.path, backup: false },
      { create: true, missing: "", tells: true },
      (given) => {
        if (given === undefined && args.state === "absent") return undefined;
        const lines = linesOf(given ?? "");
        const mine = (line: string) =>
          names(line, args.name) &&
          (args.state === "present" ? partsOf(line)?.type === type : wanted === undefined || line.trim() === wanted);
        const found = lines.filter(mine);
        if (args.state === "present" && found.some((line) => line.trim() === wanted))
          return { text: given ?? "", message: "" };
        const kept = lines.filter((line) => !mine(line));
        if (args.state === "present") {
          const last = kept.at(-1);
          if (last !== undefined && !last.endsWith("\n")) kept[kept.length - 1] = `${last}\n`;
          kept.push(`${wanted}\n`);
        }
        return { text: kept.join(""), message: "" };
      },
    );
    const { msg: _, ...told } = plan.result ?? {};
    return {
      ...plan,
      result: dict([
        ["name", args.name],
        ["state", args.state],
        ["path", args.path],
        ["key", args.key ?? null],
        ["hash_host", false],
        ...Object.entries(told),
      ]),
    };
  },
});

function partsOf(line: string): { hosts: string; type: string } | undefined {
  const words = line.trim().split(/\s+/);
  const [hosts, type] = words[0]?.startsWith("@") ? words.slice(1) : words;
  return hosts === undefined || type === undefined || hosts.startsWith("#") ? undefined : { hosts, type };
}

/** Whether a line is about the host, hashed names included. */
function names(line: string, host: string): boolean {
  const hosts = partsOf(line)?.hosts;
  if (hosts === undefined) return false;
  const [, version, salt = "", digest] = hosts.split("|");
  if (version === "1") return createHmac("sha1", Buffer.from(salt, "base64")).update(host).digest("base64") === digest;
  return hosts.split(",").includes(host);
}
