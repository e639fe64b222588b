import { readFileSync } from "node:fs";
import { isDict, type Value } from "../../../engine/source/value.ts";
import { parseYaml, toValue } from "../../../engine/source/yaml.ts";

/** The variables that the golden files were made with. Read as YAML: 2.0 stays a float, a large integer exact. */
export function goldenVariables(): { [name: string]: Value } {
  const source = readFileSync(new URL("golden.json", import.meta.url), "utf8");
  const head = source.slice(0, source.indexOf('"expressions"')).replace(/,\s*$/, "}");
  const document = parseYaml(head, "golden.json").documents[0];
  const value = document === undefined ? null : toValue(document);
  const inner = isDict(value) ? value["variables"] : undefined;
  if (!isDict(inner)) throw new Error("golden.json has no variables");
  return inner;
}
