import { Type } from "@sinclair/typebox";
import type { Value } from "../source/value.ts";
import { choice, list, maybeFlag, optional, path, text } from "./argument-types.ts";
import { type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { edit } from "./edit.ts";
import { attributeArguments, attributeRefusals } from "./ownership.ts";

const texts = (description: string) => optional(list(Type.String(), description));
const word = (description: string) => optional(text(description));

/** Options that go into the file as they are. */
const options = {
  baseurl: texts("Addresses."),
  metalink: word("Address of a metalink file."),
  mirrorlist: word("Address of a list of mirrors."),
  enabled: maybeFlag("Whether it is used."),
  gpgcheck: maybeFlag("Whether packages' signatures are checked."),
  repo_gpgcheck: maybeFlag("Whether the repository's signature is checked."),
  gpgkey: texts("Addresses of keys."),
  gpgcakey: word("Address of the authority's key."),
  bandwidth: word("Most bytes a second."),
  cost: word("Its cost beside others."),
  countme: maybeFlag("Whether the host is counted."),
  deltarpm_percentage: word("When deltas are worth it."),
  enablegroups: maybeFlag("Whether its groups are used."),
  exclude: texts("Packages that it does not offer."),
  failovermethod: word("roundrobin or priority."),
  includepkgs: texts("Packages that it alone offers."),
  http_caching: word("What proxies may keep."),
  include: word("Another file."),
  ip_resolve: word("4 or 6."),
  keepalive: maybeFlag("Whether connections are kept."),
  metadata_expire: word("How long lists are good."),
  metadata_expire_filter: word("When that counts."),
  mirrorlist_expire: word("How long the list of mirrors is good."),
  module_hotfixes: maybeFlag("Whether it ignores modularity."),
  password: word("Password for it."),
  priority: word("1 to 99."),
  protect: maybeFlag("Whether its packages are protected."),
  proxy: word("Proxy."),
  proxy_password: word("The proxy's password."),
  proxy_username: word("The proxy's user."),
  retries: word("Attempts."),
  s3_enabled: maybeFlag("Whether it is in S3."),
  skip_if_unavailable: maybeFlag("Whether it may be missing."),
  sslcacert: word("Authority."),
  sslclientcert: word("Client's certificate."),
  sslclientkey: word("Client's key."),
  sslverify: maybeFlag("Whether the server is checked."),
  ssl_check_cert_permissions: maybeFlag("Whether certificates' permissions are checked."),
  throttle: word("Limit of bandwidth."),
  timeout: word("Seconds."),
  ui_repoid_vars: word("Variables in its name."),
  username: word("User for it."),
  async: maybeFlag("Whether it is fetched beside others."),
};

export default stateModule({
  name: "yum_repository",
  collection: "ansible.builtin.yum_repository",
  summary: "Manages repositories of yum and dnf.",
  args: Type.Object({
    name: text("The repository's id."),
    description: word("Its name for people."),
    file: word("Its file, without `.repo`; default: the id."),
    reposdir: path("Folder of the files.", { default: "/etc/yum.repos.d" }),
    state: choice(["present", "absent"], "Whether it should be there.", { default: "present" }),
    ...options,
    ...attributeArguments,
  }),
  argAliases: {
    ca_cert: "sslcacert",
    client_cert: "sslclientcert",
    client_key: "sslclientkey",
    validate_certs: "sslverify",
    excludepkgs: "exclude",
  },
  secret: ["password", "proxy_password"],
  unsupported: {
    ...attributeRefusals,
    keepcache: "dnf.conf says it",
    deltarpm_metadata_percentage: "dnf has no use for it",
    gpgcakey_path: "name gpgcakey",
    mirrorlist_path: "name mirrorlist",
  },
  example:
    "- yum_repository:\n    name: docker\n    description: Docker\n    baseurl: https://mirror.example/docker\n    gpgcheck: false\n",
  returns: { repo: "The repository.", state: "present or absent." },
  *look(args): Look<Plan> {
    if (args.state === "present") {
      if (args.description === undefined) throw new ModuleFailure("Parameter 'description' is required.");
      if (args.baseurl === undefined && args.metalink === undefined && args.mirrorlist === undefined) {
        throw new ModuleFailure("Parameter 'baseurl', 'metalink' or 'mirrorlist' is required.");
      }
    }
    const given: { readonly [name: string]: Value | undefined } = args;
    const entries = new Map<string, string>();
    if (args.description !== undefined) entries.set("name", args.description);
    for (const key of Object.keys(options)) {
      const value = given[key];
      if (value !== undefined && value !== null) entries.set(key, written(key, value));
    }
    const { mode, owner, group } = args;
    const attributes = {
      ...(mode === undefined ? {} : { mode }),
      ...(owner === undefined ? {} : { owner }),
      ...(group === undefined ? {} : { group }),
    };
    const file = `${args.reposdir}/${args.file ?? args.name}.repo`;
    const plan = yield* edit({ path: file, backup: false, ...attributes }, { create: true, missing: "" }, (before) => {
      if (before === undefined && args.state === "absent") return undefined;
      const text = withRepository(before ?? "", args.name, args.state === "absent" ? undefined : entries);
      return { text, message: "" };
    });
    const result = { repo: args.name, state: args.state };
    if (!plan.change) return { result };
    return {
      result,
      change: {
        ...plan.change,
        effects: [
          ...plan.change.effects,
          { kind: "dnf-lists", subject: "dnf", unknown: "the repositories change before" },
        ],
      },
    };
  },
});

function written(key: string, value: Value): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  if (Array.isArray(value)) return value.map(String).join(key === "exclude" || key === "includepkgs" ? " " : "\n ");
  return String(value);
}

/** The text of a .repo file with a section set, or without it; sections and keys in order, as Ansible writes them. */
export function withRepository(text: string, id: string, entries: ReadonlyMap<string, string> | undefined): string {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let last: string | undefined;
  for (const line of text.split("\n")) {
    const head = /^\[(.+)\]\s*$/.exec(line)?.[1];
    const pair = /^([^\s=:#;][^=:]*?)\s*[=:]\s*(.*)$/.exec(line);
    if (head !== undefined) {
      section = new Map();
      sections.set(head, section);
    } else if (section && pair?.[1] !== undefined) {
      last = pair[1];
      section.set(last, (pair[2] ?? "").trim());
    } else if (section && last !== undefined && /^\s+\S/.test(line))
      section.set(last, `${section.get(last)}\n ${line.trim()}`);
  }
  sections.delete(id);
  if (entries) sections.set(id, new Map(entries));
  let result = "";
  for (const name of [...sections.keys()].sort()) {
    result += `[${name}]\n`;
    for (const [key, value] of [...(sections.get(name) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
      result += `${key} = ${value}\n`;
    result += "\n";
  }
  return result;
}
