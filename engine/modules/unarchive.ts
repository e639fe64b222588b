import { statSync } from "node:fs";
import { type Static, Type } from "@sinclair/typebox";
import type { Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import { type Dict, dict, Unknown, type Value } from "../source/value.ts";
import { flag, list, optional, path, text } from "./argument-types.ts";
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

const args = Type.Object({
  src: path("The archive, of the controller, or of the host with remote_src."),
  dest: path("The folder on the host that takes its content; must be there."),
  remote_src: flag("The archive is on the host."),
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
  mutuallyExclusive: [["include", "exclude"]],
  unsupported: {
    ...attributeRefusals,
    copy: "use remote_src",
    decrypt: "vaulted archives are decrypted always",
    io_buffer_size: "it has no meaning here",
    validate_certs: "archives are not fetched; use get_url",
  },
  example: "- ansible.builtin.unarchive:\n    src: app.tar.gz\n    dest: /opt/app\n",
  returns: { dest: "the folder", handler: "how it was unpacked", files: "the names in the archive, where asked" },

  prepare(args, context): Prepared {
    if (args.src.includes("://"))
      throw new ModuleFailure("play does not fetch archives here: load it with get_url first.");
    if (args.remote_src) return undefined;
    const found = context.findFile(args.src, "files");
    if (statSync(found).size > limit) {
      throw new ModuleFailure(`${args.src} is larger than ${limit} bytes: copy it to the host and use remote_src.`);
    }
    return { content: context.readFile(found) };
  },

  *look(args, _context, prepared): Look<Plan> {
    const dest = yield* remotePath(args.dest);
    const source = args.remote_src ? yield* remotePath(args.src) : args.src;
    const result: Dict = dict([
      ["dest", dest],
      ["src", source],
    ]);
    if (args.creates !== undefined) {
      const mark = yield* lookAt(yield* remotePath(args.creates));
      if (mark.exists) return { result: { ...result, msg: `skipped, since ${args.creates} exists` } };
    }
    if (args.remote_src) {
      const archive = yield* lookAt(source, { follow: true });
      if (!archive.exists) throw new ModuleFailure(`Source '${source}' does not exist`);
    }
    const folder = yield* lookAt(dest, { follow: true });
    if (!folder.exists || folder.type !== "directory")
      throw new ModuleFailure(`dest '${dest}' must be an existing dir`);
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
    Object.assign(result, attributeResult(folder));
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

interface Compared {
  readonly handler: string;
  readonly names: readonly string[] & Value[];
  readonly differs: boolean;
}

/** `$a` the archive, `$d` the folder, `$k` the kind of archive; an archive of the controller comes by stdin. */
function opened(source: string, dest: string, args: Arguments): Script {
  return sh`${assign("q", dest)}; d=$q
${
  args.remote_src
    ? sh`${assign("p", source)}; a=$p`
    : sh`a=$(mktemp) || exit 1; trap 'rm -f "$a"' EXIT; cat > "$a" || exit 1`
}
m=$(dd if="$a" bs=1 count=6 2>/dev/null | od -An -tx1 | tr -d ' \n')
case $m in
  504b0304*|504b0506*) k=zip;; 1f8b*) k=gz; z='gzip -dc';; fd377a585a00) k=xz; z='xz -dc';;
  425a68*) k=bz2; z='bzip2 -dc';; 28b52ffd*) k=zst; z='zstd -dc';; *) k=tar; z=cat;;
esac
if [ $k = zip ]; then
  command -v unzip >/dev/null || { echo 'Unable to find required "unzip" binary in the path.' >&2; exit 1; }
else command -v "\${z%% *}" >/dev/null || { echo "Unable to find required \"\${z%% *}\" binary in the path." >&2; exit 1; }; fi`;
}

function unpack(args: Arguments): Script {
  const excludes = args.exclude.map((pattern) => `--exclude=${pattern}`);
  const newer = args.keep_newer ? ["--keep-newer-files"] : [];
  return sh`if [ $k = zip ]; then
  unzip -o -q ${args.extra_opts} ${args.keep_newer ? ["-u"] : []} "$a" ${args.include} ${args.exclude.length > 0 ? ["-x", ...args.exclude] : []} -d "$d" >&2 || exit 1
else
  $z < "$a" | tar -x -C "$d" ${newer} ${args.extra_opts} ${excludes} -f - ${args.include} || exit 1
fi`;
}

function compared(source: string, dest: string, args: Arguments, prepared: Prepared, fresh: boolean): Query<Compared> {
  const excludes = args.exclude.map((pattern) => `--exclude=${pattern}`);
  return {
    kind: "archive",
    subject: dest,
    detail: `${source} ${args.exclude.join(" ")} ${args.include.join(" ")}`,
    expensive: true,
    ...(prepared ? { stdin: prepared.content } : {}),
    // GNU tar compares by itself; elsewhere the archive is unpacked aside and compared file by file.
    script: joinScripts([
      opened(source, dest, args),
      sh`w=$(mktemp -d) || exit 1; own=${args.remote_src ? "" : "y"}; trap 'rm -rf "$w"; [ -z "$own" ] || rm -f "$a"' EXIT
if [ $k = zip ]; then unzip -Z1 "$a" ${args.include} ${args.exclude.length > 0 ? ["-x", ...args.exclude] : []} > "$w/names" || exit 1
else $z < "$a" | tar -t ${excludes} -f - ${args.include} > "$w/names" || exit 1; fi
s=same
[ -d "$d" ] || s=differs
if [ $s = differs ]; then :
elif [ $k != zip ] && tar --version 2>/dev/null | grep -q GNU; then
  $z < "$a" | tar -d -C "$d" ${excludes} -f - ${args.include} > "$w/diff" 2>&1
  grep -Ev ': (Uid|Gid|Mode) differs$' "$w/diff" | grep -q . && s=differs
  ${args.owner === undefined && args.group === undefined && args.mode === undefined ? sh`[ "$(id -u)" = 0 ] && grep -q . "$w/diff" && s=differs; grep -q 'Mode differs' "$w/diff" && s=differs` : sh`:`}
else
  mkdir "$w/t"; d0=$d; d=$w/t
  ${unpack(args)}
  d=$d0
  (cd "$w/t" && find . -type f -exec sh -c 'd=$1; shift; for f; do cmp -s -- "$f" "$d/$f" || echo "$f"; done' sh "$d" {} +; find . -type d -exec sh -c 'd=$1; shift; for f; do [ -d "$d/$f" ] || echo "$f"; done' sh "$d" {} +) | grep -q . && s=differs
fi
echo "$k $s"; cat "$w/names"`,
    ]),
    decode(reply) {
      if (reply.status !== 0) {
        throw new ModuleFailure(
          `Failed to find handler for "${source}". Make sure the required command to extract the file is installed. ${reply.stderr.toString().trim()}`,
        );
      }
      const [first = "", ...names] = reply.stdout.toString().trimEnd().split("\n");
      const [kind = "tar", state] = first.split(" ");
      const handlers: { readonly [kind: string]: string } = {
        zip: "ZipArchive",
        gz: "TgzArchive",
        xz: "TarXzArchive",
        bz2: "TarBzipArchive",
        zst: "TarZstdArchive",
      };
      return {
        handler: handlers[kind] ?? "TarArchive",
        names: names.filter((name) => name !== ""),
        differs: state !== "same",
      };
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
    stdin: names.map((name) => `${name}\0`).join(""),
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
  const found: PresentPath[] = (yield* ask(tree(dest))).filter(
    (entry) => wanted.has(entry.path) && entry.type !== "link",
  );
  for (const entry of found) {
    const after = yield* withAttributes(entry, args);
    if (!sameAttributes(entry, after))
      scripts.push(joinScripts([assign("p", entry.path), attributeScript(entry, after)]));
  }
  return scripts.length === 0 ? undefined : { name: "change owner or permissions", script: joinScripts(scripts) };
}
