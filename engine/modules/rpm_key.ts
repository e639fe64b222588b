import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { choice, flag, optional, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { fetchInto } from "./fetched.ts";

export default stateModule({
  name: "rpm_key",
  collection: "ansible.builtin.rpm_key",
  summary: "Manages the keys that rpm trusts.",
  args: Type.Object({
    key: text("The key: a file on the host, an address, or (to remove it) its id."),
    state: choice(["present", "absent"], "Whether rpm should trust it.", { default: "present" }),
    fingerprint: optional(text("Its fingerprint has to be this.")),
    validate_certs: flag("Accepted: rpm fetches addresses itself.", true),
  }),
  example: "- rpm_key:\n    key: /etc/pki/rpm-gpg/RPM-GPG-KEY-example\n",
  *look(args): Look<Plan> {
    const isId = /^(0x)?[0-9a-fA-F]{8,40}$/.test(args.key);
    if (isId && args.state === "present")
      throw new ModuleFailure("A key is added from a file or an address, not by its id.");
    const is = yield* ask<{
      readonly ids: readonly string[];
      readonly fingerprints: readonly string[];
      readonly known: readonly string[];
    }>({
      kind: "rpm-key",
      subject: args.key,
      script: sh`rpm -q gpg-pubkey --qf '%{VERSION}\n' 2>/dev/null | grep -v 'not installed'
echo '#=key=#'
k=${args.key}
${
  isId
    ? sh`:`
    : sh`case $k in /*) [ -f "$k" ] || { echo "$k: No such file" >&2; exit 1; }
  gpg --no-tty --batch --with-colons --fixed-list-mode --show-keys "$k" 2>/dev/null || gpg --no-tty --batch --with-colons --with-fingerprint "$k" || exit 1 ;;
*) t=$(mktemp) || exit 1
  trap 'rm -f "$t"' EXIT
  { ${fetchInto(sh`"$t"`, args.key)}
  } || exit 1
  gpg --no-tty --batch --with-colons --fixed-list-mode --show-keys "$t" || exit 1 ;;
esac`
}`,
      decode(reply) {
        if (reply.status !== 0) throw new ModuleFailure(`Unable to read the key: ${reply.stderr.toString().trim()}`);
        const [known = "", key = ""] = reply.stdout.toString().split("#=key=#\n");
        const lines = key.split("\n").map((line) => line.split(":"));
        return {
          known: known.split("\n").filter((line) => line !== ""),
          ids: isId
            ? [args.key.replace(/^0x/, "").toLowerCase().slice(-8)]
            : lines.filter(([type]) => type === "pub").map((fields) => (fields[4] ?? "").toLowerCase().slice(-8)),
          fingerprints: lines.filter(([type]) => type === "fpr").map((fields) => fields[9] ?? ""),
        };
      },
    });
    const wanted = args.fingerprint?.replaceAll(" ", "").toUpperCase();
    if (wanted !== undefined && !is.fingerprints.includes(wanted)) {
      throw new ModuleFailure(`The specified fingerprint, '${wanted}', does not match any of the key's`);
    }
    const present = is.ids.length > 0 && is.ids.every((id) => is.known.includes(id));
    if (present === (args.state === "present")) return { result: {} };
    return {
      result: {},
      change: {
        diff: [{ before: { trusted: present }, after: { trusted: !present } }],
        steps: [
          args.state === "present"
            ? { name: "import the key", script: sh`rpm --import ${args.key} || exit 1` }
            : {
                name: "remove the key",
                script: sh`rpm --erase --allmatches ${is.ids.map((id) => `gpg-pubkey-${id}`)} || exit 1`,
              },
        ],
        effects: [
          {
            kind: "rpm-key",
            subject: args.key,
            state: { ...is, known: args.state === "present" ? [...is.known, ...is.ids] : [] },
          },
        ],
      },
    };
  },
});
