import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DiffPart } from "../../engine/modules/contract.ts";
import type { Event, TaskResult } from "../../engine/run/events.ts";
import { run } from "../../engine/run/run.ts";
import { toJson } from "../../engine/source/to-json.ts";
import type { Dict, Value } from "../../engine/source/value.ts";
import { labHosts, projectLab, removeHosts, type TestHost } from "../lab/hosts.ts";

/*
 * The five laws of a state module, on a real container host, through the engine's whole path:
 *
 *  1. check leaves the host as it was;
 *  2. check and the run that follows agree: changed or not, same diff;
 *  3. running again changes nothing;
 *  4. check after a run predicts nothing;
 *  5. read-ahead on and off, and the items of a loop one by one, end in the same state with the same results.
 *
 * (That an interrupted run is completed by the next one is held to in interrupted.test.ts.)
 *
 * All cases of a suite are tasks of one playbook, each with a place of its own on the host, so that a suite costs a
 * handful of runs and not a handful for each case.
 */

export interface LawCase {
  /** Says what is tried: `a directory with its parents`. Unique in its suite. */
  readonly name: string;
  readonly module: string;
  /** `HERE` in texts stands for the case's own folder on the host. */
  readonly args: Dict;
  /** The same module over several arguments, as a loop; `args` has `{{ item.… }}`. */
  readonly loop?: Value[];
  /** Shell that makes the starting state, run in the case's folder. */
  readonly given?: string;
  /** Shell that must succeed there afterwards. */
  readonly holds?: string;
  /** Whether the first run changes the host; default true. */
  readonly changed?: boolean;
  /** Changes it every time (touch). */
  readonly always?: boolean;
  /** What nobody can know before the run: changes and diff are not compared. */
  readonly unknown?: boolean;
  readonly become?: string;
  readonly vars?: Dict;
}

export interface SuiteOptions {
  readonly image?: string;
  readonly user?: string;
  /** Shell run once on the host, as root. */
  readonly setup?: string;
  /** More of the host that counts as its state: lines of text. */
  readonly watch?: string;
  /** Files of the controller, beside the playbook. */
  readonly files?: { readonly [name: string]: string | Buffer };
}

/** One task's outcome, as far as two runs must agree on it. */
interface Told {
  readonly status: string;
  readonly diff: string;
  readonly unknown: boolean;
  readonly message: string;
}

type Results = Map<string, Told>;

const place = "/var/law";

/** Declares the tests of a suite. */
export function laws(suite: string, cases: readonly LawCase[], options: SuiteOptions = {}): void {
  describe(suite, () => {
    let host: TestHost;
    let folder = "";
    const seen: { [run: string]: Results } = {};
    const states: { [when: string]: string } = {};

    const reset = async () => {
      const parts = cases.map(
        ({ name, given }) => `mkdir -p '${pathOf(name)}' && cd '${pathOf(name)}' && {\n${given ?? ":"}\n}`,
      );
      await onHost(host, `rm -rf ${place}; ${parts.join(" || exit 1\n")} || exit 1`);
    };
    const state = () => onHost(host, `${fingerprint}\n${options.watch ?? ""}`);
    const play = async (how: { check?: boolean; readAhead?: boolean; items?: boolean } = {}): Promise<Results> => {
      const results = await perform(folder, host, cases, how);
      return results;
    };

    beforeAll(async () => {
      const [made] = await labHosts({
        image: options.image ?? "plain",
        ...(options.user ? { user: options.user } : {}),
      });
      if (!made) throw new Error("no host");
      host = made;
      folder = mkdtempSync(join(tmpdir(), "laws-"));
      for (const [name, content] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), content);
      if (options.setup !== undefined) await onHost(host, options.setup);
      await reset();
      states["start"] = await state();
      seen["check"] = await play({ check: true });
      states["checked"] = await state();
      seen["run"] = await play();
      states["run"] = await state();
      seen["recheck"] = await play({ check: true });
      seen["rerun"] = await play();
      states["rerun"] = await state();
      await reset();
      seen["plain"] = await play({ readAhead: false, items: true });
      states["plain"] = await state();
    });
    afterAll(async () => {
      if (host) await removeHosts([host]);
      if (folder !== "") rmSync(folder, { recursive: true, force: true });
    });

    const told = (name: string, law: string): Told => {
      const result = seen[law]?.get(name);
      if (!result) throw new Error(`${law} did not come to "${name}"`);
      return result;
    };

    test("check leaves the host as it was", () => {
      expect(states["checked"]).toBe(states["start"]);
    });

    test.each(cases.map((each) => [each.name, each] as const))("%s", async (name, each) => {
      const first = told(name, "run");
      expect(first.message, "the run").toBe("");
      expect(first.status).toBe((each.changed ?? true) ? "changed" : "ok");
      const predicted = told(name, "check");
      if (each.unknown) expect(predicted.unknown || predicted.status === first.status).toBe(true);
      else expect(predicted, "check and run agree").toEqual(first);
      const again = each.always ? "changed" : "ok";
      expect(told(name, "recheck").status, `check after the run: ${told(name, "recheck").diff}`).toBe(again);
      expect(told(name, "rerun").status, `the second run: ${told(name, "rerun").diff}`).toBe(again);
      if (each.loop === undefined) expect(told(name, "plain"), "read-ahead on and off agree").toEqual(first);
      if (each.holds !== undefined) await onHost(host, `cd '${pathOf(name)}' && {\n${each.holds}\n}`);
    });

    test("running again changes nothing, and however it is run the end is the same", () => {
      if (!cases.some((each) => each.always)) expect(states["rerun"]).toBe(states["run"]);
      expect(states["plain"]).toBe(states["run"]);
    });
  });
}

