import { expect, it } from "vitest";
import type { Event, TaskResult } from "../../../engine/run/events.ts";
import { Outcomes, wrongPredictions } from "../../../engine/scenario/outcomes.ts";

function outcomes(...results: { line: number; status: TaskResult["status"]; unknown?: string }[]): Outcomes {
  const made = new Outcomes();
  results.forEach(({ line, status, unknown }, id) => {
    const at = { file: "a.yml", line, column: 1 };
    const events: Event[] = [
      {
        type: "task-start",
        id,
        task: `task ${line}`,
        module: "file",
        handler: false,
        at,
        tags: [],
        checkMode: false,
        time: 0,
      },
      {
        type: "result",
        id,
        time: 0,
        result: {
          host: "a",
          status,
          ignored: false,
          rescued: false,
          ...(unknown === undefined ? {} : { unknown }),
          value: {},
          diff: [],
          noLog: false,
          seconds: 0,
          warnings: [],
        },
      },
    ];
    for (const event of events) made.report(event);
  });
  return made;
}

it("finds nothing where the run did what was predicted", () => {
  const said = outcomes({ line: 1, status: "changed" }, { line: 1, status: "ok" });
  expect(wrongPredictions(said, outcomes({ line: 1, status: "changed" }, { line: 1, status: "ok" }))).toEqual([]);
});

it("names the task, the host and the difference", () => {
  const wrong = wrongPredictions(outcomes({ line: 1, status: "ok" }), outcomes({ line: 1, status: "changed" }));
  expect(wrong).toEqual(["TASK [task 1] on a: predicted ok, but it was changed"]);
});

it("misses what was predicted and did not run, and what changed unannounced", () => {
  const wrong = wrongPredictions(outcomes({ line: 1, status: "changed" }), outcomes({ line: 2, status: "changed" }));
  expect(wrong).toHaveLength(2);
});

it("lets what was unknown end in any way", () => {
  const said = outcomes({ line: 1, status: "ok", unknown: "the engine" });
  expect(wrongPredictions(said, outcomes({ line: 1, status: "changed" }))).toEqual([]);
});
