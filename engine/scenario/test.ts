import type { Lab } from "../lab/lab.ts";
import { seconds } from "../report/times.ts";
import type { Reporter } from "../run/events.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import type { Phase, Scenario } from "./definition.ts";
import { type Course, runPhase, ScenarioError } from "./phase.ts";

export interface TestOptions {
  readonly lab: Lab;
  readonly phases: (scenario: Scenario) => readonly Phase[];
  /** `never`: hosts stay after the test, also after a failure. */
  readonly destroy: "always" | "never";
  readonly verbosity: number;
  readonly reporters: readonly Reporter[];
  /** Told of every phase as it begins and ends. */
  readonly watch: (scenario: Scenario, event: PhaseEvent) => void;
}

export type PhaseEvent =
  | { readonly phase: Phase; readonly began: true }
  | {
      readonly phase: Phase;
      readonly began?: false;
      readonly state: "done" | "nothing" | "failed";
      readonly seconds: number;
      readonly said: string;
      readonly details: readonly string[];
    };

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly passed: boolean;
  readonly seconds: number;
  /** Seconds by phase. */
  readonly phases: ReadonlyMap<Phase, number>;
}

/** Takes one scenario through its phases; after a failure its hosts are destroyed all the same. */
export async function testScenario(scenario: Scenario, options: TestOptions): Promise<ScenarioResult> {
  const course: Course = {
    lab: options.lab,
    scenario,
    verbosity: options.verbosity,
    reporters: options.reporters,
  };
  const times = new Map<Phase, number>();
  const began = Date.now();
  let passed = true;
  for (const phase of options.phases(scenario)) {
    const last = phase === "final_cleanup" || phase === "final_destroy";
    if (!passed && !last) continue;
    if (last && options.destroy === "never") continue;
    options.watch(scenario, { phase, began: true });
    const start = Date.now();
    try {
      const outcome = await runPhase(phase, course);
      const took = (Date.now() - start) / 1000;
      if (!outcome.nothing) times.set(phase, took);
      options.watch(scenario, {
        phase,
        state: outcome.nothing ? "nothing" : "done",
        seconds: took,
        said: outcome.said,
        details: outcome.details ?? [],
      });
    } catch (error) {
      passed = false;
      options.watch(scenario, {
        phase,
        state: "failed",
        seconds: (Date.now() - start) / 1000,
        said: error instanceof Error ? error.message : String(error),
        details: detailsOf(error),
      });
    }
  }
  return { scenario, passed, seconds: (Date.now() - began) / 1000, phases: times };
}

function detailsOf(error: unknown): readonly string[] {
  if (error instanceof ScenarioError) return error.details;
  if (error instanceof DiagnosticError) {
    return error.diagnostics.map((each) =>
      each.at ? `${each.at.file}:${each.at.line}:${each.at.column}: ${each.summary}` : each.summary,
    );
  }
  return error instanceof Error && error.stack !== undefined ? error.stack.split("\n").slice(1, 8) : [];
}

/** A row for each scenario: what each phase took. */
export function table(results: readonly ScenarioResult[]): string[] {
  const columns: readonly Phase[] = ["create", "prepare", "predict", "converge", "idempotence", "verify"];
  const width = Math.max(8, ...results.map((each) => each.scenario.name.length));
  const cell = (text: string, name: string) => text.padStart(Math.max(12, name.length + 2));
  return [
    `${"scenario".padEnd(width)}  result  ${cell("time", "time")}${columns.map((name) => cell(name, name)).join("")}`,
    ...results.map((each) => {
      const cells = columns.map((phase) => {
        const took = each.phases.get(phase);
        return cell(took === undefined ? "-" : seconds(took), phase);
      });
      return `${each.scenario.name.padEnd(width)}  ${each.passed ? "passed" : "FAILED"}  ${cell(seconds(each.seconds), "time")}${cells.join("")}`;
    }),
  ];
}
