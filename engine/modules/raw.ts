import { type Static, Type } from "@sinclair/typebox";
import { joinScripts, sh } from "../host/script.ts";
import { dict } from "../source/value.ts";
import { optional, path, text } from "./argument-types.ts";
import { lines, surroundings } from "./command-line.ts";
import { actionModule, type ModuleContext } from "./contract.ts";
import { type PreparedCommand, runCommand } from "./run-command.ts";

const args = Type.Object({
  cmd: text("The command line."),
  executable: optional(path("The shell; /bin/sh if left away.")),
});

type Arguments = Static<typeof args>;

export default actionModule<typeof args>({
  name: "raw",
  summary: "Run a command line with nothing around it.",
  collection: "ansible.builtin.raw",
  args,
  argAliases: { _raw_params: "cmd" },
  freeForm: "cmd",
  example: "- ansible.builtin.raw: uptime\n",
  returns: { rc: "the exit status", stdout: "the output", stderr: "the errors" },
  command: prepare,
  run: (args, context, host) => runCommand(prepare(args, context), host),
});

function prepare(args: Arguments, context: ModuleContext): PreparedCommand {
  return {
    script: joinScripts([surroundings(context, undefined), sh`exec ${args.executable ?? "/bin/sh"} -c ${args.cmd}`]),
    finish(reply) {
      const [stdout, stderr] = [reply.stdout.toString(), reply.stderr.toString()];
      const failed = reply.status !== 0;
      return {
        changed: true,
        ...(failed ? { failed } : {}),
        result: dict([
          ["rc", reply.status],
          ["stdout", stdout],
          ["stdout_lines", lines(stdout)],
          ["stderr", stderr],
          ["stderr_lines", lines(stderr)],
          ...(failed ? ([["msg", "non-zero return code"]] as const) : []),
        ]),
      };
    },
  };
}
