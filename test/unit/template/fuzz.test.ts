import fc from "fast-check";
import { describe, it } from "vitest";
import { DiagnosticError } from "../../../engine/source/diagnostic.ts";
import { formatDiagnostic } from "../../../engine/source/diagnostic-format.ts";
import { parseYaml, toValue } from "../../../engine/source/yaml.ts";
import { createTemplar } from "../../../engine/template/templar.ts";
import { contextOf } from "./context.ts";

const pieces = [
  ..."a b s l d n + - * / // % ** ~ | . , : ( ) [ ] { } == != < > <= >= in not is and or if else ' \" \\ \n 1 2.5 0 'x' \"y\"".split(
    " ",
  ),
  ..."[1] {'a':1} (1,) upper default map select join first d.a l[0] l[1:] s[::-1] true none undefd defined string odd match".split(
    " ",
  ),
  ..."{{ }} {% %} {# #} {%- -%} {{- for endfor set endset macro endmacro call endcall raw endraw block endblock with endwith filter".split(
    " ",
  ),
  ..."x in l loop.index caller() m() lookup('items', range(3) namespace() .append( .split( .format( regex_replace( int round to_json to_yaml".split(
    " ",
  ),
];

const templar = createTemplar(contextOf({ a: 1, b: 2, s: "hello", l: [1, 2, 3], d: { a: { b: 1 } }, n: null }));

/** Every failure must be a diagnostic that can be shown; anything else is a bug here. */
function survives(text: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    for (const each of error.diagnostics) formatDiagnostic(each, () => text, { color: false });
  }
}

describe("whatever is written", () => {
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((words) => words.join(" "));
  const options = { numRuns: 3000, seed: 42 };

  it("an expression gives a value or a diagnostic", () => {
    fc.assert(
      fc.property(soup, (text) => survives(text, () => templar.evaluate(text.replace(/\{[{%#]/g, "")))),
      options,
    );
  });
  it("a template gives a value or a diagnostic", () => {
    fc.assert(
      fc.property(soup, (text) => {
        survives(text, () => templar.render(`{{ ${text} }}`));
        survives(text, () => templar.renderText(text, { file: "x.j2" }));
      }),
      options,
    );
  });
  it("YAML gives a value or a diagnostic", () => {
    const yamlPieces = [
      "a",
      "b:",
      "c: ",
      "- ",
      "  ",
      "\n",
      "\n  ",
      "'",
      '"',
      "{",
      "}",
      "[",
      "]",
      "{{ x }}",
      "&x ",
      "*x",
      "!vault ",
      "!unsafe ",
      "|",
      ">",
      "<<: ",
      "\t",
      "#",
      ",",
      "? ",
      "%",
      "@",
      "---\n",
      "é",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...yamlPieces), { maxLength: 16 }), (words) => {
        const text = words.join("");
        survives(text, () => parseYaml(text, "x.yml").documents.map(toValue));
      }),
      options,
    );
  });
});
