import { type Static, Type } from "@sinclair/typebox";
import { joinScripts } from "../host/script.ts";
import { flag } from "./argument-types.ts";
import { commandArguments, commandResult, guardOf, inputOf, surroundings } from "./command-line.ts";
import { actionModule, type ModuleContext, ModuleFailure } from "./contract.ts";
import { type PreparedCommand, runCommand } from "./run-command.ts";
import { execWords, joinWords, splitWords } from "./words.ts";

const args = Type.Object({
  ...commandArguments,
  expand_argument_vars: flag("`$NAME` in the words means the host's variable.", true),
});
type Arguments = Static<typeof args>;

export default actionModule<typeof args>({
  name: "command",
  summary: "Run a command, without a shell.",
  collection: "ansible.builtin.command",
  args,
  argAliases: { _raw_params: "cmd" },
  freeForm: "cmd",
  requiredOneOf: [["cmd", "argv"]],
  mutuallyExclusive: [["cmd", "argv"]],
  unsupported: {
    warn: "it was removed from Ansible",
    executable: "use the shell module",
    _uses_shell: "use the shell module",
  },
  example:
    "- ansible.builtin.command: /usr/bin/make install\n  args:\n    chdir: /usr/src/app\n    creates: /usr/local/bin/app\n",
  returns: { rc: "the exit status", stdout: "the output", stderr: "the errors", cmd: "the words" },

  *guard(args) {
    return yield* guardOf(args, wordsOf(args));
  },

  command: prepare,
  run: (args, context, host) => runCommand(prepare(args, context), host),
});

function prepare(args: Arguments, context: ModuleContext): PreparedCommand {
  const words = wordsOf(args);
  return {
    script: joinScripts([surroundings(context, args.chdir), execWords(words, args.expand_argument_vars)]),
    ...inputOf(args),
    finish(reply, seconds) {
      const done = commandResult(reply, seconds, words, args.strip_empty_ends);
      // The shell's own statuses for what could not be started at all.
      if (
        (reply.status === 127 || reply.status === 126) &&
        /not found|No such file|denied/.test(reply.stderr.toString())
      ) {
        const [rc, reason] = reply.status === 127 ? [2, "No such file or directory"] : [13, "Permission denied"];
        const nothing = { stdout: "", stderr: "", stdout_lines: [], stderr_lines: [] };
        const msg = `${reason}: ${words[0] ?? ""}`;
        return { ...done, changed: false, result: { ...done.result, ...nothing, cmd: joinWords(words), rc, msg } };
      }
      return done;
    },
  };
}

function wordsOf(args: Arguments): string[] {
  const words = args.argv ?? splitWords(args.cmd ?? "");
  if (words.length === 0) throw new ModuleFailure("no command given", { rc: 256 });
  return words;
}
