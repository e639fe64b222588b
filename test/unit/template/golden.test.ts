import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pythonRepr } from "../../../engine/source/python-repr.ts";
import { createTemplar, TemplateError } from "../../../engine/template/templar.ts";
import { contextOf } from "./context.ts";
import { goldenVariables } from "./golden-variables.ts";

// golden.json is what Jinja2 with Ansible's filters says (golden.py makes it), so these tests hold without Python.
interface Golden {
  expressions: { expression: string; repr: string }[];
  failing: { expression: string; error: string }[];
  texts: { text: string; trim: boolean; lstrip: boolean; result: string }[];
}
const source = readFileSync(new URL("golden.json", import.meta.url), "utf8");
const golden: Golden = JSON.parse(source);

const templar = createTemplar(contextOf(goldenVariables()));

describe("expressions give what Jinja2 gives", () => {
  it.each(golden.expressions.map((each) => [each.expression, each.repr]))("%s", (expression, repr) => {
    expect(pythonRepr(templar.evaluate(expression))).toBe(repr);
  });
});

describe("expressions fail where Jinja2 fails", () => {
  it.each(golden.failing.map((each) => [each.expression]))("%s", (expression) => {
    expect(() => templar.evaluate(expression)).toThrow(TemplateError);
  });
});

describe("texts render as Jinja2 renders them", () => {
  it.each(golden.texts.map((each) => [each.text, each.trim, each.lstrip, each.result] as const))(
    "%j trim %s lstrip %s",
    (text, trimBlocks, lstripBlocks, result) => {
      expect(templar.renderText(text, { file: "x.j2", trimBlocks, lstripBlocks })).toBe(result);
    },
  );
});
