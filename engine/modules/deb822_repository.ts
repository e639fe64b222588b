import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { choice, flag, integer, list, maybeFlag, mode, optional, text } from "./argument-types.ts";
import { land } from "./content.ts";
import { ask, type Change, type Look, type Plan, stateModule } from "./contract.ts";
import { fetched } from "./fetched.ts";
import { pathEffect, pathState, removed } from "./paths.ts";

const texts = (description: string) => optional(list(Type.String(), description));

const args = Type.Object({
  name: text("The repository; its files are called by it."),
  state: choice(["present", "absent"], "Whether it should be there.", { default: "present" }),
  types: list(choice(["deb", "deb-src"], "deb or deb-src"), "deb, deb-src.", { default: ["deb"] }),
  uris: texts("Addresses."),
  suites: texts("Suites."),
  components: texts("Components."),
  architectures: texts("Architectures."),
  languages: texts("Languages."),
  targets: texts("Targets."),
  signed_by: optional(
    text("Its key: a path on the host, a fingerprint, an address that the host fetches it from, or the armoured key."),
  ),
  enabled: maybeFlag("Whether it is used."),
  trusted: maybeFlag("Whether it is trusted without a signature."),
  by_hash: maybeFlag("Whether files are fetched by hash."),
  pdiffs: maybeFlag("Whether differences of lists are fetched."),
  allow_insecure: maybeFlag("Allow insecure repositories."),
  allow_weak: maybeFlag("Allow weak signatures."),
  allow_downgrade_to_insecure: maybeFlag("Allow it to become insecure."),
  check_date: maybeFlag("Check the date."),
  check_valid_until: maybeFlag("Check until when it is valid."),
  date_max_future: optional(integer("Seconds that its date may be ahead.")),
  inrelease_path: optional(text("Path of InRelease.")),
  mode: mode("Permissions of the file."),
  install_python_debian: flag("Accepted: no Python is needed on the host."),
});
type Arguments = (typeof args)["static"];

/** Fields in the order in which Ansible writes them. */
const fields: readonly (readonly [argument: keyof Arguments, field: string])[] = [
  ["allow_downgrade_to_insecure", "Allow-Downgrade-To-Insecure"],
  ["allow_insecure", "Allow-Insecure"],
  ["allow_weak", "Allow-Weak"],
  ["architectures", "Architectures"],
  ["by_hash", "By-Hash"],
  ["check_date", "Check-Date"],
  ["check_valid_until", "Check-Valid-Until"],
  ["components", "Components"],
  ["date_max_future", "Date-Max-Future"],
  ["enabled", "Enabled"],
  ["inrelease_path", "InRelease-Path"],
  ["languages", "Languages"],
  ["name", "X-Repolib-Name"],
  ["pdiffs", "PDiffs"],
  ["signed_by", "Signed-By"],
  ["suites", "Suites"],
  ["targets", "Targets"],
  ["trusted", "Trusted"],
  ["types", "Types"],
  ["uris", "URIs"],
];

export default stateModule({
  name: "deb822_repository",
  collection: "ansible.builtin.deb822_repository",
  summary: "Manages apt's sources in the form with fields.",
  args: Type.Object({ ...args.properties, mode: optional(args.properties.mode) }),
  example:
    "- deb822_repository:\n    name: debian\n    uris: http://deb.debian.org/debian\n    suites: [bookworm]\n    components: [main]\n",
  returns: { repo: "The file's text.", dest: "The file.", key_filename: "The key's file." },
  *look(args): Look<Plan> {
    const slug = args.name.toLowerCase().replace(/[^a-z0-9-]+/g, "-");
    const dest = `/etc/apt/sources.list.d/${slug}.sources`;
    const keyFile = `/etc/apt/keyrings/${slug}.asc`;
    const binaryKeyFile = `/etc/apt/keyrings/${slug}.gpg`;
    const before = yield* ask(pathState(dest, { content: true }));
    const key = yield* ask(pathState(keyFile, { content: true }));
    const binaryKey = yield* ask(pathState(binaryKeyFile, { content: true }));
    const changes: Change[] = [];
    const result: Dict = { repo: "", dest, key_filename: null };
    if (args.state === "absent") {
      for (const state of [before, key, binaryKey]) {
        if (!state.exists) continue;
        changes.push({
          diff: [
            { beforeHeader: state.path, afterHeader: "/dev/null", before: state.content?.toString() ?? "", after: "" },
          ],
          steps: [{ name: `remove ${state.path}`, script: sh`rm -f ${state.path} || exit 1` }],
          effects: [pathEffect(state.path, removed(state))],
        });
      }
      return together(result, changes);
    }
    let signedBy = args.signed_by;
    const content = signedBy === undefined ? undefined : yield* keyOf(signedBy);
    if (content !== undefined) {
      const there = isArmoured(content) ? key : binaryKey;
      const folder = yield* ask(pathState("/etc/apt/keyrings"));
      const landed = yield* land({ before: there, content, attributes: { mode: "0644" } });
      if (landed.change) {
        const make = folder.exists
          ? []
          : [{ name: "make the folder of keys", script: sh`mkdir -p -m 0755 /etc/apt/keyrings || exit 1` }];
        changes.push({ ...landed.change, steps: [...make, ...landed.change.steps] });
      }
      signedBy = there.path;
      result["key_filename"] = there.path;
    }
    const repo = deb822({ ...args, ...(signedBy === undefined ? {} : { signed_by: signedBy }) });
    const landed = yield* land({ before, content: Buffer.from(repo), attributes: { mode: args.mode ?? "0644" } });
    if (landed.change) changes.push(landed.change);
    return together({ ...result, repo }, changes);
  },
});

/** The key's own bytes, where signed_by gives or names them; undefined where it is a path or a fingerprint. */
export function* keyOf(signedBy: string): Look<Buffer | undefined> {
  if (signedBy.includes("-----BEGIN PGP")) return Buffer.from(signedBy.endsWith("\n") ? signedBy : `${signedBy}\n`);
  if (!/^(?:https?|ftp):/.test(signedBy)) return undefined;
  return yield* ask(fetched("The key", signedBy));
}

function isArmoured(key: Buffer): boolean {
  return key.includes("-----BEGIN PGP");
}

export function deb822(args: { readonly [argument: string]: unknown }): string {
  const lines: string[] = [];
  for (const [argument, field] of fields) {
    const value = args[argument];
    if (value === undefined || value === null) continue;
    const text = Array.isArray(value)
      ? value.join(" ")
      : typeof value === "boolean"
        ? value
          ? "yes"
          : "no"
        : String(value);
    lines.push(`${field}: ${text}`);
  }
  return `${lines.join("\n")}\n`;
}

function together(result: Dict, changes: readonly Change[]): Plan {
  if (changes.length === 0) return { result };
  return {
    result,
    change: {
      diff: changes.flatMap(({ diff }) => diff),
      steps: changes.flatMap(({ steps }) => steps),
      effects: [
        ...changes.flatMap(({ effects }) => effects),
        { kind: "apt-lists", subject: "content", unknown: "the package sources change before" },
      ],
    },
  };
}
