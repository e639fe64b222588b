import { type Static, Type } from "@sinclair/typebox";
import { joinScripts, sh } from "../host/script.ts";
import { optional, path } from "./argument-types.ts";
import { commandArguments, commandResult, guardOf, inputOf, surroundings } from "./command-line.ts";
import { actionModule, type ModuleContext } from "./contract.ts";
import { type PreparedCommand, runCommand } from "./run-command.ts";

const { argv: _, cmd, ...shared } = commandArguments;
const args = Type.Object({
  cmd,
  ...shared,
  executable: optional(path("The shell; /bin/sh if left away.")),
});
type Arguments = Static<typeof args>;

export default actionModule<typeof args>({
  name: "shell",
  summary: "Run a command line in a shell.",
  collection: "ansible.builtin.shell",
  args,
  argAliases: { _raw_params: "cmd" },
  freeForm: "cmd",
  requiredOneOf: [["cmd"]],
  unsupported: { warn: "it was removed from Ansible" },
  example: "- ansible.builtin.shell: df -h / | tail -n 1\n  register: disk\n  changed_when: false\n",
  returns: { rc: "the exit status", stdout: "the output", stderr: "the errors", cmd: "the command line" },

  *guard(args) {
    return yield* guardOf(args, args.cmd ?? "");
  },
  command: prepare,
  run: (args, context, host) => runCommand(prepare(args, context), host),
});

function prepare(args: Arguments, context: ModuleContext): PreparedCommand {
  const line = args.cmd ?? "";
  return {
    script: joinScripts([surroundings(context, args.chdir), sh`exec ${args.executable ?? "/bin/sh"} -c ${line}`]),
    ...inputOf(args),
    finish: (reply, seconds) => commandResult(reply, seconds, line, args.strip_empty_ends),
  };
}
