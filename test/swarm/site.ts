import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Event, Reporter, TaskResult } from "../../engine/run/events.ts";
import type { RunResult } from "../../engine/run/options.ts";
import { run } from "../../engine/run/run.ts";
import type { Dict } from "../../engine/source/value.ts";
import { Vault } from "../../engine/source/vault.ts";

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface PlayOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly limit?: string;
  readonly extraVars?: Dict;
}

/** What one task came to on one host, beside what it is called. */
export interface Outcome {
  readonly task: string;
  readonly result: TaskResult;
}

export interface Played extends RunResult {
  readonly outcomes: readonly Outcome[];
  /** `role : task [host]` of all that changed something, or would. */
  readonly changed: readonly string[];
  /** `role : task` of what check mode could not know, each once. */
  readonly unknown: readonly string[];
  /** What failed, with its message. */
  readonly failures: readonly string[];
}

/** Runs one of the project's playbooks on the lab's hosts, as `./play NAME -i inventory.yml` does. */
export async function play(name: string, options: PlayOptions = {}): Promise<Played> {
  return playOn(`${root}playbooks/${name}`, `${root}inventory.yml`, options);
}

/** Runs a playbook with the project's roles on the hosts of an inventory. */
export async function playOn(playbook: string, inventory: string, options: PlayOptions = {}): Promise<Played> {
  const recorder = new Recorder();
  const password = readFileSync(`${root}demo-vault-password`, "utf8").trim();
  const result = await run({
    playbooks: [playbook],
    inventory: [inventory],
    rolesPath: [`${root}roles`],
    vault: new Vault([{ id: "default", password }]),
    reporters: [recorder],
    ...options,
  });
  const { outcomes } = recorder;
  const label = ({ task, result: { host } }: Outcome) => `${task} [${host}]`;
  return {
    ...result,
    outcomes,
    changed: outcomes.filter(({ result: { status } }) => status === "changed").map(label),
    unknown: [...new Set(outcomes.flatMap(({ task, result: { unknown } }) => (unknown === undefined ? [] : [task])))],
    failures: outcomes
      .filter(({ result: { status, ignored } }) => (status === "failed" || status === "unreachable") && !ignored)
      .map((each) =>
        `${label(each)}: ${["msg", "stderr"].map((key) => String(each.result.value[key] ?? "")).join(" ")}`.trim(),
      ),
  };
}

/** What a prediction said that the run then did not do, and the other way round; what was unknown counts as neither. */
export function wrongPredictions(predicted: Played, actual: Played): string[] {
  const key = ({ task, result: { host } }: Outcome) => `${task} [${host}]`;
  const before = new Map(predicted.outcomes.map((each) => [key(each), each.result]));
  const wrong: string[] = [];
  for (const each of actual.outcomes) {
    const said = before.get(key(each));
    if (said === undefined) wrong.push(`${key(each)}: not announced, but ${each.result.status}`);
    else if (said.unknown === undefined && said.status !== each.result.status) {
      wrong.push(`${key(each)}: announced ${said.status}, but ${each.result.status}`);
    }
  }
  return wrong;
}

class Recorder implements Reporter {
  readonly outcomes: Outcome[] = [];
  readonly #names = new Map<number, string>();

  report(event: Event): void {
    if (event.type === "task-start") this.#names.set(event.id, event.task);
    if (event.type === "result") {
      this.outcomes.push({ task: this.#names.get(event.id) ?? "", result: event.result });
    }
  }
}
