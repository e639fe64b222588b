import { spawn } from "node:child_process";
import { Command, CommanderError, Option } from "commander";
import { DefaultRenderer, Listr, type ListrTaskWrapper, SilentRenderer } from "listr2";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import type { Phase, Scenario } from "../scenario/definition.ts";
import { discoverScenarios } from "../scenario/discover.ts";
import { hostsOf } from "../scenario/hosts.ts";
import { type PhaseEvent, type ScenarioResult, table, testScenario } from "../scenario/test.ts";
import { complaints } from "./complaints.ts";
import { defaultDefinition, open } from "./lab.ts";
import { screenReporters } from "./reporters.ts";
import { complain, outputColours, say, showFailure, UsageError } from "./screen.ts";

interface Flags {
  readonly destroy: "always" | "never";
  readonly parallel?: boolean;
  readonly host?: string;
  readonly definition: string;
  readonly verbose: number;
}

/** Which phases a subcommand goes through. */
const sequences: { readonly [command: string]: readonly Phase[] | undefined } = {
  test: undefined, // the scenario's own
  create: ["create"],
  prepare: ["create", "prepare"],
  predict: ["create", "prepare", "predict"],
  converge: ["create", "prepare", "converge"],
  idempotence: ["idempotence"],
  "side-effect": ["side_effect"],
  verify: ["verify"],
  cleanup: ["cleanup"],
  destroy: ["destroy"],
  syntax: ["syntax"],
  check: ["create", "prepare", "predict"],
  reset: ["destroy"],
};

