import { expect, it } from "vitest";
import { interpolate } from "../../../engine/scenario/interpolate.ts";
import { DiagnosticError } from "../../../engine/source/diagnostic.ts";

const variables = { DISTRO: "debian12", EMPTY: "" };

it.each([
  ["image: $DISTRO", "image: debian12"],
  ["image: name-$" + "{DISTRO}-x", "image: name-debian12-x"],
  ["image: $" + "{OTHER:-rocky9}", "image: rocky9"],
  ["image: $" + "{OTHER-rocky9}", "image: rocky9"],
  ["command: $" + '{EMPTY:-"sleep"}', 'command: "sleep"'],
  ["command: $" + "{EMPTY-sleep}", "command: "],
  ["command: $" + '{OTHER:-""}', 'command: ""'],
  ["$" + "{OTHER}", ""],
  ["price: $$5", "price: $5"],
  ["# costs $ 5", "# costs $ 5"],
])("%s", (text, filled) => {
  expect(interpolate(text, variables, "molecule.yml")).toBe(filled);
});

it("names the place of a $ that begins nothing", () => {
  const wrong = () => interpolate("a: 1\nb: 5 $ a day", variables, "molecule.yml");
  expect(wrong).toThrow(DiagnosticError);
  try {
    wrong();
  } catch (error) {
    expect((error as DiagnosticError).diagnostics[0]?.at).toEqual({ file: "molecule.yml", line: 2, column: 6 });
  }
});
