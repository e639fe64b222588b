import type { Json, JsonObject } from "../json.ts";

/** The part of TOML in which Interlock's settings are written: keys, texts, numbers, truth values, lists, tables. */
export function parseToml(source: string): JsonObject {
  const root: JsonObject = {};
  let table = root;
  source.split("\n").forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const many = /^\[\[\s*([\w.-]+)\s*\]\]\s*(?:#.*)?$/.exec(line)?.[1];
    const one = /^\[\s*([\w.-]+)\s*\]\s*(?:#.*)?$/.exec(line)?.[1];
    if (many !== undefined) {
      table = {};
      const list = root[many];
      if (Array.isArray(list)) list.push(table);
      else root[many] = [table];
      return;
    }
    if (one !== undefined) {
      table = {};
      root[one] = table;
      return;
    }
    const [, key, value] = /^["']?([\w.-]+)["']?\s*=\s*(.+)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) throw new Error(`line ${index + 1}: expected key = value: ${line}`);
    table[key] = parseValue(value, index + 1);
  });
  return root;
}

function parseValue(source: string, line: number): Json {
  const list = /^\[(.*)\]\s*(?:#.*)?$/.exec(source)?.[1];
  if (list !== undefined) {
    const items = list.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^,\s]+/g) ?? [];
    return items.map((item) => parseValue(item, line));
  }
  const double = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(source);
  if (double) return JSON.parse(`"${double[1]}"`) as string;
  const single = /^'([^']*)'\s*(?:#.*)?$/.exec(source);
  if (single) return single[1] ?? "";
  const bare = source.replace(/\s*#.*$/, "");
  if (bare === "true" || bare === "false") return bare === "true";
  if (/^[+-]?[\d_]+(\.\d+)?$/.test(bare)) return Number(bare.replaceAll("_", ""));
  throw new Error(`line ${line}: cannot read the value ${source}`);
}