/** Names, kinds, permissions, owners and links of everything under the place, and the digests of all files. */
const fingerprint = `cd ${place} && find . -printf '%p %y %m %u:%g %l\\n' | LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum`;

function pathOf(name: string): string {
  return `${place}/${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}`;
}

export async function onHost(host: TestHost, script: string): Promise<string> {
  const lab = await projectLab();
  return await lab.docker.run(["exec", "-i", host.container, "sh", "-c", script]);
}

/** One run of all cases as one play; a loop is taken apart into tasks where `items` says so. */
async function perform(
  folder: string,
  host: TestHost,
  cases: readonly LawCase[],
  how: { check?: boolean; readAhead?: boolean; items?: boolean },
): Promise<Results> {
  const tasks = cases.flatMap((each) => tasksOf(each, how.items ?? false));
  const playbook = join(folder, "play.json");
  writeFileSync(playbook, toJson([{ hosts: "all", gather_facts: false, tasks }]));
  const inventory = join(folder, "hosts.ini");
  writeFileSync(inventory, `${inventoryLine(host)}\n`);
  const events: Event[] = [];
  await run({
    playbooks: [playbook],
    inventory: [inventory],
    check: how.check ?? false,
    diff: true,
    readAhead: how.readAhead ?? true,
    reporters: [{ report: (event) => events.push(event) }],
  });
  return resultsOf(events);
}

function tasksOf(each: LawCase, apart: boolean): Dict[] {
  const here = (value: Value): Value =>
    JSON.parse(JSON.stringify(value).replaceAll("HERE", pathOf(each.name))) as Value; // plain JSON
  const task: Dict = { name: each.name, [each.module]: here(each.args), ignore_errors: true };
  if (each.vars) task["vars"] = here(each.vars);
  if (each.become !== undefined) Object.assign(task, { become: true, become_user: each.become });
  if (!each.loop) return [task];
  if (!apart) return [{ ...task, loop: here(each.loop) }];
  return each.loop.map((item) => ({ ...task, vars: { ...each.vars, item: here(item) } }));
}

/** What an inventory says of a host of the lab. */
export function inventoryLine(host: TestHost): string {
  return [
    host.name,
    `ansible_host=${host.address}`,
    `ansible_port=${host.port ?? 22}`,
    `ansible_user=${host.user ?? "root"}`,
    `ansible_ssh_private_key_file=${host.privateKeyFile}`,
    `ansible_ssh_common_args='${host.sshArguments ?? ""}'`,
  ].join(" ");
}

function resultsOf(events: readonly Event[]): Results {
  const names = new Map<number, string>();
  const results: Results = new Map();
  for (const event of events) {
    if (event.type === "task-start") names.set(event.id, event.task);
    if (event.type !== "result") continue;
    const name = names.get(event.id) ?? "";
    const before = results.get(name);
    results.set(name, before ? joined(before, toldBy(event.result)) : toldBy(event.result));
  }
  return results;
}

function toldBy(result: TaskResult): Told {
  const message = result.status === "failed" || result.status === "unreachable" ? String(result.value["msg"]) : "";
  return {
    status: result.status,
    diff: result.diff.map(shown).join("\n"),
    unknown: result.unknown !== undefined,
    message,
  };
}

/** The tasks that one loop was taken apart into, as one. */
function joined(a: Told, b: Told): Told {
  return {
    status: [a.status, b.status].find((status) => status === "failed" || status === "changed") ?? b.status,
    diff: [a.diff, b.diff].filter((text) => text !== "").join("\n"),
    unknown: a.unknown || b.unknown,
    message: a.message || b.message,
  };
}

function shown(part: DiffPart): string {
  const side = (value: Value) => (typeof value === "string" ? value : toJson(value));
  return `--- ${part.beforeHeader ?? ""}\n${side(part.before)}\n+++ ${part.afterHeader ?? ""}\n${side(part.after)}${part.withheld ?? ""}`;
}
