import { expect, it } from "vitest";
import { censored } from "../../../engine/run/censor.ts";
import type { Event } from "../../../engine/run/events.ts";
import { createSecrets } from "../../../engine/source/secrets.ts";

const base = {
  host: "a",
  status: "changed",
  ignored: false,
  rescued: false,
  diff: [],
  seconds: 1,
  warnings: [],
} as const;

it("replaces secrets in every text of an event, and never in a key", () => {
  const secrets = createSecrets();
  secrets.add("hunter2hunter2");
  const event: Event = {
    type: "result",
    id: 1,
    time: 1,
    result: { ...base, noLog: false, value: { hunter2hunter2: "say hunter2hunter2!", list: ["hunter2hunter2"] } },
  };
  const text = JSON.stringify(censored(event, secrets));
  expect(text).toContain('"hunter2hunter2":"say ********!"');
  expect(text).toContain('["********"]');
});

it("hides what a no_log task returned, its diff and its item", () => {
  const event: Event = {
    type: "item-result",
    id: 1,
    time: 1,
    result: {
      ...base,
      noLog: true,
      item: "word",
      diff: [{ before: "word", after: "" }],
      value: { changed: true, stdout: "word" },
    },
  };
  const text = JSON.stringify(censored(event, createSecrets()));
  expect(text).not.toContain('word"');
  expect(text).toContain('"changed":true');
});
