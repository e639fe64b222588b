import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";

export default stateModule({
  name: "timezone",
  collection: "community.general.timezone",
  summary: "Sets the host's time zone.",
  args: Type.Object({ name: text("The zone: Europe/Paris.") }),
  unsupported: { hwclock: "the hardware's clock stays as it is" },
  example: "- timezone:\n    name: Etc/UTC\n",
  *look(args): Look<Plan> {
    const { name } = args;
    const is = yield* ask<{ readonly zone: string; readonly known: boolean; readonly file: string }>({
      kind: "timezone",
      subject: "host",
      detail: name,
      script: sh`readlink /etc/localtime | sed 's,.*/zoneinfo/,,' || echo
[ -L /etc/localtime ] || echo
[ -f ${`/usr/share/zoneinfo/${name}`} ] && echo known || echo unknown
cat /etc/timezone 2>/dev/null; exit 0`,
      decode(reply) {
        const [zone = "", known, file = ""] = reply.stdout.toString().split("\n");
        return { zone, known: known === "known", file: file.trim() };
      },
    });
    if (!is.known) throw new ModuleFailure(`given timezone "${name}" is not available`);
    if (is.zone === name && (is.file === "" || is.file === name)) return { result: {} };
    return {
      result: {},
      change: {
        diff: [{ before: { name: is.zone }, after: { name } }],
        steps: [
          {
            name: "set the zone",
            script: sh`z=${name}
ln -sfn "/usr/share/zoneinfo/$z" /etc/localtime.play && mv -Tf /etc/localtime.play /etc/localtime || exit 1
[ ! -e /etc/timezone ] || printf '%s\n' "$z" > /etc/timezone || exit 1`,
          },
        ],
        effects: [
          { kind: "timezone", subject: "host", state: { zone: name, known: true, file: is.file === "" ? "" : name } },
          { kind: "path", subject: "/etc/localtime", unknown: "the time zone changes before" },
          { kind: "path", subject: "/etc/timezone", unknown: "the time zone changes before" },
        ],
      },
    };
  },
});
