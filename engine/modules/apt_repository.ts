import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { aptDefaults } from "./apt-arguments.ts";
import { updateStep } from "./apt-get.ts";
import { aptSources, normaliseSource, sourceFileName } from "./apt-sources.ts";
import { choice, flag, integer, mode, optional, text } from "./argument-types.ts";
import { land } from "./content.ts";
import { ask, type Change, type Look, ModuleFailure, type Plan, type Step, stateModule } from "./contract.ts";
import { listsFetched } from "./packages.ts";
import { type PathState, pathEffect, pathState, removed } from "./paths.ts";

export default stateModule({
  name: "apt_repository",
  collection: "ansible.builtin.apt_repository",
  summary: "Manages apt's sources, a line each.",
  args: Type.Object({
    repo: text("The line: `deb uri suite component…`."),
    state: choice(["present", "absent"], "Whether it should be there.", { default: "present" }),
    filename: optional(text("Its file in sources.list.d; default: made of the address.")),
    mode: optional(mode("Permissions of that file.")),
    update_cache: flag("Fetch the package lists after a change.", true),
    update_cache_retries: integer("Attempts at that.", { default: 5 }),
    update_cache_retry_max_delay: integer("Longest pause between them, in seconds.", { default: 12 }),
    codename: optional(text("Accepted; only PPAs need it.")),
    validate_certs: flag("Accepted; only PPAs need it.", true),
    install_python_apt: flag("Accepted: no Python is needed on the host.", true),
  }),
  argAliases: { update_repositories: "update_cache", "update-cache": "update_cache" },
  example: "- apt_repository:\n    repo: deb http://deb.debian.org/debian bookworm-backports main\n",
  returns: { repo: "The line.", sources_added: "Files that are new.", sources_removed: "Files that are gone." },
  *look(args): Look<Plan> {
    if (args.repo.startsWith("ppa:")) throw new ModuleFailure("PPAs are not supported: give the deb line and its key.");
    const line = normaliseSource(args.repo);
    if (line === "" || line.split(" ").length < 3) {
      throw new ModuleFailure(`Invalid repository string: ${args.repo}`);
    }
    const lines = yield* ask(aptSources);
    const holders = [...new Set(lines.filter((each) => each.line === line).map(({ file }) => file))];
    const result = { repo: args.repo, state: args.state, sources_added: [], sources_removed: [] };
    const name =
      args.filename === undefined ? sourceFileName(args.repo) : `${args.filename.replace(/\.list$/, "")}.list`;
    if (args.state === "present") {
      if (holders.length > 0) return { result };
      const file = name.startsWith("/") ? name : `/etc/apt/sources.list.d/${name}`;
      const before = yield* ask(pathState(file, { content: true }));
      const old = before.exists ? (before.content?.toString() ?? "") : "";
      const content = Buffer.from(`${old === "" || old.endsWith("\n") ? old : `${old}\n`}${args.repo}\n`);
      const attributes = { mode: args.mode ?? (before.exists ? undefined : "0644") };
      const { change } = yield* land({ before, content, attributes });
      if (!change) return { result };
      const added = before.exists ? {} : { sources_added: [file] };
      return {
        result: { ...result, ...added },
        change: withFetch(args, change, [[file, before.exists ? old : undefined]]),
      };
    }
    if (holders.length === 0) return { result };
    const steps: Step[] = [];
    const undo: [string, string | undefined][] = [];
    const parts: Change[] = [];
    const gone: string[] = [];
    for (const file of holders) {
      const before = yield* ask(pathState(file, { content: true }));
      const old = before.exists ? (before.content?.toString() ?? "") : "";
      const text = old
        .split("\n")
        .filter((each) => normaliseSource(each) !== line)
        .join("\n");
      undo.push([file, old]);
      if (text.trim() === "" && before.exists) {
        gone.push(file);
        parts.push(removal(before, old));
      } else {
        const { change } = yield* land({ before, content: Buffer.from(text), attributes: {} });
        if (change) parts.push(change);
      }
    }
    for (const part of parts) steps.push(...part.steps);
    const change: Change = {
      diff: parts.flatMap(({ diff }) => diff),
      steps,
      effects: parts.flatMap(({ effects }) => effects),
    };
    return { result: { ...result, sources_removed: gone }, change: withFetch(args, change, undo) };
  },
});

function removal(before: PathState & { exists: true }, old: string): Change {
  return {
    diff: [{ beforeHeader: before.path, afterHeader: "/dev/null", before: old, after: "" }],
    steps: [{ name: `remove ${before.path}`, script: sh`rm -f ${before.path} || exit 1` }],
    effects: [pathEffect(before.path, removed(before))],
  };
}

/** The lists are fetched after the change; where that fails, the files are as they were, so that a next run tries again. */
function withFetch(
  args: { update_cache: boolean; update_cache_retries: number; update_cache_retry_max_delay: number },
  change: Change,
  undo: readonly (readonly [string, string | undefined])[],
): Change {
  const unknown = { kind: "apt-lists", subject: "content", unknown: "the package sources change before" };
  if (!args.update_cache) return { ...change, effects: [...change.effects, unknown] };
  const fetch = updateStep({ ...aptDefaults, ...args });
  const restore = undo.reduce(
    (all, [file, text]) => sh`${all}
${text === undefined ? sh`rm -f ${file}` : sh`printf %s ${text} > ${file}`}`,
    sh`:`,
  );
  const guarded: Step = {
    ...fetch,
    script: sh`( ${fetch.script} ) || { ${restore}
exit 1; }`,
  };
  return {
    ...change,
    steps: [...change.steps, guarded],
    effects: [
      ...change.effects,
      ...listsFetched(0).map((effect) =>
        "state" in effect ? { ...effect, state: { fetched: Number.MAX_SAFE_INTEGER, now: 0, empty: false } } : effect,
      ),
    ],
  };
}
