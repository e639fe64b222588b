import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DiagnosticError } from "../../../engine/source/diagnostic.ts";
import { pythonRepr } from "../../../engine/source/python-repr.ts";
import { Omit } from "../../../engine/source/value.ts";
import { createTemplar } from "../../../engine/template/templar.ts";
import { contextOf } from "./context.ts";
import { goldenVariables } from "./golden-variables.ts";

// golden-ansible.json is what the templar of ansible-core 2.19 says (golden_ansible.py makes it).
interface Answer {
  text: string;
  repr?: string;
  error?: string;
}
const golden: { templates: Answer[]; conditions: Answer[] } = JSON.parse(
  readFileSync(new URL("golden-ansible.json", import.meta.url), "utf8"),
);

/** Where play differs on purpose, and what it says instead. */
const differences: { readonly [text: string]: string } = {
  // A range is a list, and omit is handed on to whoever asked.
  "{{ range(3) }}": "[0, 1, 2]",
  "{{ undefd | default(omit) }}": "<<Omit>>",
  // The keys of a dict are texts.
  "{{ '1' in {1: 2} }}": "True",
  // 2.19 counts in a list that it has not templated yet.
  "{{ l.count(3) }}": "1",
};

const templar = createTemplar(contextOf({ ...goldenVariables(), omit: Omit.value }));

function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof DiagnosticError) return "error";
    throw error;
  }
}

describe("templates give what ansible-core 2.19 gives", () => {
  it.each(golden.templates.map((each) => [each.text, each] as const))("%s", (text, { repr }) => {
    expect(outcome(() => pythonRepr(templar.render(text)))).toBe(differences[text] ?? repr ?? "error");
  });
});

describe("conditions hold where they hold under ansible-core 2.19", () => {
  it.each(golden.conditions.map((each) => [each.text, each] as const))("%s", (text, { repr, error }) => {
    const result = outcome(() => pythonRepr(templar.test(text)));
    // A condition that is no boolean runs here with a warning.
    if (error !== undefined && /must have a boolean result|was derived from value of type/.test(error))
      expect(["True", "False"]).toContain(result);
    else expect(result).toBe(repr ?? "error");
  });
});
