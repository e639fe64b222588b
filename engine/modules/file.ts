import { type Static, Type } from "@sinclair/typebox";
import type { Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { type Dict, dict } from "../source/value.ts";
import { choice, flag, optional, path, text } from "./argument-types.ts";
import { attributeDiff } from "./content.ts";
import {
  type Change,
  type DiffPart,
  type Effect,
  type Look,
  ModuleFailure,
  type Plan,
  type Step,
  stateModule,
} from "./contract.ts";
import { makeFolders, missingFolders } from "./folders.ts";
import { octal } from "./mode.ts";
import {
  type Attributes,
  attributeArguments,
  attributeRefusals,
  attributeResult,
  attributeScript,
  sameAttributes,
  stateWord,
  withAttributes,
} from "./ownership.ts";
import { assign, linkTarget, parentOf, remotePath } from "./path-names.ts";
import { created, lookAt, type PathState, type PresentPath, pathEffect, removed } from "./paths.ts";
import { recursiveAttributes } from "./recurse.ts";
import { type Times, timesOf, touchScript } from "./times.ts";

const args = Type.Object({
  path: path("The path that is managed."),
  state: optional(
    choice(
      ["file", "directory", "absent", "link", "hard", "touch"],
      "What shall be there; `file` (the default) only changes attributes of what is there.",
    ),
  ),
  src: optional(path("What a link leads to, or a hard link names.")),
  recurse: flag("Give owner and permissions to everything below a directory too."),
  force: flag("Make a link although its target is missing or a file is in its place."),
  follow: flag("Look through a link at its target.", true),
  ...attributeArguments,
  modification_time: optional(text("`now`, `preserve`, or YYYYMMDDHHMM.SS.")),
  modification_time_format: text("How modification_time is written, in strptime's letters.", {
    default: "%Y%m%d%H%M.%S",
  }),
  access_time: optional(text("`now`, `preserve`, or YYYYMMDDHHMM.SS.")),
  access_time_format: text("How access_time is written, in strptime's letters.", { default: "%Y%m%d%H%M.%S" }),
});
type Arguments = Static<typeof args>;

export default stateModule({
  name: "file",
  summary: "Manage files, directories, links and their attributes.",
  collection: "ansible.builtin.file",
  args,
  argAliases: { dest: "path", name: "path" },
  unsupported: attributeRefusals,
  requiredIf: [["state", "hard", ["src"]]],
  example: "- ansible.builtin.file:\n    path: /srv/app\n    state: directory\n    mode: '0755'\n",
  returns: { path: "the path managed", dest: "the link, where one was managed", state: "what is there now" },

  *look(args): Look<Plan> {
    if (args.path === "" && args.state === "absent") {
      return {
        result: dict([
          ["path", ""],
          ["state", "absent"],
        ]),
      };
    }
    const path = yield* remotePath(args.path);
    const times = args.state === "touch" || timesGiven(args);
    const own = yield* lookAt(path, { times });
    const state = args.state ?? (own.exists ? stateOf(own) : args.recurse ? "directory" : "file");
    if (args.recurse && state !== "directory") {
      throw new ModuleFailure("recurse option requires state to be 'directory'");
    }
    switch (state) {
      case "absent":
        return remove(own);
      case "directory":
        return yield* directory(own, args);
      case "link":
        return yield* link(own, args);
      case "hard":
        return yield* hardLink(own, args);
      case "touch":
        return yield* touch(own, args);
      default:
        return yield* attributesOnly(own, args);
    }
  },
});

function timesGiven(args: Arguments): boolean {
  return args.access_time !== undefined || args.modification_time !== undefined;
}

function stateOf(state: PresentPath): "file" | "directory" | "link" {
  return state.type === "directory" ? "directory" : state.type === "link" ? "link" : "file";
}

function plan(change: Change | undefined, result: Dict): Plan {
  return change ? { change: { confined: true, ...change }, result } : { result };
}

function stateDiff(path: string, before: PathState, after: PathState, extra: Dict = {}): DiffPart {
  const describe = (state: PathState) =>
    dict([
      ["path", path],
      ["state", stateWord(state)],
    ]);
  return { before: describe(before), after: { ...describe(after), ...extra } };
}

function resultOf(path: string, state: PathState, key: "path" | "dest" = "path"): Dict {
  return { [key]: path, ...attributeResult(state) };
}

function remove(own: PathState): Plan {
  const result = dict([
    ["path", own.path],
    ["state", "absent"],
  ]);
  if (!own.exists) return { result };
  const after = removed(own);
  return plan(
    {
      diff: [stateDiff(own.path, own, after)],
      steps: [{ name: "remove it", script: joinScripts([assign("p", own.path), sh`rm -rf -- "$p" || exit 1`]) }],
      effects: [pathEffect(own.path, after)],
    },
    result,
  );
}

/** What a path's link leads to, if links are followed. */
function* followed(own: PathState, args: Arguments): Look<PathState> {
  if (!own.exists || own.type !== "link" || !args.follow) return own;
  return yield* lookAt(own.path, { follow: true, times: args.state === "touch" || timesGiven(args) });
}

function* directory(own: PathState, args: Arguments): Look<Plan> {
  const state = yield* followed(own, args);
  if (state.exists && state.type !== "directory") {
    throw new ModuleFailure(`${args.path} already exists as a ${stateWord(state)}`, { path: own.path });
  }
  if (state.exists) return yield* existing(own.exists && own.type === "link" ? state.real : own.path, state, args);
  // A link that leads nowhere: what it leads to is made.
  const missing = yield* missingFolders(own.exists ? state.real : own.path);
  const made = yield* makeFolders(missing, args);
  const after = made.last ?? state;
  return plan(
    {
      diff: [stateDiff(own.path, state, after)],
      steps: made.steps,
      effects: made.effects,
    },
    resultOf(own.path, after),
  );
}

/** Attributes of what is there, and of everything below it. */
function* existing(path: string, state: PresentPath, args: Arguments, times?: Times): Look<Plan> {
  const after = yield* withAttributes(state, args);
  const below = args.recurse ? yield* recursiveAttributes(state.real, args, args.follow) : undefined;
  const steps: Step[] = [];
  const diff: DiffPart[] = [];
  const effects: Effect[] = [];
  if (!sameAttributes(state, after)) {
    const script = joinScripts([assign("p", state.real), attributeScript(state, after)]);
    steps.push({ name: "change owner or permissions", script });
    diff.push(attributeDiff(state, after));
    effects.push(pathEffect(state.real, { ...after, ...(state.type === "file" ? { keepsContent: true } : {}) }));
  }
  if (times) {
    steps.push({ name: "set its times", script: touchScript(state.real, times) });
    diff.push(timesDiff(path, state, times));
  }
  if (below && below.effects.length > 0) {
    steps.push(...below.steps);
    diff.push(...below.diff);
    effects.push(...below.effects);
  }
  // Below, links may lead anywhere.
  const confined = below === undefined;
  return plan(steps.length > 0 ? { diff, steps, effects, confined } : undefined, resultOf(path, after));
}

function timesDiff(path: string, state: PresentPath, times: Times): DiffPart {
  return {
    before: dict([
      ["path", path],
      ["atime", state.atime],
      ["mtime", state.mtime],
    ]),
    after: dict([
      ["path", path],
      ["atime", times.access ?? state.atime],
      ["mtime", times.modification ?? state.mtime],
    ]),
  };
}

function* attributesOnly(own: PathState, args: Arguments): Look<Plan> {
  const state = yield* followed(own, args);
  if (!state.exists) {
    throw new ModuleFailure(`file (${own.path}) is absent, cannot continue`, { path: own.path, state: "absent" });
  }
  if (state.type === "directory" || state.type === "link") {
    throw new ModuleFailure(`file (${own.path}) is ${stateWord(state)}, cannot continue`, {
      path: own.path,
      state: stateWord(state),
    });
  }
  return yield* existing(own.path, state, args, timesOf(args, "preserve", state));
}

function* touch(own: PathState, args: Arguments): Look<Plan> {
  const state = yield* followed(own, args);
  if (state.exists) {
    const done = yield* existing(own.path, state, args, timesOf(args, "now", state));
    return { ...done, result: { dest: own.path, ...attributeResult(yield* withAttributes(state, args)) } };
  }
  const place = own.exists ? state.real : own.path;
  yield* requireFolder(place);
  const bare = created(state, "file");
  const after = yield* withAttributes(bare, args, state.newcomer.umask);
  return plan(
    {
      diff: [stateDiff(own.path, state, after)],
      steps: [
        {
          name: "create the file",
          script: joinScripts([
            assign("p", place),
            sh`[ -e "$p" ] || : > "$p" || exit 1`,
            attributeScript(bare, after),
            touchScript(place, timesOf(args, "now") ?? {}),
          ]),
        },
      ],
      effects: [pathEffect(place, { ...after, content: Buffer.alloc(0) })],
    },
    { dest: own.path, ...attributeResult(after) },
  );
}

function* requireFolder(path: string): Look<void> {
  const folder = yield* lookAt(parentOf(path), { follow: true });
  if (!folder.exists || folder.type !== "directory") {
    throw new ModuleFailure(`Error, could not touch target: there is no directory ${parentOf(path)}`, { path });
  }
}

function* link(own: PathState, args: Arguments): Look<Plan> {
  let source = args.src;
  if (source === undefined) {
    if (!own.exists || own.type !== "link" || own.target === undefined) {
      throw new ModuleFailure("src is required for creating new symlinks");
    }
    source = own.target;
  }
  if (source.startsWith("~")) source = yield* remotePath(source);
  const folder = yield* lookAt(parentOf(own.path), { follow: true });
  if (own.exists && own.type === "directory" && !args.force) {
    throw new ModuleFailure(`refusing to convert from directory to symlink for ${own.path}`, { path: own.path });
  }
  if (own.exists && own.type !== "directory" && own.type !== "link" && !args.force) {
    throw new ModuleFailure(`refusing to convert from file to symlink for ${own.path}`, { path: own.path });
  }
  const target = yield* lookAt(linkTarget(own.path, source), { follow: true });
  const warnings: string[] = [];
  if (!target.exists && !args.force) {
    throw new ModuleFailure(
      `src file does not exist, use "force=yes" if you really want to create the link: ${target.path}`,
      { path: own.path, src: source },
    );
  }
  if (!target.exists) warnings.push(`The link ${own.path} leads to ${target.path}, which does not exist.`);
  if (!folder.exists) throw new ModuleFailure(`Error while linking: there is no directory ${folder.path}`);
  const linked = own.exists && own.type === "link" && own.target === source;
  // A directory in the way is emptied only when there is nothing in it: rmdir says so.
  const bare: PresentPath = linked
    ? own
    : { ...created(own.exists ? removed(own) : own, "link", source.length), target: source, leadsTo: target.real };
  // Attributes are those of the target where links are followed.
  const subject = args.follow && target.exists ? target : bare;
  const wanted: Attributes = args.follow && !target.exists ? {} : args;
  const after = yield* withAttributes(subject, wanted);
  const diff: DiffPart[] = [];
  const steps: Step[] = [];
  const effects: Effect[] = [];
  if (!linked) {
    const before = dict([
      ["path", own.path],
      ["state", stateWord(own)],
    ]);
    if (own.exists && own.type === "link") before["src"] = own.target ?? "";
    diff.push({
      before,
      after: dict([
        ["path", own.path],
        ["src", source],
        ["state", "link"],
      ]),
    });
    steps.push({
      name: "make the link",
      script: joinScripts([assign("p", own.path), assign("q", source), linkScript(own, sh`ln -s -- "$q" "$t"`)]),
    });
    effects.push(pathEffect(own.path, bare));
  }
  if (!sameAttributes(subject, after)) {
    diff.push(attributeDiff(subject, after));
    steps.push({
      name: "change owner or permissions",
      script: joinScripts([assign("p", subject.real), attributeScript(subject, after)]),
    });
    effects.push(pathEffect(subject.real, { ...after, ...(after.type === "file" ? { keepsContent: true } : {}) }));
  }
  // Of a link that leads nowhere, and is followed, there is nothing to tell.
  const told = args.follow && !target.exists ? {} : attributeResult(subject === bare ? after : bare);
  const result = { dest: own.path, src: source, ...told };
  return { ...plan(steps.length > 0 ? { diff, steps, effects } : undefined, result), warnings };
}

/** Makes the new name aside and moves it into place; a directory in the way must be empty. */
function linkScript(own: PathState, make: Script): Script {
  return sh`${own.exists && own.type === "directory" ? sh`rmdir -- "$p" || exit 1` : sh`:`}
t="\${p%/*}/.play-link-$$"
rm -f -- "$t"
${make} || exit 1
mv -f -- "$t" "$p" || { rm -f -- "$t"; exit 1; }`;
}

function* hardLink(own: PathState, args: Arguments): Look<Plan> {
  const source = yield* remotePath(args.src ?? "");
  const target = yield* lookAt(source, { follow: args.follow });
  if (!target.exists) {
    throw new ModuleFailure(`src does not exist: ${source}`, { dest: own.path, src: source });
  }
  const linked = own.exists && own.inode !== 0 && own.inode === target.inode && own.device === target.device;
  if (own.exists && !linked && !args.force) {
    throw new ModuleFailure(`Cannot link, ${own.path} exists and is another file; force=yes replaces it.`, {
      dest: own.path,
      src: source,
    });
  }
  const bare: PresentPath = { ...target, path: own.path, real: own.real, links: target.links + (linked ? 0 : 1) };
  const after = yield* withAttributes(bare, args);
  const steps: Step[] = [];
  const diff: DiffPart[] = [];
  if (!linked) {
    diff.push({
      before: dict([
        ["path", own.path],
        ["state", stateWord(own)],
      ]),
      after: dict([
        ["path", own.path],
        ["src", source],
        ["state", "hard"],
      ]),
    });
    steps.push({
      name: "make the hard link",
      script: joinScripts([assign("p", own.path), assign("q", target.real), linkScript(own, sh`ln -- "$q" "$t"`)]),
    });
  }
  if (!sameAttributes(bare, after)) {
    diff.push(attributeDiff(bare, after));
    steps.push({
      name: "change owner or permissions",
      script: joinScripts([assign("p", own.path), attributeScript(bare, after)]),
    });
  }
  const effects = [pathEffect(own.path, after), pathEffect(target.real, { ...after, path: source, real: target.real })];
  const result = { dest: own.path, src: source, ...attributeResult(after), mode: octal(after.mode) };
  return plan(steps.length > 0 ? { diff, steps, effects } : undefined, result);
}
