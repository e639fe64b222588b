import { type Static, Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { type Dict, dict, type Value } from "../source/value.ts";
import { anything, choice, flag, integer, list, optional, path, text } from "./argument-types.ts";
import { ask, askAll, type Look, ModuleFailure, type Plan, type Query, stateModule } from "./contract.ts";
import { hash } from "./controller-files.ts";
import { resolveMode } from "./mode.ts";
import { baseName, remotePath } from "./path-names.ts";
import { lookAt, type PresentPath, pathState } from "./paths.ts";
import { pythonRegex } from "./python-regex.ts";
import { checksumAlgorithms, statFacts } from "./stat-facts.ts";
import { tree } from "./tree.ts";

const args = Type.Object({
  paths: list(path("A folder."), "Where to search."),
  patterns: list(text("A pattern."), "What names look like, as shell patterns or regular expressions.", {
    default: [],
  }),
  excludes: list(text("A pattern."), "What names must not look like.", { default: [] }),
  use_regex: flag("Patterns are regular expressions."),
  contains: optional(text("A regular expression that a line of the file must match at its beginning.")),
  read_whole_file: flag("`contains` is searched in the file as a whole."),
  file_type: choice(["any", "directory", "file", "link"], "What to find.", { default: "file" }),
  recurse: flag("Look into folders below."),
  depth: optional(integer("How many levels.")),
  age: optional(text("Older than this, or younger where negative: 3600, 2d, -1w.")),
  age_stamp: choice(["atime", "ctime", "mtime"], "Which time.", { default: "mtime" }),
  size: optional(text("At least this size, or at most where negative: 1m, -10k.")),
  hidden: flag("Names that begin with a dot too."),
  follow: flag("Look through links."),
  get_checksum: flag("Tell digests."),
  checksum_algorithm: choice(checksumAlgorithms, "Which digest.", { default: "sha1" }),
  mode: optional(anything("Permissions to look for.")),
  exact_mode: flag("Exactly these permissions, else at least.", true),
  limit: optional(integer("Stop after so many.")),
});
type Arguments = Static<typeof args>;

export default stateModule({
  name: "find",
  summary: "List files and folders by name, age, size and content.",
  collection: "ansible.builtin.find",
  args,
  argAliases: {
    path: "paths",
    name: "paths",
    pattern: "patterns",
    exclude: "excludes",
    checksum: "checksum_algorithm",
    checksum_algo: "checksum_algorithm",
  },
  unsupported: { encoding: "files are UTF-8" },
  example: "- ansible.builtin.find:\n    paths: /var/log\n    patterns: '*.log'\n    age: 2d\n  register: logs\n",
  returns: { files: "what was found, as stat tells it", matched: "how many", examined: "how many were looked at" },

  *look(args): Look<Plan> {
    const skipped: Dict = dict();
    const files: Value[] = [];
    let examined = 0;
    const now = args.age === undefined ? 0 : yield* ask(clock);
    for (const given of args.paths) {
      const folder = yield* remotePath(given);
      const own = yield* lookAt(folder, { follow: true });
      if (!own.exists || own.type !== "directory") {
        skipped[given] = `'${given}' is not a directory`;
        continue;
      }
      const depth = args.recurse ? args.depth : 1;
      const entries = yield* ask(tree(folder, { ...(depth === undefined ? {} : { depth }), follow: args.follow }));
      examined += entries.length;
      const chosen = entries.filter((entry) => isChosen(entry, folder, args, now));
      const kept = args.contains === undefined ? chosen : yield* containing(chosen, args);
      for (const entry of kept) files.push(yield* described(entry, args));
    }
    const limited = args.limit === undefined ? files : files.slice(0, args.limit);
    return {
      result: dict([
        ["files", limited],
        ["matched", limited.length],
        ["examined", examined],
        ["skipped_paths", skipped],
        [
          "msg",
          Object.keys(skipped).length > 0 ? "Not all paths examined, check warnings for details" : "All paths examined",
        ],
      ]),
    };
  },
});

const clock: Query<number> = {
  kind: "clock",
  subject: "",
  script: sh`date +%s`,
  decode: (reply) => Number(reply.stdout.toString().trim()),
};

function isChosen(entry: PresentPath, folder: string, args: Arguments, now: number): boolean {
  const below = entry.path.slice(folder.length + 1);
  if (!args.hidden && below.split("/").some((part) => part.startsWith("."))) return false;
  if (args.file_type !== "any" && entry.type !== args.file_type) return false;
  const name = baseName(entry.path);
  if (args.patterns.length > 0 && !args.patterns.some((pattern) => matches(pattern, name, args.use_regex)))
    return false;
  if (args.excludes.some((pattern) => matches(pattern, name, args.use_regex))) return false;
  if (args.age !== undefined) {
    const age = quantity(args.age, { s: 1, m: 60, h: 3600, d: 86400, w: 604800 });
    const stamp = entry.inode === 0 ? now : entry[args.age_stamp];
    if (age >= 0 ? now - stamp < age : now - stamp > -age) return false;
  }
  if (args.size !== undefined && entry.type === "file") {
    const size = quantity(args.size, { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 });
    if (size >= 0 ? entry.size < size : entry.size > -size) return false;
  }
  if (args.mode !== undefined && args.mode !== null) {
    const spec = typeof args.mode === "number" ? args.mode.toString(8) : String(args.mode);
    const wanted = resolveMode(spec, 0, { directory: entry.type === "directory" });
    if (args.exact_mode ? entry.mode !== wanted : (entry.mode & wanted) !== wanted) return false;
  }
  return true;
}

function quantity(text: string, units: { readonly [unit: string]: number }): number {
  const parts = /^(-?\d+)([a-z])?$/i.exec(text.trim());
  const unit = parts?.[2]?.toLowerCase();
  const factor = unit === undefined ? 1 : units[unit];
  if (!parts || factor === undefined) throw new ModuleFailure(`failed to process: ${text} is no number with a unit`);
  return Number(parts[1]) * factor;
}

function matches(pattern: string, name: string, regex: boolean): boolean {
  return regex ? (pythonRegex(pattern).exec(name)?.index ?? -1) === 0 : globRegex(pattern).test(name);
}

/** A shell pattern as Python's fnmatch reads it. */
export function globRegex(pattern: string): RegExp {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? "";
    if (char === "*") source += "[^]*";
    else if (char === "?") source += "[^]";
    else if (char === "[") {
      const end = pattern.indexOf("]", pattern[at + 1] === "!" || pattern[at + 1] === "]" ? at + 2 : at + 1);
      if (end < 0) source += "\\[";
      else {
        source += `[${pattern
          .slice(at + 1, end)
          .replace(/^!/, "^")
          .replaceAll("\\", "\\\\")}]`;
        at = end;
      }
    } else source += char.replace(/[\\^$.|+(){}\]]/g, "\\$&");
  }
  return new RegExp(`^${source}$`);
}

function* containing(entries: readonly PresentPath[], args: Arguments): Look<PresentPath[]> {
  const regular = entries.filter((entry) => entry.type === "file");
  const states = yield* askAll(regular.map((entry) => pathState(entry.path, { content: true })));
  const pattern = args.contains ?? "";
  return regular.filter((_, index) => {
    const state = states[index];
    const content = state?.exists ? (state.content?.toString() ?? "") : "";
    if (args.read_whole_file) return pythonRegex(pattern, "m").test(content);
    return content.split("\n").some((line) => pythonRegex(pattern).exec(line)?.index === 0);
  });
}

function* described(entry: PresentPath, args: Arguments): Look<Dict> {
  const facts = statFacts(entry);
  if (args.get_checksum && entry.type === "file") {
    const state = yield* lookAt(entry.path, { content: true });
    if (state.exists && state.content) facts["checksum"] = hash(args.checksum_algorithm, state.content);
  }
  return facts;
}