/** `play test [SUBCOMMAND] [ROLE|SCENARIO…]`: Molecule's scenarios. */
export async function main(argv: string[]): Promise<number> {
  const program = new Command("play test")
    .configureOutput(complaints)
    .usage("[SUBCOMMAND] [options] [ROLE|SCENARIO…]")
    .description(
      `Tests roles on container hosts, as Molecule does.\n\nSubcommands: ${Object.keys(sequences).join(", ")}, login, list (default: test, the whole sequence).`,
    )
    .argument("[names...]")
    .addOption(
      new Option("--destroy <when>", "never: hosts stay to be looked at")
        .choices(["always", "never"])
        .default("always"),
    )
    .option("--parallel", "several scenarios at once")
    .option("--host <name>", "for login: which host, where there are several")
    .option("--definition <file>", "the lab's file", defaultDefinition())
    .option("-v, --verbose", "show the runs themselves; up to -vvv", (_: string, count: number) => count + 1, 0)
    .exitOverride();
  try {
    program.parse(argv, { from: "user" });
    const flags = program.opts<Flags>();
    const [first = "", ...rest] = program.args;
    const isCommand = Object.hasOwn(sequences, first) || first === "list" || first === "login";
    const command = isCommand ? first : "test";
    const { scenarios, unknown } = discoverScenarios(process.cwd(), isCommand ? rest : program.args);
    if (unknown.length > 0) throw new UsageError(`no scenario for ${unknown.join(", ")}; \`play test list\` shows all`);
    if (scenarios.length === 0)
      throw new UsageError("no scenario here: they live in roles/ROLE/molecule/NAME/molecule.yml");
    if (command === "list") return await list(scenarios, flags);
    if (command === "login") return await login(scenarios, flags);
    return await test(command, scenarios, flags);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    showFailure(error);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function test(command: string, scenarios: readonly Scenario[], flags: Flags): Promise<number> {
  const lab = await open(flags.definition);
  const own = sequences[command];
  const results: ScenarioResult[] = [];
  const reporters =
    flags.verbose > 0
      ? screenReporters("default", {
          verbosity: flags.verbose - 1,
          diff: true,
          showSkipped: true,
          showStats: true,
          live: false,
          showTimes: false,
        }).reporters
      : [];
  const tasks = scenarios.map((scenario) => ({
    title: scenario.name,
    task: async (_: unknown, row: Row): Promise<void> => {
      // The environment belongs to the whole process: of several scenarios at once none can have it.
      if (!flags.parallel) Object.assign(process.env, scenario.variables);
      const lines = phaseLines(row);
      const result = await testScenario(scenario, {
        lab,
        phases: (each) => own ?? each.phases,
        destroy: flags.destroy,
        verbosity: flags.verbose,
        reporters,
        watch: lines.watch,
      });
      results.push(result);
      lines.end();
    },
  }));
  const live = process.stdout.isTTY === true && flags.verbose === 0 && (process.stdout.columns ?? 0) > 20;
  const list = new Listr<unknown, Renderer, typeof SilentRenderer>(tasks, {
    concurrent: flags.parallel ? 2 : false,
    exitOnError: false,
    renderer: live ? DefaultRenderer : SilentRenderer,
    fallbackRenderer: SilentRenderer,
  });
  await list.run();
  results.sort((a, b) => scenarios.indexOf(a.scenario) - scenarios.indexOf(b.scenario));
  // Counted from what was asked for: a scenario that came to no result has not passed.
  const passed = results.filter((each) => each.passed).length;
  const failed = scenarios.length - passed;
  if (command === "test") {
    say("");
    for (const line of table(results)) say(line);
    say(`${passed} ${passed === 1 ? "scenario" : "scenarios"} passed, ${failed} failed`);
  }
  return failed > 0 ? 2 : 0;
}

type Renderer = typeof DefaultRenderer | typeof SilentRenderer;
type Row = ListrTaskWrapper<unknown, Renderer, typeof SilentRenderer>;

/** The lines of one scenario: the phase under way in the live row, what is done as lines of its own. */
function phaseLines(row: Row): { watch: (scenario: Scenario, event: PhaseEvent) => void; end(): void } {
  const colours = outputColours();
  const done: string[] = [];
  let named = false;
  return {
    watch(scenario, event) {
      if (event.began) {
        row.output = `${event.phase} …`;
        return;
      }
      if (!named) done.push(`\n${colours.bold(scenario.name)}`);
      named = true;
      const name = event.phase.replace("final_", "");
      const mark = { done: colours.ok("✔"), nothing: "-", failed: colours.failed("✖") }[event.state];
      const time =
        event.state === "nothing"
          ? ""
          : `${event.seconds < 9.95 ? event.seconds.toFixed(1) : Math.round(event.seconds)} s`;
      done.push(`  ${mark} ${name.padEnd(12)}${time.padStart(7)}  ${event.said}`);
      for (const line of event.details) done.push(`      ${line}`);
      if (!process.stdout.isTTY) say(done.splice(0).join("\n"));
      if (event.state === "failed") row.title = `${scenario.name}: ${name} failed`;
    },
    end() {
      if (done.length > 0) say(done.join("\n"));
    },
  };
}

async function list(scenarios: readonly Scenario[], flags: Flags): Promise<number> {
  const lab = await open(flags.definition);
  for (const scenario of scenarios) {
    const hosts = await hostsOf(lab, scenario);
    for (const platform of scenario.platforms) {
      const state = hosts.some((host) => host.name === platform.name) ? "created" : "-";
      say(`${scenario.name.padEnd(28)} ${platform.name.padEnd(16)} ${platform.image.padEnd(16)} ${state}`);
    }
  }
  return 0;
}

async function login(scenarios: readonly Scenario[], flags: Flags): Promise<number> {
  const [scenario] = scenarios;
  if (!scenario || scenarios.length > 1) throw new UsageError("login needs one scenario");
  const lab = await open(flags.definition);
  const hosts = await hostsOf(lab, scenario);
  if (hosts.length === 0) {
    complain(`${scenario.name} has no hosts: play test create ${scenario.name} makes them`);
    return 1;
  }
  const names = hosts.map((each) => each.name).join(", ");
  if (flags.host === undefined && hosts.length > 1) throw new UsageError(`which host? --host takes one of ${names}`);
  const host = flags.host === undefined ? hosts[0] : hosts.find((each) => each.name === flags.host);
  if (!host) throw new UsageError(`${scenario.name} has no host ${flags.host}; it has ${names}`);
  const [program, args] = loginTo(lab, host);
  return new Promise((resolve, reject) => {
    spawn(program, args, { stdio: "inherit" })
      .on("error", reject)
      .on("close", (code) => resolve(code ?? 1));
  });
}

/** The command line that logs in to a scenario's host. */
function loginTo(lab: Lab, host: LabHost): [program: string, args: string[]] {
  if (host.withoutSsh) {
    const daemon = lab.docker.address === undefined ? [] : ["--host", lab.docker.address];
    const terminal = process.stdin.isTTY ? ["--tty"] : [];
    return ["docker", [...daemon, "exec", "--interactive", ...terminal, host.container, "sh"]];
  }
  const options = [`UserKnownHostsFile=${host.knownHostsFile}`, "IdentitiesOnly=yes", "StrictHostKeyChecking=yes"];
  const login = `${host.user}@${host.address}`;
  return ["ssh", ["-i", host.privateKeyFile, ...options.flatMap((each) => ["-o", each]), login]];
}
