import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { flag, integer, optional, path, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Query, type Step, stateModule } from "./contract.ts";
import { remotePath } from "./path-names.ts";

const args = Type.Object({
  repo: text("Where it comes from."),
  dest: optional(path("Where it is checked out; may be left away with clone off.")),
  version: text("Branch, tag or commit; HEAD: the default branch.", { default: "HEAD" }),
  remote: text("Name of the remote.", { default: "origin" }),
  refspec: optional(text("More to fetch.")),
  force: flag("Throw local changes away."),
  depth: optional(integer("How much history is fetched.")),
  clone: flag("Clone where there is nothing yet.", true),
  update: flag("Bring an existing clone up to date.", true),
  bare: flag("A repository without files."),
  recursive: flag("Submodules too.", true),
  single_branch: flag("Only the one branch."),
  track_submodules: flag("Submodules at the tip of their branch."),
  accept_hostkey: flag("Accept the server's unknown host key."),
  accept_newhostkey: flag("Accept it only where none is known."),
  ssh_opts: optional(text("Options of ssh.")),
  key_file: optional(path("Private key, on the host.")),
  reference: optional(text("Repository to borrow objects from.")),
  separate_git_dir: optional(path("Where the repository itself is kept.")),
  umask: optional(text("Permissions that new files lack.")),
  executable: optional(path("git itself.")),
  verify_commit: flag("Check the commit's signature."),
});
type Arguments = (typeof args)["static"];

interface Clone {
  readonly git: boolean;
  readonly repository: boolean;
  readonly commit: string | undefined;
  readonly remote: string | undefined;
  readonly modified: boolean;
}

export default stateModule({
  name: "git",
  collection: "ansible.builtin.git",
  summary: "Checks out repositories of git.",
  args,
  argAliases: { name: "repo" },
  unsupported: {
    archive: "use a command task with git archive",
    archive_prefix: "use a command task with git archive",
    gpg_allowlist: "verify_commit trusts the user's keyring",
    gpg_whitelist: "verify_commit trusts the user's keyring",
  },
  example: "- git:\n    repo: https://git.example/shop.git\n    dest: /srv/shop\n    version: v1.2\n",
  returns: {
    before: "The commit that was there.",
    after: "The commit that is there now.",
    remote_url_changed: "Whether the remote's address was another one.",
  },
  *look(args): Look<Plan> {
    if (args.dest === undefined) {
      if (args.clone) throw new ModuleFailure("the destination directory must be specified unless clone=no");
      return { result: { before: null, after: yield* ask(remoteCommit(args)) } };
    }
    const dest = yield* remotePath(args.dest);
    const is = yield* ask(cloneAt(args, dest));
    if (!is.git) throw new ModuleFailure('Failed to find required executable "git"');
    if (!is.repository) {
      const after = yield* ask(remoteCommit(args));
      if (!args.clone) return { result: { before: null, after } };
      return plan(args, dest, undefined, after, cloneSteps(args, dest));
    }
    const moved = is.remote !== undefined && is.remote !== args.repo;
    const before = is.commit ?? null;
    if (!args.update && !moved) return { result: { before, after: before, remote_url_changed: false } };
    const wanted = !args.update
      ? is.commit
      : /^[0-9a-f]{40}$/.test(args.version)
        ? args.version
        : yield* ask(remoteCommit(args));
    const same = wanted === is.commit || (/^[0-9a-f]{7,39}$/.test(args.version) && is.commit?.startsWith(args.version));
    if (is.modified && !args.force && !args.bare && !same) {
      throw new ModuleFailure("Local modifications exist in the destination: use force to throw them away.", {
        before,
      });
    }
    if (same && !moved && !(is.modified && args.force))
      return { result: { before, after: before, remote_url_changed: false } };
    const steps: Step[] = [];
    if (moved)
      steps.push({
        name: "change the remote's address",
        script: sh`${git(args)} -C ${dest} remote set-url ${args.remote} ${args.repo} || exit 1`,
      });
    if (!same || (is.modified && args.force)) steps.push(...updateSteps(args, dest));
    return plan(args, dest, is.commit, wanted, steps, moved);
  },
});

