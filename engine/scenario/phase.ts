import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../lab/lab.ts";
import { palette } from "../report/colour.ts";
import { formatDiff } from "../report/diff.ts";
import type { Reporter } from "../run/events.ts";
import { run } from "../run/run.ts";
import { createSecrets } from "../source/secrets.ts";
import { Vault } from "../source/vault.ts";
import type { Phase, Scenario } from "./definition.ts";
import { createHosts, groupOf, hostsOf, writeInventory } from "./hosts.ts";
import { describe, type Outcome, Outcomes, wrongPredictions } from "./outcomes.ts";

/** What a phase came to, in a few words, and the lines below it. */
export interface PhaseOutcome {
  readonly said: string;
  readonly details?: readonly string[];
  /** There was nothing to do: no such playbook, no host. */
  readonly nothing?: boolean;
}

/** A phase that ended badly; `details` name the task, the host and the difference. */
export class ScenarioError extends Error {
  readonly details: readonly string[];
  constructor(message: string, details: readonly string[] = []) {
    super(message);
    this.name = "ScenarioError";
    this.details = details;
  }
}

/** What the phases of one scenario hand on to each other. */
export interface Course {
  readonly lab: Lab;
  readonly scenario: Scenario;
  readonly verbosity: number;
  /** Sees the events of every run. */
  readonly reporters: readonly Reporter[];
  prediction?: Outcomes;
}

export async function runPhase(phase: Phase, course: Course): Promise<PhaseOutcome> {
  const { lab, scenario } = course;
  switch (phase) {
    case "dependency":
      return dependency(scenario);
    case "syntax":
      return syntax(scenario);
    case "create": {
      const hosts = await createHosts(lab, scenario);
      return { said: hosts.map((host) => host.name).join(", ") };
    }
    case "prepare":
    case "side_effect":
    case "verify":
      return book(phase, course);
    case "cleanup":
    case "final_cleanup":
      return (await hostsOf(lab, scenario)).length === 0
        ? { said: "no hosts", nothing: true }
        : book("cleanup", course);
    case "destroy":
    case "final_destroy": {
      const hosts = await hostsOf(lab, scenario);
      if (hosts.length === 0) return { said: "no hosts", nothing: true };
      await lab.throwaway.destroy(groupOf(scenario));
      return { said: hosts.length === 1 ? "1 host" : `${hosts.length} hosts` };
    }
    case "predict": {
      const outcomes = await play("converge", course, { check: true });
      course.prediction = outcomes;
      const unknown = outcomes.unknown;
      return {
        said: `${counts(outcomes)}${unknown.length > 0 ? `, ${unknown.length} known after the run` : ""}`,
        details: unknown.map((each) => `known after the run: ${describe(each)} (${each.unknown})`),
      };
    }
    case "converge": {
      const outcomes = await play("converge", course, {});
      const prediction = course.prediction;
      delete course.prediction;
      if (!prediction) return { said: counts(outcomes) };
      const wrong = wrongPredictions(prediction, outcomes);
      if (wrong.length > 0) throw new ScenarioError(`the prediction was wrong in ${wrong.length} places`, wrong);
      return { said: `${counts(outcomes)}, as predicted` };
    }
    case "idempotence": {
      const outcomes = await play("converge", course, {});
      const changed = outcomes.with("changed");
      if (changed.length > 0) {
        throw new ScenarioError(
          `the second run still changes something, ${changed.length} times`,
          changed.flatMap((each) => [describe(each), ...difference(each)]),
        );
      }
      return { said: counts(outcomes) };
    }
  }
}

/** Nothing is fetched: a run must not depend on what a server gives out that day. What would be is named. */
function dependency(scenario: Scenario): PhaseOutcome {
  const files = ["requirements.yml", "collections.yml"].map((name) => join(scenario.folder, name)).filter(existsSync);
  if (files.length === 0) return { said: "nothing to fetch", nothing: true };
  return {
    said: "not fetched: roles have to lie in roles/ or beside this one",
    details: files,
    nothing: true,
  };
}

async function book(name: string, course: Course): Promise<PhaseOutcome> {
  if (course.scenario.playbooks[name] === undefined) return { said: `no ${name}.yml`, nothing: true };
  return { said: counts(await play(name, course, {})) };
}

async function syntax(scenario: Scenario): Promise<PhaseOutcome> {
  const files = Object.values(scenario.playbooks);
  if (scenario.playbooks["converge"] === undefined) throw new ScenarioError(`${scenario.folder} has no converge.yml`);
  const { loadPlaybooks } = await import("../playbook/load.ts");
  loadPlaybooks(files, {
    rolesPath: scenario.rolesPath,
    extraVars: scenario.extraVars,
    vault: vaultOf(scenario),
    strict: false,
  });
  return { said: files.length === 1 ? "1 playbook" : `${files.length} playbooks` };
}

async function play(name: string, course: Course, how: { readonly check?: boolean }): Promise<Outcomes> {
  const { lab, scenario } = course;
  const file = scenario.playbooks[name];
  if (file === undefined) throw new ScenarioError(`${scenario.folder} has no ${name}.yml`);
  const hosts = await hostsOf(lab, scenario);
  if (hosts.length === 0) throw new ScenarioError("the scenario has no hosts: play test create makes them");
  const outcomes = new Outcomes();
  const result = await run({
    playbooks: [file],
    inventory: [writeInventory(lab, scenario, hosts)],
    rolesPath: scenario.rolesPath,
    extraVars: scenario.extraVars,
    vault: vaultOf(scenario),
    secrets: createSecrets(),
    check: how.check === true,
    diff: true,
    verbosity: course.verbosity,
    reporters: [outcomes, ...course.reporters],
  });
  if (result.exitCode !== 0) {
    throw new ScenarioError(
      `${name}.yml failed`,
      outcomes.failures.map((each) => `${describe(each)}: ${each.message || each.status} (${each.place})`),
    );
  }
  return outcomes;
}

function vaultOf(scenario: Scenario): Vault {
  const file = scenario.vaultPasswordFile;
  if (file === undefined) return new Vault([]);
  return new Vault([{ id: "default", password: readFileSync(file, "utf8").trimEnd() }]);
}

function counts(outcomes: Outcomes): string {
  const ok = outcomes.with("ok").length + outcomes.with("skipped").length;
  return `${ok} ok, ${outcomes.with("changed").length} changed`;
}

function difference(outcome: Outcome): string[] {
  return formatDiff(outcome.diff, palette(false))
    .split("\n")
    .filter((line) => line !== "")
    .slice(0, 40)
    .map((line) => `    ${line}`);
}
