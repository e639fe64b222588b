import { basename } from "node:path";
import { Type } from "@sinclair/typebox";
import { joinScripts, sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { optional, path, text } from "./argument-types.ts";
import { commandResult, present, surroundings } from "./command-line.ts";
import { actionModule, ModuleFailure } from "./contract.ts";
import { runCommand } from "./run-command.ts";
import { splitWords } from "./words.ts";

export default actionModule({
  name: "script",
  summary: "Run a script of the controller on the host.",
  collection: "ansible.builtin.script",
  args: Type.Object({
    cmd: text("The script's path on the controller, and its arguments."),
    chdir: optional(path("The folder to run it in.")),
    creates: optional(path("Not run where this is there already.")),
    removes: optional(path("Run only where this is there.")),
    executable: optional(text("What runs it; left away: itself.")),
  }),
  argAliases: { _raw_params: "cmd" },
  freeForm: "cmd",
  unsupported: { decrypt: "vaulted scripts are decrypted always" },
  example: "- ansible.builtin.script: setup.sh --quick\n  args:\n    creates: /etc/app.conf\n",
  returns: { rc: "the exit status", stdout: "the output", stderr: "the errors" },

  *guard({ creates, removes, chdir }) {
    if (creates && (yield* present(creates, chdir))) return skipped(`${creates} exists, matching creates option`);
    if (removes && !(yield* present(removes, chdir)))
      return skipped(`${removes} does not exist, matching removes option`);
    return { run: true };
  },

  async run(args, context, host) {
    const [name, ...words] = splitWords(args.cmd);
    if (name === undefined) throw new ModuleFailure("no script given");
    const content = context.readFile(context.findFile(name, "files"));
    const place = await host.temporaryPath(`-${basename(name)}`);
    await host.upload(content, place);
    const start =
      args.executable === undefined
        ? sh`exec ${place} ${words}`
        : sh`exec ${splitWords(args.executable)} ${place} ${words}`;
    return await runCommand(
      {
        script: joinScripts([sh`chmod u+x ${place} || exit 1`, surroundings(context, args.chdir), start]),
        finish(reply, seconds) {
          const {
            cmd: _,
            start: _start,
            end: _end,
            delta: _delta,
            msg,
            ...result
          } = commandResult(reply, seconds, args.cmd, false).result;
          return reply.status === 0
            ? { changed: true, result }
            : { changed: true, failed: true, result: { ...result, msg: msg ?? "" } };
        },
      },
      host,
    );
  },
});

/** As Ansible has it, unlike command: a script that is not needed is skipped. */
function skipped(msg: string): { run: false; result: Dict; skipped: true } {
  return { run: false, result: { msg }, skipped: true };
}
