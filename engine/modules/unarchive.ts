import { statSync } from "node:fs";
import { type Static, Type } from "@sinclair/typebox";
import type { Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { type Dict, dict, Unknown, type Value } from "../source/value.ts";
import { type Compared, comparison, opened, readComparison, tell, unpack } from "./archive.ts";
import { flag, list, maybeFlag, optional, path, text } from "./argument-types.ts";
import {
  ask,
  type Effect,
  type Look,
  ModuleFailure,
  type Plan,
  type Query,
  type Step,
  stateModule,
} from "./contract.ts";
import {
  attributeArguments,
  attributeRefusals,
  attributeResult,
  attributeScript,
  sameAttributes,
  withAttributes,
} from "./ownership.ts";
import { assign, normalise, remotePath } from "./path-names.ts";
import { overlay } from "./path-overlay.ts";
import { lookAt, type PresentPath, pathUnknown } from "./paths.ts";
import { tree } from "./tree.ts";
import { fromTheWeb } from "./unarchive-web.ts";

const args = Type.Object({
  src: path("The archive, of the controller, or of the host with remote_src; or an address, with remote_src too."),
  dest: path("The folder on the host that takes its content; must be there."),
  remote_src: flag("The archive is on the host, or is loaded by it."),
  copy: maybeFlag("The older way to say the opposite of remote_src."),
  validate_certs: flag("Check the server's certificate where an archive is loaded.", true),
  decrypt: flag("Decrypt vaulted archives.", true),
  creates: optional(path("Nothing is unpacked where this is there.")),
  list_files: flag("Return the names in the archive."),
  exclude: list(text("A pattern."), "What is not unpacked.", { default: [] }),
  include: list(text("A name."), "Only what is unpacked.", { default: [] }),
  keep_newer: flag("Files that are newer than the archive's stay."),
  extra_opts: list(text("An option."), "More options for tar or unzip.", { default: [] }),
  ...attributeArguments,
});
type Arguments = Static<typeof args>;

/** The archive's bytes from the controller; undefined where it is on the host. */
type Prepared = { readonly content: Buffer } | undefined;

/** What is small enough to travel with a query; a larger archive is refused with the way to do it. */
const limit = 256 * 2 ** 20;

export default stateModule<typeof args, Prepared>({
  name: "unarchive",
  summary: "Unpack an archive on the host.",
  collection: "ansible.builtin.unarchive",
  args,
  mutuallyExclusive: [
    ["include", "exclude"],
    ["copy", "remote_src"],
  ],
  unsupported: {
    ...attributeRefusals,
    io_buffer_size: "it has no meaning here",
  },
  example: "- ansible.builtin.unarchive:\n    src: app.tar.gz\n    dest: /opt/app\n",
  returns: { dest: "the folder", handler: "how it was unpacked", files: "the names in the archive, where asked" },

  prepare(args, context): Prepared {
    if (onHost(args)) return undefined;
    if (isAddress(args.src)) throw new ModuleFailure("An archive from the web needs remote_src: true.");
    const found = context.findFile(args.src, "files");
    if (statSync(found).isDirectory()) throw new ModuleFailure(`${args.src} is a folder, no archive.`);
    if (statSync(found).size > limit) {
      throw new ModuleFailure(`${args.src} is larger than ${limit} bytes: copy it to the host and use remote_src.`);
    }
    return { content: context.readFile(found) };
  },

  *look(given, _context, prepared): Look<Plan> {
    const args = { ...given, remote_src: onHost(given) };
    const dest = yield* remotePath(args.dest);
    const loaded = args.remote_src && isAddress(args.src);
    const source = args.remote_src && !loaded ? yield* remotePath(args.src) : args.src;
    const result: Dict = dict([
      ["dest", dest],
      ["src", source],
    ]);
    if (args.creates) {
      const mark = yield* lookAt(yield* remotePath(args.creates));
      if (mark.exists) return { result: { ...result, msg: `skipped, since ${args.creates} exists` } };
    }
    if (args.remote_src && !loaded) {
      const archive = yield* lookAt(source, { follow: true });
      if (!archive.exists) throw new ModuleFailure(`Source '${source}' does not exist`);
    }
    const folder = yield* lookAt(dest, { follow: true });
    if (!folder.exists || folder.type !== "directory")
      throw new ModuleFailure(`dest '${dest}' must be an existing dir`);
    if (loaded) return fromTheWeb(args, dest, { ...result, ...attributeResult(folder) });
    const seen = yield* ask(compared(source, dest, args, prepared, folder.fresh !== undefined));
    result["handler"] = seen.handler;
    if (args.list_files) result["files"] = seen.names;
    const steps: Step[] = [];
    if (seen.differs) {
      steps.push({
        name: "unpack the archive",
        script: joinScripts([opened(source, dest, args), unpack(args)]),
        ...(prepared ? { stdin: prepared.content } : {}),
      });
    }
    // What asks for owner or permissions asks it of everything that was unpacked.
    const effects: Effect[] = seen.differs ? [pathUnknown(dest, `${args.src} is unpacked into it`)] : [];
    if (args.mode !== undefined || args.owner !== undefined || args.group !== undefined) {
      const attributes = seen.differs
        ? attributeStep(dest, args, seen.names)
        : yield* wrongAttributes(dest, args, seen.names);
      if (attributes) steps.push(attributes);
    }
    // The folder itself may be in the archive too.
    const isEntry = seen.names.some((name) => normalise(`${dest}/${name}`) === dest);
    Object.assign(result, attributeResult(isEntry ? yield* withAttributes(folder, args) : folder));
    if (steps.length === 0) return { result };
    const names: Value[] = [...seen.names];
    return {
      change: {
        diff: seen.differs
          ? [
              {
                before: dict([["path", dest]]),
                after: dict([
                  ["path", dest],
                  ["unpacked", names],
                ]),
              },
            ]
          : [],
        steps,
        effects,
      },
      result,
    };
  },

  outcome: (args) => (args.dest.startsWith("/") ? [pathUnknown(args.dest, `${args.src} is unpacked into it`)] : []),
});

/** `copy: no` is how playbooks said remote_src before there was such an option. */
const onHost = (args: Arguments): boolean => (args.copy === undefined ? args.remote_src : !args.copy);

const isAddress = (source: string): boolean => source.includes("://");

function compared(source: string, dest: string, args: Arguments, prepared: Prepared, fresh: boolean): Query<Compared> {
  return {
    kind: "archive",
    subject: dest,
    detail: `${source} ${args.exclude.join(" ")} ${args.include.join(" ")}`,
    expensive: true,
    ...(prepared ? { stdin: prepared.content } : {}),
    script: joinScripts([opened(source, dest, args), comparison(args, !args.remote_src), tell]),
    decode(reply) {
      if (reply.status !== 0) {
        throw new ModuleFailure(
          `Failed to find handler for "${source}". Make sure the required command to extract the file is installed. ${reply.stderr.toString().trim()}`,
        );
      }
      return readComparison(reply.stdout.toString());
    },
    amend(observed, predictions) {
      if (fresh) return { ...observed, differs: true };
      const touched = predictions
        .all("path")
        .some((effect) => "subject" in effect && effect.subject.startsWith(`${dest}/`));
      return touched ? new Unknown(`what is in ${dest} changes before`) : observed;
    },
    predict(predictions) {
      const archive = args.remote_src ? overlay(source, predictions) : undefined;
      return archive === undefined ? undefined : new Unknown(`the archive ${source} changes before`);
    },
  };
}

function attributeStep(dest: string, args: Arguments, names: readonly string[]): Step {
  // A colon with nothing behind it would ask for the owner's login group.
  const owner = `${args.owner ?? ""}${args.group === undefined ? "" : `:${args.group}`}`;
  return {
    name: "change owner or permissions of what was unpacked",
    // Below the folder, even where a name begins with a slash.
    stdin: names.map((name) => `./${name}\0`).join(""),
    script: sh`${assign("q", dest)}; cd -- "$q" || exit 1
l=$(mktemp) || exit 1; trap 'rm -f "$l"' EXIT; cat > "$l"
${owner === "" ? sh`:` : sh`xargs -0 chown -h ${owner} -- < "$l" || exit 1`}
${args.mode === undefined ? sh`:` : sh`xargs -0 sh -c 'm=$1; shift; for f; do [ -L "$f" ] || chmod "$m" -- "$f" || exit 255; done' sh ${args.mode} < "$l" || exit 1`}`,
  };
}

/** The entries of the archive whose owner or permissions are not as asked. */
function* wrongAttributes(dest: string, args: Arguments, names: readonly string[]): Look<Step | undefined> {
  const wanted = new Set(names.map((name) => normalise(`${dest}/${name}`)));
  const scripts: Script[] = [];
  // The folder itself may be in the archive too.
  const own = yield* lookAt(dest, { follow: true });
  const all = [...(own.exists ? [own] : []), ...(yield* ask(tree(dest)))];
  const found: PresentPath[] = all.filter((entry) => wanted.has(entry.path) && entry.type !== "link");
  for (const entry of found) {
    const after = yield* withAttributes(entry, args);
    if (!sameAttributes(entry, after))
      scripts.push(joinScripts([assign("p", entry.path), attributeScript(entry, after)]));
  }
  return scripts.length === 0 ? undefined : { name: "change owner or permissions", script: joinScripts(scripts) };
}
