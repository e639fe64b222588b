import { createHash, createHmac } from "node:crypto";
import { Type } from "@sinclair/typebox";
import { dict } from "../source/value.ts";
import { choice, flag, optional, path, text } from "./argument-types.ts";
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
    hash_host: flag("Write a hash of the name instead of the name."),
  }),
  argAliases: { host: "name" },
  requiredIf: [["state", "present", ["key"]]],
  example:
    '- ansible.builtin.known_hosts:\n    name: git.example.org\n    key: "git.example.org ssh-ed25519 AAAA..."\n',
  returns: { name: "the host", state: "present or absent" },

  *look(args): Look<Plan> {
    const given = args.key?.trim();
    const host = args.name.toLowerCase();
    if (given !== undefined && !names(given, host)) {
      throw new ModuleFailure(
        `Host parameter "${args.name}" does not match hashed host field or key line in the item to be added`,
      );
    }
    const wanted = given !== undefined && args.hash_host ? withHash(given, host, args.path) : given;
    const mineOnly = wanted === undefined ? undefined : partsOf(wanted);
    const plan = yield* edit({ path: args.path, backup: false }, { create: true, missing: "", tells: true }, (now) => {
      if (now === undefined && args.state === "absent") return undefined;
      const lines = linesOf(now ?? "");
      const same = (line: string) => {
        const is = partsOf(line);
        return is !== undefined && mineOnly !== undefined && is.type === mineOnly.type && is.key === mineOnly.key
          ? is.hosts === mineOnly.hosts || (isHash(is.hosts) && isHash(mineOnly.hosts))
          : false;
      };
      // With a key, whatever is there of its type goes, whether that is the same key or another.
      const mine = (line: string) =>
        names(line, host) && (wanted === undefined || partsOf(line)?.type === mineOnly?.type);
      const found = lines.filter(mine);
      if (args.state === "present" && found.some(same)) return { text: now ?? "", message: "" };
      const kept = lines.filter((line) => !mine(line));
      if (args.state === "present") {
        const last = kept.at(-1);
        if (last !== undefined && !last.endsWith("\n")) kept[kept.length - 1] = `${last}\n`;
        kept.push(`${wanted}\n`);
      }
      return { text: kept.join(""), message: "" };
    });
    const { msg: _, ...told } = plan.result ?? {};
    return {
      ...plan,
      result: dict([
        ["name", args.name],
        ["state", args.state],
        ["path", args.path],
        ["key", args.key ?? null],
        ["hash_host", args.hash_host],
        ...Object.entries(told),
      ]),
    };
  },
});

interface Parts {
  readonly hosts: string;
  readonly type: string;
  readonly key: string;
}

/** What a line holds; comments behind the key do not count. */
function partsOf(line: string): Parts | undefined {
  const words = line.trim().split(/\s+/);
  const [hosts, type, key] = words[0]?.startsWith("@") ? words.slice(1) : words;
  if (hosts === undefined || type === undefined || hosts.startsWith("#")) return undefined;
  return { hosts, type, key: key ?? "" };
}

function isHash(hosts: string): boolean {
  return hosts.startsWith("|1|");
}

/** Whether a line is about the host, hashed names included. */
function names(line: string, host: string): boolean {
  const hosts = partsOf(line)?.hosts;
  if (hosts === undefined) return false;
  const [, , salt = "", digest] = hosts.split("|");
  if (isHash(hosts)) return hashOf(host, Buffer.from(salt, "base64")) === digest;
  return hosts.toLowerCase().split(",").includes(host);
}

function hashOf(host: string, salt: Buffer): string {
  return createHmac("sha1", salt).update(host).digest("base64");
}

/** The salt follows from the line, so that check mode shows the hash that the run writes. */
function withHash(line: string, host: string, path: string): string {
  const salt = createHash("sha1").update(`${path}\n${line}`).digest();
  const hash = `|1|${salt.toString("base64")}|${hashOf(host, salt)}`;
  const words = line.split(/\s+/);
  return words.with(words[0]?.startsWith("@") ? 1 : 0, hash).join(" ");
}
