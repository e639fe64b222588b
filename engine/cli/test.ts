import { spawn } from "node:child_process";
import { Command } from "commander";
import { DefaultRenderer, Listr, type ListrTaskWrapper, SilentRenderer } from "listr2";
import type { Phase, Scenario } from "../scenario/definition.ts";
import { discoverScenarios } from "../scenario/discover.ts";
import { groupOf } from "../scenario/hosts.ts";
import { type PhaseEvent, type ScenarioResult, table, testScenario } from "../scenario/test.ts";
import { defaultDefinition, open } from "./lab.ts";
import { screenReporters } from "./reporters.ts";
import { complain, outputColours, say, showFailure, UsageError } from "./screen.ts";

interface Flags {
  readonly destroy: "always" | "never";
  readonly parallel?: boolean;
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
    .usage("[SUBCOMMAND] [options] [ROLE|SCENARIO…]")
    .description(
      `Tests roles on container hosts, as Molecule does.\n\nSubcommands: ${Object.keys(sequences).join(", ")}, login, list (default: test, the whole sequence).`,
    )
    .argument("[names...]")
    .option("--destroy <when>", "always, or never: hosts stay to be looked at", "always")
    .option("--parallel", "several scenarios at once")
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
    if (error instanceof Error && "exitCode" in error) return error.exitCode === 0 ? 0 : 5;
    showFailure(error);
    return error instanceof UsageError ? 5 : 1;
  }
}

async function test(command: string, scenarios: readonly Scenario[], flags: Flags): Promise<number> {
  const lab = await open(flags.definition);
  const own = sequences[command];
  const results: ScenarioResult[] = [];
  const reporters =
    flags.verbose > 0
      ? await screenReporters("default", {
          verbosity: flags.verbose - 1,
          diff: true,
          showSkipped: true,
          live: false,
          showTimes: false,
        })
      : [];
  const tasks = scenarios.map((scenario) => ({
    title: scenario.name,
    task: async (_: unknown, row: Row): Promise<void> => {
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
  const failed = results.filter((each) => !each.passed).length;
  if (command === "test") {
    say("");
    for (const line of table(results)) say(line);
    say(`${results.length - failed} scenarios passed, ${failed} failed`);
  }
  return failed > 0 ? 2 : 0;
}

type Renderer = typeof DefaultRenderer | typeof SilentRenderer;
type Row = ListrTaskWrapper<unknown, Renderer, typeof SilentRenderer>;

/** The lines of one scenario: the phase under way in the live row, what is done as lines of its own. */
function phaseLines(row: Row): { watch: (scenario: Scenario, event: PhaseEvent) => void; end(): void } {
  const colours = outputColours();
  const done: string[] = [];
  return {
    watch(scenario, event) {
      if (event.began) {
        row.output = `${event.phase} …`;
        return;
      }
      if (done.length === 0) done.push(`\n${colours.bold(scenario.name)}`);
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
    const hosts = await lab.hostsOf(groupOf(scenario));
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
  const [host] = await lab.hostsOf(groupOf(scenario));
  if (!host) {
    complain(`${scenario.name} has no hosts: play test create ${scenario.name} makes them`);
    return 1;
  }
  const args = [
    "-i",
    host.privateKeyFile,
    "-o",
    `UserKnownHostsFile=${host.knownHostsFile}`,
    `${host.user}@${host.address}`,
  ];
  return new Promise((resolve, reject) => {
    spawn("ssh", args, { stdio: "inherit" })
      .on("error", reject)
      .on("close", (code) => resolve(code ?? 1));
  });
}
