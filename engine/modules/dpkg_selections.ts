import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { dict, Unknown } from "../source/value.ts";
import { choice, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Query, stateModule } from "./contract.ts";
import { type PackageState, packageKind, selectionKind } from "./packages.ts";

export default stateModule({
  name: "dpkg_selections",
  collection: "ansible.builtin.dpkg_selections",
  summary: "Holds Debian packages at their version, and lets them go.",
  args: Type.Object({
    name: text("The package."),
    selection: choice(["install", "hold", "deinstall", "purge"], "What dpkg shall want of it."),
  }),
  example: "- dpkg_selections:\n    name: openssl\n    selection: hold\n",
  returns: { before: "The selection as it was.", after: "The selection as it is now." },
  *look({ name, selection }): Look<Plan> {
    const before = yield* ask(selectionOf(name));
    if (before === undefined)
      throw new ModuleFailure(`Failed to find package '${name}' to perform selection '${selection}'.`);
    const result = dict([
      ["before", before],
      ["after", selection],
    ]);
    if (before === selection) return { result };
    return {
      result,
      change: {
        diff: [{ before: `${name} ${before}\n`, after: `${name} ${selection}\n` }],
        steps: [
          { name: "set the selection", script: sh`dpkg --set-selections || exit 1`, stdin: `${name} ${selection}\n` },
        ],
        effects: [{ kind: selectionKind, subject: name, state: selection }],
      },
    };
  },
});

/** What dpkg wants of a package; undefined where it knows none of that name. */
function selectionOf(name: string): Query<string | undefined> {
  return {
    kind: selectionKind,
    subject: name,
    script: sh`command -v dpkg >/dev/null 2>&1 || exit 3
dpkg --get-selections ${name} 2>/dev/null`,
    decode(reply) {
      if (reply.status === 3) throw new ModuleFailure('Failed to find required executable "dpkg"');
      return reply.stdout.toString().split("\n")[0]?.split(/\s+/)[1];
    },
    amend(observed, predictions) {
      const effect = predictions.of(packageKind, name);
      if (effect && "unknown" in effect) return new Unknown(effect.unknown);
      const coming = effect && "state" in effect ? (effect.state as PackageState) : undefined; // only package modules make these
      if (coming)
        return coming.installed ? (observed === "hold" ? observed : "install") : new Unknown(`${name} goes before`);
      const reason = observed === undefined ? predictions.open(packageKind) : undefined;
      return reason === undefined ? observed : new Unknown(reason);
    },
  };
}
