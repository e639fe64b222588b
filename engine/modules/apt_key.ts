import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { choice, flag, optional, path, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { fetchInto } from "./fetched.ts";

export default stateModule({
  name: "apt_key",
  collection: "ansible.builtin.apt_key",
  summary: "Manages the keys that apt trusts for all its sources; deb822_repository's signed_by is the better way.",
  args: Type.Object({
    id: optional(text("The key's id.")),
    data: optional(text("The armoured key itself.")),
    file: optional(path("The key's file, on the host.")),
    url: optional(text("The key's address; the host fetches it, with curl or wget.")),
    keyserver: optional(text("Server that has the key of this id.")),
    keyring: optional(path("Keyring in /etc/apt/trusted.gpg.d.")),
    state: choice(["present", "absent"], "Whether apt should trust it.", { default: "present" }),
    validate_certs: flag("Check the server's certificate.", true),
  }),
  argAliases: { key: "id" },
  mutuallyExclusive: [["data", "file", "url", "keyserver"]],
  example: "- apt_key:\n    file: /usr/share/keyrings/example.asc\n",
  returns: { key_id: "The key's id." },
  *look(args): Look<Plan> {
    const keyring = args.keyring ?? "/etc/apt/trusted.gpg.d/play.gpg";
    const source =
      args.data !== undefined
        ? sh`cat > "$t/key"`
        : args.file !== undefined
          ? sh`cp ${args.file} "$t/key"`
          : args.url !== undefined
            ? fetchInto(sh`"$t/key"`, args.url, args.validate_certs)
            : args.keyserver !== undefined && args.id !== undefined
              ? sh`{ gpg --batch --homedir "$t" --keyserver ${args.keyserver} --recv-keys ${args.id} && gpg --batch --homedir "$t" --export ${args.id} > "$t/key"; }`
              : undefined;
    if (source === undefined && (args.state === "present" || args.id === undefined)) {
      throw new ModuleFailure("one of data, file, url or keyserver (with id) is required");
    }
    const prepare = sh`command -v gpg >/dev/null 2>&1 || { echo 'gpg is not installed on the host' >&2; exit 1; }
t=$(mktemp -d) && chmod 700 "$t" || exit 1
trap 'rm -rf "$t"' EXIT
${source ?? sh`:`} || exit 1`;
    const is = yield* ask<{ readonly ids: readonly string[]; readonly trusted: readonly string[] }>({
      kind: "apt-key",
      subject: args.id ?? args.file ?? args.url ?? args.data ?? "",
      detail: keyring,
      expensive: args.url !== undefined || args.keyserver !== undefined,
      script: sh`${prepare}
[ ! -e "$t/key" ] || gpg --batch --homedir "$t" --with-colons --show-keys "$t/key" 2>/dev/null | grep '^pub' | cut -d: -f5
echo '#=trusted=#'
for f in /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d/*.gpg /etc/apt/trusted.gpg.d/*.asc ${keyring}; do
  [ -s "$f" ] && gpg --batch --homedir "$t" --with-colons --show-keys "$f" 2>/dev/null | grep -E '^(pub|sub)' | cut -d: -f5 | sed "s,$,	$f,"
done
exit 0`,
      ...(args.data === undefined ? {} : { stdin: args.data }),
      decode(reply) {
        if (reply.status !== 0) throw new ModuleFailure(`Unable to read the key: ${reply.stderr.toString().trim()}`);
        const [ids = "", trusted = ""] = reply.stdout.toString().split("#=trusted=#\n");
        const split = (text: string) => text.split("\n").filter((line) => line !== "");
        return { ids: args.id === undefined ? split(ids) : [shortId(args.id)], trusted: split(trusted) };
      },
    });
    const holders = is.trusted.filter((line) => is.ids.some((id) => (line.split("\t")[0] ?? "").endsWith(id)));
    const present = holders.length > 0;
    const id = is.ids[0] ?? "";
    const result = { key_id: id, id, short_id: id.slice(-8), fp: id };
    if (present === (args.state === "present")) return { result };
    const files = [...new Set(holders.map((line) => line.split("\t")[1] ?? ""))];
    return {
      result,
      change: {
        diff: [{ before: { trusted: present }, after: { trusted: !present } }],
        steps: [
          args.state === "present"
            ? {
                name: "trust the key",
                script: sh`${prepare}
k=${keyring}
gpg --batch --yes --homedir "$t" --import "$t/key" || exit 1
[ ! -s "$k" ] || gpg --batch --yes --homedir "$t" --import "$k" || exit 1
gpg --batch --homedir "$t" --export > "$k.play" && chmod 644 "$k.play" && mv -f "$k.play" "$k" || exit 1`,
                ...(args.data === undefined ? {} : { stdin: args.data }),
              }
            : {
                name: "trust the key no more",
                script: sh`t=$(mktemp -d) && chmod 700 "$t" || exit 1
trap 'rm -rf "$t"' EXIT
for f in ${files}; do
  rm -rf "$t"/* && gpg --batch --homedir "$t" --import "$f" 2>/dev/null
  gpg --batch --yes --homedir "$t" --delete-keys ${is.ids} || exit 1
  gpg --batch --homedir "$t" --export > "$f.play" || exit 1
  if [ -s "$f.play" ]; then chmod 644 "$f.play" && mv -f "$f.play" "$f" || exit 1; else rm -f "$f.play" "$f"; fi
done`,
              },
        ],
        effects: [{ kind: "apt-lists", subject: "content", unknown: "apt's keys change before" }],
      },
    };
  },
});

function shortId(id: string): string {
  return id.replace(/^0x/i, "").replaceAll(" ", "").toUpperCase().slice(-16);
}
