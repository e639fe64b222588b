import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labHosts, removeHosts, type TestHost } from "../lab/hosts.ts";
import { type Broken, countPlaces, interruptEverywhere } from "./interruptions.ts";
import {
  fingerprint,
  type How,
  type LawCase,
  onHost,
  pathOf,
  perform,
  type Results,
  startingStates,
  type Told,
} from "./law-runs.ts";

/*
 * The five laws of a state module, on a real container host, through the engine's whole path:
 *
 *  1. check leaves the host as it was;
 *  2. check and the run that follows agree: changed or not, same diff;
 *  3. running again changes nothing;
 *  4. check after a run predicts nothing;
 *  5. killed at any place of its scripts (interruptions.ts), it is completed by the next run: the state is the one
 *     that an undisturbed run ends in.
 *
 * And read-ahead on and off, and the items of a loop one by one, end in the same state with the same results.
 *
 * All cases of a suite are tasks of one playbook, each with a place of its own on the host, so that a suite costs a
 * handful of runs, and two for each place where the longest of its tasks is interrupted.
 */

export interface SuiteOptions {
  readonly image?: string;
  /** Shell run once on the host, as root. */
  readonly setup?: string;
  /** Law 5 too: for each place of each case's scripts this takes two more runs of it. A number: at most so many places. */
  readonly interrupted?: true | number;
  /** Law 5 takes minutes here: it is tried with `PLAY_LAW_PLACES=all` only. */
  readonly costly?: boolean;
  /** More of the host that counts as its state: lines of text. */
  readonly watch?: string;
  /** Files of the controller, beside the playbook. */
  readonly files?: { readonly [name: string]: string | Buffer };
  /** Those of them that may be executed. */
  readonly executable?: readonly string[];
}

/** At how many places of each case at most, evenly spread; `PLAY_LAW_PLACES=all` tries what the suites ask for. */
const all = process.env["PLAY_LAW_PLACES"] === "all";
const placesTried = all ? Number.POSITIVE_INFINITY : 4;

/** Declares the tests of a suite. */
export function laws(suite: string, cases: readonly LawCase[], options: SuiteOptions = {}): void {
  const interrupted = options.costly && !all ? undefined : options.interrupted;
  describe(suite, () => {
    let host: TestHost;
    let folder = "";
    const seen: { [run: string]: Results } = {};
    const states: { [when: string]: string } = {};
    let places: ReadonlyMap<LawCase, number> = new Map();
    let broken: readonly Broken[] = [];

    const look = `${fingerprint}\n${options.watch ?? ""}`;
    const state = () => onHost(host, look);
    const reset = () => onHost(host, startingStates(cases));
    const play = (how: How = {}): Promise<Results> => perform({ folder, host }, cases, how);
    beforeAll(async () => {
      const [made] = await labHosts({ image: options.image ?? "plain" });
      if (!made) throw new Error("no host");
      host = made;
      folder = mkdtempSync(join(tmpdir(), "laws-"));
      for (const [name, content] of Object.entries(options.files ?? {})) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), content, { mode: options.executable?.includes(name) ? 0o755 : 0o644 });
      }
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
      if (!interrupted) return;
      await reset();
      places = await countPlaces({ folder, host }, cases);
      const wanted = { look, wanted: states["run"] };
      const limit = Math.min(placesTried, interrupted === true ? placesTried : interrupted);
      broken = await interruptEverywhere({ folder, host }, places, wanted, limit);
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

    if (interrupted) {
      test("interrupted anywhere, a second run ends in the same state", () => {
        const changing = cases.filter((each) => each.changed ?? true);
        expect(changing.filter((each) => !places.has(each)).map(({ name }) => name)).toEqual([]);
        expect(broken).toEqual([]);
      });
    }
  });
}
