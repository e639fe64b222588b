import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { dict, Unknown } from "../source/value.ts";
import { flag, optional, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";

const colons = new Set(["passwd", "shadow", "group", "gshadow"]);

export default stateModule({
  name: "getent",
  summary: "Read entries of the host's databases of users, groups, services, hosts and others.",
  collection: "ansible.builtin.getent",
  args: Type.Object({
    database: text("passwd, group, hosts, services …"),
    key: optional(text("One entry; all where left away.")),
    split: optional(text("What stands between fields.")),
    fail_key: flag("Fail where there is no such entry.", true),
    service: optional(text("Where to look: files, dns …")),
  }),
  example: "- ansible.builtin.getent:\n    database: passwd\n    key: root\n",
  returns: { ansible_facts: "getent_DATABASE: entry → fields" },

  *look(args): Look<Plan> {
    const service = args.service === undefined ? [] : ["-s", args.service];
    const key = args.key === undefined ? [] : [args.key];
    const reply = yield* ask({
      kind: "getent",
      subject: `${args.database} ${args.key ?? ""} ${args.service ?? ""}`,
      script: sh`exec getent ${[...service, args.database, ...key]}`,
      decode: (answer) => ({
        status: answer.status,
        output: answer.stdout.toString(),
        errors: answer.stderr.toString(),
      }),
      amend: (observed, predictions) => {
        const kind = args.database === "passwd" ? "user" : args.database;
        // Users that are to be made are not yet in the database: what it will say is known after the run.
        const open =
          predictions.all(kind).length > 0 ? `the database ${args.database} changes before` : predictions.open(kind);
        return open === undefined ? observed : new Unknown(open);
      },
    });
    const name = `getent_${args.database}`;
    if (reply.status === 0) {
      const separator = args.split ?? (colons.has(args.database) ? ":" : undefined);
      const found = new Map<string, string[][]>();
      for (const line of reply.output.split("\n")) {
        if (line === "") continue;
        const [entry = "", ...fields] = separator === undefined ? line.trim().split(/\s+/) : line.split(separator);
        found.set(entry, [...(found.get(entry) ?? []), fields]);
      }
      // One entry is its fields, several of the same name are a list of theirs.
      const entries = dict([...found].map(([entry, lines]) => [entry, lines.length === 1 ? (lines[0] ?? []) : lines]));
      return { result: dict([["ansible_facts", dict([[name, entries]])]]) };
    }
    const nothing = dict([["ansible_facts", dict([[name, dict([[args.key ?? "", null]])]])]]);
    if (reply.status === 2 && !args.fail_key) {
      return { result: { ...nothing, msg: "One or more supplied key could not be found in the database." } };
    }
    const message =
      reply.status === 1
        ? "Missing arguments, or database unknown."
        : reply.status === 2
          ? "One or more supplied key could not be found in the database."
          : reply.status === 3
            ? "Enumeration not supported on this database."
            : reply.errors.trim() || "Unexpected failure!";
    throw new ModuleFailure(message);
  },
});
