import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pythonRepr, pythonStr } from "../../../engine/source/python-repr.ts";
import { toJson } from "../../../engine/source/to-json.ts";
import { toYaml } from "../../../engine/source/to-yaml.ts";
import type { Value } from "../../../engine/source/value.ts";
import { parseYaml, toValue } from "../../../engine/source/yaml.ts";

// golden.json is what Python says (golden.py makes it), so these tests hold without Python.
interface Golden {
  loads: { yaml: string; repr: string[] }[];
  values: Record<string, string>[];
}
const golden: Golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8"));

describe("parseYaml reads what PyYAML reads", () => {
  it.each(golden.loads.map((each) => [each.yaml, each] as const))("%j", (_, { yaml, repr }) => {
    const documents = parseYaml(yaml, "x.yml").documents.map(toValue);
    expect(documents.map(pythonRepr)).toEqual(repr.length === 0 ? ["None"] : repr);
  });
});

describe("values are written as Python writes them", () => {
  const value = (json: string): Value => toValue(parseJsonish(json));
  // JSON is read by the YAML reader, which keeps 1.0 apart from 1; only its floats need YAML's spelling.
  const parseJsonish = (json: string) => {
    const document = parseYaml(json.replace(/^(\d)e/, "$1.0e"), "x").documents[0];
    if (document === undefined) throw new Error("no document");
    return document;
  };
  describe.each(golden.values.map((each) => [each["value"] ?? "", each] as const))("%s", (json, expected) => {
    const read = value(json);
    it("repr, str", () => {
      expect(pythonRepr(read)).toBe(expected["repr"]);
      expect(pythonStr(read)).toBe(expected["str"]);
    });
    it("json", () => {
      expect(toJson(read)).toBe(expected["json"]);
      expect(toJson(read, { indent: 4, sortKeys: true })).toBe(expected["nice_json"]);
      expect(toJson(read, { ensureAscii: false })).toBe(expected["unicode_json"]);
    });
    it("yaml", () => {
      expect(toYaml(read)).toBe(expected["yaml"]);
      expect(toYaml(read, { flow: false, indent: 4 })).toBe(expected["nice_yaml"]);
      expect(toYaml(read, { flow: false, sortKeys: false })).toBe(expected["indent2"]);
      expect(toYaml(read, { flow: false, width: 1000 })).toBe(expected["wide"]);
      expect(toYaml(read, { flow: false, allowUnicode: false })).toBe(expected["ascii"]);
    });
  });
});