/** git, asking nothing, with the wanted way of speaking ssh. */
function git(args: Arguments) {
  const options = [
    ...(args.accept_hostkey
      ? ["-o", "StrictHostKeyChecking=no"]
      : args.accept_newhostkey
        ? ["-o", "StrictHostKeyChecking=accept-new"]
        : []),
    ...(args.key_file === undefined ? [] : ["-i", args.key_file, "-o", "IdentitiesOnly=yes"]),
  ];
  const ssh =
    `ssh -o BatchMode=yes ${options.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")} ${args.ssh_opts ?? ""}`.trim();
  const mask = args.umask === undefined ? sh`` : sh`umask ${args.umask}; `;
  return sh`${mask}GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND=${ssh} ${args.executable ?? "git"}`;
}

function cloneAt(args: Arguments, dest: string): Query<Clone> {
  return {
    kind: "git",
    subject: dest,
    script: sh`d=${dest}
command -v ${args.executable ?? "git"} >/dev/null 2>&1 || { echo nogit; exit 0; }
[ -e "$d/.git" ] || { [ -f "$d/HEAD" ] && [ -d "$d/objects" ]; } || { echo none; exit 0; }
echo repository
${git(args)} -c safe.directory='*' -C "$d" rev-parse -q --verify HEAD || echo
${git(args)} -c safe.directory='*' -C "$d" config --get ${`remote.${args.remote}.url`} || echo
[ -n "$(${git(args)} -c safe.directory='*' -C "$d" status --porcelain --untracked-files=no 2>/dev/null)" ] && echo modified || echo clean`,
    decode(reply) {
      const [what, commit, remote, state] = reply.stdout.toString().split("\n");
      return {
        git: what !== "nogit",
        repository: what === "repository",
        commit: commit || undefined,
        remote: remote || undefined,
        modified: state === "modified",
      };
    },
  };
}

/** The commit that the remote has under the wanted version. */
function remoteCommit(args: Arguments): Query<string> {
  const { version } = args;
  return {
    kind: "git-remote",
    subject: `${args.repo} ${version}`,
    expensive: true,
    script: sh`${git(args)} ls-remote ${args.repo}`,
    decode(reply) {
      if (reply.status !== 0) {
        throw new ModuleFailure(`Failed to connect to the repository: ${reply.stderr.toString().trim()}`, {
          rc: reply.status,
        });
      }
      if (/^[0-9a-f]{40}$/.test(version)) return version;
      const refs = new Map<string, string>();
      for (const line of reply.stdout.toString().split("\n")) {
        const [commit, ref] = line.split("\t");
        if (commit !== undefined && ref !== undefined) refs.set(ref, commit);
      }
      const names =
        version === "HEAD"
          ? ["HEAD"]
          : [`refs/tags/${version}^{}`, `refs/heads/${version}`, `refs/tags/${version}`, version];
      for (const name of names) {
        const commit = refs.get(name);
        if (commit !== undefined) return commit;
      }
      if (/^[0-9a-f]{7,39}$/.test(version)) return version;
      throw new ModuleFailure(`Could not determine remote revision for ${version}`);
    },
  };
}

function cloneSteps(args: Arguments, dest: string): Step[] {
  const named = args.version !== "HEAD" && !/^[0-9a-f]{7,40}$/.test(args.version) && !args.version.startsWith("refs/");
  const options = [
    ...(args.bare ? ["--bare"] : ["--origin", args.remote]),
    ...(args.depth === undefined ? [] : ["--depth", String(args.depth), "--no-single-branch"]),
    ...(args.single_branch ? ["--single-branch"] : []),
    ...(args.reference === undefined ? [] : ["--reference", args.reference]),
    ...(args.separate_git_dir === undefined ? [] : ["--separate-git-dir", args.separate_git_dir]),
    ...(named ? ["--branch", args.version] : []),
    ...(args.recursive && !args.bare ? ["--recursive"] : []),
  ];
  const steps: Step[] = [
    {
      name: "clone it",
      timeout: 3600,
      script: sh`d=${dest}
mkdir -p "$(dirname "$d")" || exit 1
${git(args)} clone -q ${options} -- ${args.repo} "$d" || exit 1`,
    },
  ];
  if (args.version !== "HEAD" && !named) steps.push(...checkoutSteps(args, dest));
  else if (args.verify_commit) steps.push(verify(args, dest));
  return steps;
}

