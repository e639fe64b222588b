import { describe, expect, it } from "vitest";
import { pythonRepr } from "../../../engine/source/python-repr.ts";
import { createTemplar } from "../../../engine/template/templar.ts";
import { contextOf } from "./context.ts";
import { goldenVariables } from "./golden-variables.ts";

// More of what ansible-core 2.19 and the collections answer, found by comparing whole families of expressions.
const templar = createTemplar(contextOf(goldenVariables()));
const rendered = (text: string): string => pythonRepr(templar.render(text));

const families: { readonly [family: string]: readonly (readonly [string, string])[] } = {
  "groups have names": [
    ["{% for g in users | groupby('age') %}{{ g.grouper }}:{{ g.list | length }};{% endfor %}", "'25:1;30:2;'"],
    ["{{ users | groupby('age') | map(attribute='grouper') | list }}", "[25, 30]"],
    ["{{ (users | groupby('age') | first).list | map(attribute='name') | list }}", "['alice']"],
    ["{% for age, them in users | groupby('age') %}{{ age }}:{{ them[0].name }};{% endfor %}", "'25:alice;30:bob;'"],
  ],
};

for (const [family, cases] of Object.entries(families))
  describe(family, () => {
    it.each(cases)("%s", (text, repr) => {
      expect(rendered(text)).toBe(repr);
    });
  });
