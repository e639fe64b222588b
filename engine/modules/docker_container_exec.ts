import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { flag, list, mapping, optional, text } from "./argument-types.ts";
import { commandWords } from "./container-differences.ts";
import { type ActionResult, actionModule, ModuleFailure } from "./contract.ts";
import { engineAliases, engineArgs, engineOf, engineUnsupported, words } from "./docker.ts";

export default actionModule({
  name: "docker_container_exec",
  collection: "community.docker.docker_container_exec",
  summary: "Runs a command in a running container.",
  args: Type.Object({
    ...engineArgs,
    container: text("The container."),
    command: optional(text("The command, split into words as a shell would.")),
    argv: optional(list(Type.String(), "The command, word by word.")),
    chdir: optional(text("Where it starts.")),
    user: optional(text("Who runs it.")),
    env: optional(mapping("More environment.")),
    stdin: optional(text("Its standard input.")),
    stdin_add_newline: flag("A newline after that.", true),
    strip_empty_ends: flag("Drop empty lines at the end of its output.", true),
    tty: flag("Give it a terminal."),
    detach: flag("Do not wait for its end."),
  }),
  argAliases: engineAliases,
  unsupported: engineUnsupported,
  requiredOneOf: [["command", "argv"]],
  mutuallyExclusive: [["command", "argv"]],
  example: "- docker_container_exec:\n    container: db\n    command: mysqladmin ping\n",
  returns: { rc: "Its exit status.", stdout: "Its output.", stderr: "Its errors." },
  async run(args, context, host): Promise<ActionResult> {
    const { cli } = engineOf(args, context);
    const command = args.argv ?? commandWords(args.command ?? "");
    const options = [
      ...(args.detach ? ["-d"] : []),
      ...(args.stdin === undefined ? [] : ["-i"]),
      ...(args.tty ? ["-t"] : []),
      ...(args.user === undefined ? [] : ["-u", args.user]),
      ...(args.chdir === undefined ? [] : ["-w", args.chdir]),
      ...Object.keys(args.env ?? {}).flatMap((key) => ["-e", key]),
    ];
    // The environment is handed over as such, not on a command line.
    const exports = Object.entries(args.env ?? {}).reduce((all, [key, value]) => {
      if (!/^[A-Za-z_]\w*$/.test(key))
        throw new ModuleFailure(`'${key}' cannot be the name of an environment variable.`);
      return sh`${all}export ${`${key}=${words(value)}`}
`;
    }, sh``);
    const stdin = args.stdin === undefined ? undefined : `${args.stdin}${args.stdin_add_newline ? "\n" : ""}`;
    const reply = await host.request(
      sh`command -v docker >/dev/null 2>&1 || { echo 'docker is not installed on the host' >&2; exit 97; }
${exports}${cli} exec ${[...options, args.container, ...command]}`,
      { command: true, ...(stdin === undefined ? {} : { stdin }) },
    );
    const tidy = (text: string) => (args.strip_empty_ends ? text.replace(/[\r\n]+$/, "") : text);
    const [stdout, stderr] = [tidy(reply.stdout.toString()), tidy(reply.stderr.toString())];
    if (reply.status === 97) throw new ModuleFailure("docker is not installed on the host");
    if (/^Error(?: response from daemon)?: .*(No such container|is not running)/.test(stderr))
      throw new ModuleFailure(stderr);
    if (args.detach) return { changed: true, result: { exec_id: stdout } };
    return { changed: true, failed: reply.status !== 0, result: { rc: reply.status, stdout, stderr } };
  },
});
