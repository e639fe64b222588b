import { describe, expect, it } from "vitest";
import { DiagnosticError } from "../../../engine/source/diagnostic.ts";
import { formatDiagnostic } from "../../../engine/source/diagnostic-format.ts";
import { Float, Tagged } from "../../../engine/source/value.ts";
import { parseYaml, positionOf, toValue } from "../../../engine/source/yaml.ts";

function read(text: string) {
  const { documents, warnings } = parseYaml(text, "play.yml");
  const [first] = documents;
  if (first === undefined) throw new Error("no document");
  return { node: first, value: toValue(first), warnings };
}

function failure(text: string) {
  try {
    parseYaml(text, "play.yml");
  } catch (error) {
    if (error instanceof DiagnosticError && error.diagnostics[0]) return error.diagnostics[0];
    throw error;
  }
  throw new Error("no error");
}

describe("differences from PyYAML on purpose", () => {
  it.each([
    ["22:22", "22:22"],
    ["2024-01-01", "2024-01-01"],
    ["2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"],
    ["1.0", new Float(1)],
    ["9007199254740993", 9007199254740993n],
  ])("%s", (text, expected) => {
    expect(read(`a: ${text}`).value).toEqual({ a: expected });
  });
  it("keeps __proto__ an ordinary key", () => {
    const { value } = read("__proto__: {x: 1}\nconstructor: 2");
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(value)).toBe(null);
  });
});

describe("tags", () => {
  it("reads !vault and !unsafe", () => {
    const { value } = read(
      "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nb: !unsafe '{{ x }}'\nc: !unsafe\n  - '{{ y }}'\n  - 1\n",
    );
    expect(value).toEqual({
      a: new Tagged("vault", "$ANSIBLE_VAULT;1.1;AES256\n6162\n"),
      b: new Tagged("unsafe", "{{ x }}"),
      c: [new Tagged("unsafe", "{{ y }}"), 1],
    });
  });
  it("refuses others by name", () => {
    expect(failure("a: !python/object x")).toMatchObject({ code: "yaml-tag", at: { line: 1, column: 4 } });
  });
});

describe("positions", () => {
  const text = "a: 1\nb:\n  - x\n  - 'y'\nc: {d: 2}\ne: |\n\n  text\nf:\n";
  it("are those of the values", () => {
    const { value, node } = read(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("no dict");
    const of = (key: string) => {
      const at = positionOf(value, key);
      return at && [at.line, at.column];
    };
    const inner = value as { [key: string]: never };
    expect(["a", "b", "c", "e", "f"].map(of)).toEqual([
      [1, 4],
      [3, 3],
      [5, 4],
      [8, 3],
      [9, 2],
    ]);
    expect(positionOf(inner["b"], 1)).toEqual({ file: "play.yml", line: 4, column: 6 });
    expect(positionOf(inner["c"], "d")).toEqual({ file: "play.yml", line: 5, column: 8 });
    expect(node.kind === "mapping" && node.entries.map((entry) => entry.keyAt.line)).toEqual([1, 2, 5, 6, 9]);
    expect(positionOf(value, "nope")).toBeUndefined();
    expect(positionOf("text", 0)).toBeUndefined();
  });
  it("count CRLF lines and a byte order mark", () => {
    const { value } = read("\uFEFFa: 1\r\nb: 2\r\n");
    expect(value).toEqual({ a: 1, b: 2 });
    expect(positionOf(value, "b")).toMatchObject({ line: 2, column: 4 });
  });
  it("is that of the file where brackets close below their key", () => {
    const { value } = read("a:\n  b: {\n  c: 1,\n  d: [\ne\n]\n  }\nf: x");
    const inner = (value as { a: { b: { d: unknown[] } } }).a.b;
    expect(positionOf(inner as never, "c")).toMatchObject({ line: 3, column: 6 });
    expect(positionOf(inner.d as never, 0)).toMatchObject({ line: 5, column: 1 });
    expect(positionOf(value, "f")).toMatchObject({ line: 8, column: 4 });
    expect(failure("a: {\n x: 1\ny: 2\n}\n")).toMatchObject({ at: { line: 1, column: 4 } });
  });
});

describe("duplicate keys", () => {
  it("warn, and the last counts", () => {
    const { value, warnings } = read("a: 1\nb: 2\na: 3\n");
    expect(value).toEqual({ a: 3, b: 2 });
    expect(warnings).toMatchObject([{ code: "duplicate-key", severity: "warning", at: { line: 3, column: 1 } }]);
  });
  it("are none where a merged key is overridden", () => {
    expect(read("x: &x {a: 1}\ny: {<<: *x, a: 2}").warnings).toEqual([]);
  });
});

describe("broken input is explained", () => {
  it.each([
    ["a tab", "a:\n\t- b\n", "a tab is used for indentation", 2, 1],
    ["a tab deeper", "a:\n  b: 1\n\tc: 2\n", "a tab is used for indentation", 3, 1],
    ["a bare template", "- debug:\n    msg: {{ x }}\n", "a value that starts with {{ must be quoted", 2, 10],
    ["a bare template with more", "path: {{ x }}/etc\n", "a value that starts with {{ must be quoted", 1, 7],
    ["a bare template in a list", "- {{ x }}\n", "a value that starts with {{ must be quoted", 1, 3],
    ["a quote left open", "a: 'x\nb: 1\n", "the quote ' is never closed", 1, 4],
    ["a double quote left open", 'a: 1\nb: "x\n', 'the quote " is never closed', 2, 4],
    ["no blank after the colon", "a:b\nc: d\n", "there is no space after the colon", 1, 3],
    ["colon in a value", "a: b: c\n", 'a value with ": " in it must be quoted', 1, 5],
    ["text after the quote", 'a: "x" y\n', "there is text after the closing quote", 1, 8],
    ["a reserved sign", "a: @x\n", "a value cannot start with @", 1, 4],
    ["too deep", "a: 1\n  b: 2\n", "this line is indented deeper than the one above, which has a value already", 2, 3],
    ["too shallow", "a:\n    b: 1\n  c: 2\n", "the indentation does not fit any line above", 3, 3],
    ["list and mapping", "- a\nb: c\n", "a list and a mapping are mixed on the same level", 2, 1],
    ["a bracket left open", "a: [1, 2\nb: 3\n", "the bracket [ is never closed", 1, 4],
    ["an unknown alias", "a: *x\n", 'there is no anchor "&x" before this alias', 1, 4],
    ["an alias in itself", "a: &x [*x]\n", 'the alias "*x" stands inside its own anchor', 1, 8],
    ["a list as key", "? [a]\n: 1\n", "a key must be a simple text", 1, 3],
    ["a merged text", "<<: x\n", "only a mapping, or a list of mappings, can be merged with <<", 1, 5],
  ])("%s", (_, text, summary, line, column) => {
    expect(failure(text)).toMatchObject({ severity: "error", summary, at: { file: "play.yml", line, column } });
  });

  it("and shown with the line", () => {
    const text = "- hosts: all\n  vars:\n    x: {{ y }}\n  tasks: []\n";
    expect(formatDiagnostic(failure(text), () => text, { color: false })).toBe(
      [
        "[ERROR]: a value that starts with {{ must be quoted",
        "  at play.yml:3:8",
        "",
        "  2 |   vars:",
        "> 3 |     x: {{ y }}",
        "    |        ^",
        "  4 |   tasks: []",
        "",
        '  hint: Write "{{ y }}" instead: YAML takes a bare { for the start of a mapping.',
      ].join("\n"),
    );
  });
});