function updateSteps(args: Arguments, dest: string): Step[] {
  const depth = args.depth === undefined ? [] : ["--depth", String(args.depth)];
  const refspec = args.refspec === undefined ? [] : [args.refspec];
  const fetch: Step = {
    name: "fetch",
    timeout: 3600,
    script: sh`g() { ${git(args)} -C ${dest} "$@"; }
g fetch -q --force --tags ${depth} ${args.remote} ${args.bare ? ["+refs/heads/*:refs/heads/*"] : [`+refs/heads/*:refs/remotes/${args.remote}/*`]} ${refspec} || exit 1
${args.bare ? sh`:` : sh`g remote set-head ${args.remote} -a >/dev/null 2>&1 || :`}`,
  };
  return args.bare ? [fetch] : [fetch, ...checkoutSteps(args, dest)];
}

/** A branch follows the remote's; a tag or commit is checked out as such. */
function checkoutSteps(args: Arguments, dest: string): Step[] {
  const steps: Step[] = [
    {
      name: "check it out",
      script: sh`g() { ${git(args)} -C ${dest} "$@"; }
v=${args.version}
r=${args.remote}
${args.force ? sh`g reset -q --hard || exit 1` : sh`:`}
if [ "$v" = HEAD ]; then
  b=$(g symbolic-ref -q --short "refs/remotes/$r/HEAD") || b=$(g symbolic-ref -q --short HEAD | sed "s,^,$r/,")
  v=\${b#"$r"/}
fi
if g rev-parse -q --verify "refs/remotes/$r/$v" >/dev/null; then
  g checkout -q --force "$v" 2>/dev/null || g checkout -q -b "$v" "$r/$v" || exit 1
  g reset -q --hard "$r/$v" || exit 1
else
  g cat-file -e "$v^{commit}" 2>/dev/null || g fetch -q "$r" "$v" || exit 1
  g checkout -q --force "$v" || exit 1
fi
${args.recursive ? sh`[ ! -e ${`${dest}/.gitmodules`} ] || { g submodule sync -q --recursive && g submodule update -q --init --recursive ${args.track_submodules ? ["--remote"] : []}; } || exit 1` : sh`:`}`,
      timeout: 3600,
    },
  ];
  if (args.verify_commit) steps.push(verify(args, dest));
  return steps;
}

function verify(args: Arguments, dest: string): Step {
  return { name: "verify the commit", script: sh`${git(args)} -C ${dest} verify-commit HEAD || exit 1` };
}

function plan(
  args: Arguments,
  dest: string,
  before: string | undefined,
  after: string | undefined,
  steps: Step[],
  moved = false,
): Plan {
  const result: Dict = {
    before: before ?? null,
    after: after ?? null,
    ...(before === undefined ? {} : { remote_url_changed: moved }),
  };
  const state: Clone = { git: true, repository: true, commit: after, remote: args.repo, modified: false };
  return {
    result,
    change: {
      diff: [{ before: `${before ?? ""}\n`, after: `${after ?? ""}\n` }],
      steps: [...steps, { name: "look at it", script: sh`${git(args)} -C ${dest} rev-parse HEAD || exit 1` }],
      effects: [
        { kind: "git", subject: dest, state },
        { kind: "path", subject: dest, unknown: `${dest} is checked out before` },
      ],
      finish: (replies) => ({ after: replies.at(-1)?.stdout.toString().trim() ?? "" }),
    },
  };
}
