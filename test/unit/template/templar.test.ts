import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dict, Float, isDict, Omit, Tagged, Unknown, type Value } from "../../../engine/source/value.ts";
import { parseYaml, toValue } from "../../../engine/source/yaml.ts";
import {
  createTemplar,
  expressionSyntaxErrors,
  filterNames,
  hasTemplate,
  lookupNames,
  TemplateError,
  templateSyntaxErrors,
  testNames,
} from "../../../engine/template/templar.ts";
import { contextOf } from "./context.ts";

const at = { file: "play.yml", line: 10, column: 5 };
const unknown = new Unknown("the output of 'make key'");
const variables: { [name: string]: Value } = {
  number: 5,
  name: "web",
  list: [1, 2],
  servers: dict([["web1", dict([["port", 80]])]]),
  registered: dict([
    ["changed", true],
    ["rc", unknown],
    ["stdout", unknown],
  ]),
  later: unknown,
  omit: Omit.value,
  none: null,
  secret: new Tagged("vault", "$ANSIBLE_VAULT;x"),
  raw: new Tagged("unsafe", "{{ name }}"),
  holder: dict([["inner", new Tagged("unsafe", "{{ x }}")]]),
  evil: "{{ name }}",
};
const warnings: string[] = [];
const templar = createTemplar(contextOf(variables, { warn: (message) => warnings.push(message) }));

function failure(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (error instanceof TemplateError && error.diagnostics[0]) return error.diagnostics[0];
    throw error;
  }
  throw new Error("no error");
}

describe("render", () => {
  it.each<[Value, Value]>([
    ["plain", "plain"],
    ["{{ number }}", 5],
    ["{{ number }}0", "50"],
    [" {{ number }}", " 5"],
    ["{{ list }}", [1, 2]],
    ["{{ list }} ", "[1, 2] "],
    ["{{ none }}", null],
    ["[{{ none }}]", "[]"],
    ["{{ 1.0 }}", new Float(1)],
    ["{{ (1, 2) }}", [1, 2]],
    ["{{ true }}", true],
    ["{% if true %}{{ list }}{% endif %}", [1, 2]],
    ["{# only a comment #}", null],
    ["{{ none }}{{ list }}", [1, 2]],
    ["{{ number }}\n", 5],
    ["{{ name }}\n", "web\n"],
    ["{{ 'a1' | regex_replace('([a-z])(\\d)', '\\2\\1') }}", "1a"],
    ["{{ omit }}", Omit.value],
    ["{{ '{{ name }}' }}", "{{ name }}"],
    ["{{ evil }}", "{{ name }}"],
    [{ "{{ name }}_key": ["{{ number }}", { deep: "{{ name }}" }] }, { web_key: [5, { deep: "web" }] }],
    [new Tagged("unsafe", "{{ nope }}"), "{{ nope }}"],
    ["{{ raw }}", "{{ name }}"],
    ["{{ holder }}", { inner: "{{ x }}" }],
    ["{{ holder.inner }}!", "{{ x }}!"],
    ["{{ secret }}", "decrypted $ANSIBLE_VAULT;x"],
    [12, 12],
    [null, null],
  ])("%j", (value, expected) => {
    expect(templar.render(value, at)).toEqual(expected);
  });

  it("hands on what has no template, without a copy", () => {
    const value = dict([["a", [1, "x", dict([["b", null]])]]]);
    expect(templar.render(value)).toBe(value);
  });
});

describe("nothing reaches JavaScript", () => {
  it.each([
    "''.constructor",
    "''.__proto__",
    "[].constructor.constructor",
    "servers.constructor",
    "servers['__proto__']",
    "servers.hasOwnProperty",
    "list.length",
    "list['length']",
    "lookup.constructor",
    "range.call",
    "number.toFixed",
    "(name | upper).constructor",
    "namespace(a=1).constructor",
    "list | map(attribute='constructor') | first",
    "constructor",
    "__proto__",
    "toString",
  ])("%s", (expression) => {
    expect(failure(() => templar.evaluate(expression)).code).toBe("undefined-variable");
    expect(templar.evaluate(`(${expression}) is defined`)).toBe(false);
  });
  it("keeps such keys as plain keys", () => {
    expect(templar.evaluate("{'__proto__': 1, 'constructor': 2}['__proto__']")).toBe(1);
    expect(templar.evaluate("{'constructor': 2}.constructor")).toBe(2);
  });
});

describe("errors name what is wrong, and where", () => {
  it.each([
    ["{{ numbr }}", "undefined-variable", "'numbr' is undefined", 10, 8, "Did you mean 'number'?"],
    ["a\n{{ numbr }}", "undefined-variable", "'numbr' is undefined", 11, 8, "Did you mean 'number'?"],
    [
      "{{ servers.web1.prt }}",
      "undefined-variable",
      "object of type 'dict' has no attribute 'prt'",
      10,
      21,
      "Did you mean 'port'?",
    ],
    ["{{ list[7] }}", "undefined-variable", "the list has no element 7; it has 2", 10, 12, undefined],
    ["{{ name | uper }}", "unknown-filter", "there is no filter 'uper'", 10, 15, "Did you mean 'upper'?"],
    ["{{ name is defned }}", "unknown-test", "there is no test 'defned'", 10, 16, "Did you mean 'defined'?"],
    [
      "{{ name + 1 }}",
      "template-error",
      "cannot calculate 'web' + 1: '+' does not join str and int",
      10,
      13,
      "Use ~ to join texts, or | int where numbers are meant.",
    ],
    [
      "{{ name < 1 }}",
      "template-error",
      "'<' does not compare str with int",
      10,
      13,
      "Make a number of the text with | int.",
    ],
    ["{{ lookup('fiel', 'x') }}", "unknown-lookup", "there is no lookup 'fiel'", 10, 14, "Did you mean 'file'?"],
    [
      "{{ name | default(1, 2, 3) }}",
      "template-error",
      "the filter 'default' takes at most 2 arguments, 3 given",
      10,
      15,
      undefined,
    ],
    [
      "{{ name | join(x=1) }}",
      "template-error",
      "the filter 'join' has no argument 'x'",
      10,
      15,
      "It takes: d, attribute.",
    ],
    ["{{ number", "template-syntax", "template syntax: the expression is never closed with }}", 10, 5, undefined],
    [
      "{% if number %}",
      "template-syntax",
      "template syntax: {% if %} is never closed with {% endif %}",
      10,
      8,
      undefined,
    ],
    ["{% fro x in y %}", "template-syntax", "template syntax: there is no tag {% fro %}", 10, 8, "Did you mean 'for'?"],
    ["{% endif %}", "template-syntax", "template syntax: {% endif %} does not fit here", 10, 8, undefined],
    [
      "{{ 'abc }}",
      "template-syntax",
      "template syntax: the string that starts with ' is never closed",
      10,
      8,
      undefined,
    ],
    ["{{ a b }}", "template-syntax", "template syntax: expected the end of the expression, got 'b'", 10, 10, undefined],
    ["{{ (1 }}", "template-syntax", "template syntax: unexpected '}', expected ')'", 10, 11, undefined],
  ])("%s", (text, code, summary, line, column, hint) => {
    expect(failure(() => templar.render(text, at))).toEqual({
      code,
      severity: "error",
      summary,
      at: { file: "play.yml", line, column },
      hint,
    });
  });

  it("points into the value a container came from", () => {
    const document = parseYaml("a:\n  - ok\n  - '{{ nope }}'\n", "vars.yml").documents[0];
    if (document === undefined) throw new Error("no document");
    expect(failure(() => templar.render(toValue(document))).at).toMatchObject({ file: "vars.yml", line: 3 });
  });

  it("points into a template file", () => {
    const error = failure(() => templar.renderText("one\ntwo {{ nope }}\n", { file: "x.j2" }));
    expect(error.at).toEqual({ file: "x.j2", line: 2, column: 8 });
  });

  it("stops endless recursion with a message", () => {
    const text = "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}";
    expect(failure(() => templar.renderText(text, { file: "x.j2" })).summary).toContain("without end");
  });
});

describe("conditions", () => {
  it.each<[string, boolean]>([
    ["number == 5", true],
    ["number", true],
    ["none", false],
    ["", true],
    ["'false'", false],
    ["'no' ", false],
    ["{{ number > 5 }}", false],
    ["{{ 'number == 5' }}", true],
    ["name in ['web', 'db'] and not list == []", true],
    ["nope is not defined or nope", true],
    ["registered is changed", true],
    ["registered is succeeded", true],
  ])("%j", (expression, expected) => {
    expect(templar.test(expression)).toBe(expected);
  });
  it("warn about what is no boolean", () => {
    warnings.length = 0;
    templar.test("name");
    templar.test("number == 5");
    expect(warnings).toEqual(['the condition "name" gives no boolean but a value of type str']);
  });
});

describe("what only the run shows", () => {
  it.each([
    "later",
    "later.stdout",
    "later[0]",
    "later + 1",
    "1 + later",
    "later == 1",
    "'a' ~ later",
    "later | upper",
    "'x' | replace('x', later)",
    "[later] | join(',')",
    "{'a': later} | to_json",
    "[1, later] | sort",
    "later | default('x')",
    "not later",
    "later and true",
    "true and later",
    "later or false",
    "'a' if later else 'b'",
    "later is match('x')",
    "later.x is defined",
    "registered.rc == 0",
    "'%s' % later",
    "lookup('env', later)",
    "list | map('default', later) | list | length and later",
    "later in list",
    "list[later]",
  ])("%s is unknown", (expression) => {
    expect(templar.evaluate(expression)).toBeInstanceOf(Unknown);
    expect(templar.test(expression)).toBeInstanceOf(Unknown);
  });

  it.each<[string, Value]>([
    ["later is defined", true],
    ["registered.rc is defined", true],
    ["registered.nope is defined", false],
    ["false and later", false],
    ["true or later", true],
    ["[later, 1] | length", 2],
    ["[later, 1] | last", 1],
    ["'a' if true else later", "a"],
    ["registered.changed", true],
    ["later is undefined", false],
    ["nope | default('x') ", "x"],
  ])("%s is known", (expression, expected) => {
    expect(templar.evaluate(expression)).toEqual(expected);
  });

  it.each<[string, boolean]>([
    ["later and false", false],
    ["later or true", true],
    ["later and nope is defined", false],
    ["not (later and false)", true],
    ["(later or true) and number == 5", true],
  ])("%s is decided all the same", (expression, expected) => {
    expect(templar.test(expression)).toBe(expected);
  });

  it("makes the text unknown that it is part of", () => {
    for (const text of [
      "a {{ later }}",
      "{% if later %}a{% endif %}b",
      "{% for i in later %}{% endfor %}x",
      "{% set x = later %}{{ x }}y",
    ]) {
      expect(templar.render(text)).toBeInstanceOf(Unknown);
      expect(templar.renderText(text, { file: "x" })).toBeInstanceOf(Unknown);
    }
    expect(templar.render(["a", "{{ later }}"])).toEqual(["a", unknown]);
    expect(templar.renderText("{% if false %}{{ later }}{% endif %}b", { file: "x" })).toBe("b");
    expect(templar.renderText("{% macro m() %}{{ later }}{% endmacro %}{% set x = m() %}b", { file: "x" })).toBe("b");
  });

  it("says what it depends on", () => {
    expect(templar.evaluate("later | upper ~ 'x'")).toEqual(unknown);
  });

  it("does not fail for what the unknown side would have prevented", () => {
    expect(templar.test("later and nope.x == 1")).toBeInstanceOf(Unknown);
  });
});

describe("checks before the run", () => {
  it.each([
    ["{{ a | b }}", ["unknown-filter"]],
    ["{{ a | ansible.builtin.upper | community.general.json_query('x') }}", []],
    ["{% if a is nope %}{{ x | nope2 }}{% endif %}", ["unknown-test", "unknown-filter"]],
    ["{{ lookup('nope', 1) }}{{ q('items', 1) }}{{ lookup(name) }}", ["unknown-lookup"]],
    ["{{ a", ["template-syntax"]],
    ["no template | at all", []],
  ])("%s", (text, codes) => {
    expect(templateSyntaxErrors(text, at).map((each) => each.code)).toEqual(codes);
  });
  it("of expressions", () => {
    expect(expressionSyntaxErrors("a ==", at)).toMatchObject([
      { code: "template-syntax", at: { line: 10, column: 9 } },
    ]);
    expect(expressionSyntaxErrors("a is defined and b | int > 2", at)).toEqual([]);
    expect(expressionSyntaxErrors("a | nope", at)).toMatchObject([
      { code: "unknown-filter", at: { line: 10, column: 9 } },
    ]);
  });
  it("templates ask for names too, short or whole", () => {
    const text =
      "{{ 'test' is test }} {{ 'nope' is test }} {{ 'ansible.builtin.version' is test }} {{ 'ansible.builtin.combine' is filter }}";
    expect(templar.render(text)).toBe("True False True True");
  });
  it("know every name", () => {
    expect(filterNames().length).toBeGreaterThan(130);
    expect(testNames().length).toBeGreaterThan(70);
    expect(lookupNames().length).toBeGreaterThan(24);
    expect([hasTemplate("a"), hasTemplate("{{"), hasTemplate("{%"), hasTemplate("{#")]).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe("files", () => {
  let folder = "";
  let files = templar;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "templar-"));
    const contents: { readonly [path: string]: string } = {
      "files/a.txt": "content\n",
      "templates/t.j2": "{% import 'macros.j2' as m %}{{ m.hello('x') }} {{ number }} {{ extra | default('-') }}\n",
      "templates/macros.j2": "{% macro hello(name) %}hello {{ name }}{% endmacro %}{% set answer = 42 %}",
      "templates/base.j2": "<{% block title %}base{% endblock %}|{% block body %}nobody{% endblock %}>",
      "templates/child.j2":
        "{% extends 'base.j2' %}{% set x = 1 %}{% block title %}child of {{ super() }}{{ x }}{% endblock %}",
      "templates/part.j2": "part {{ number }} {{ local | default('none') }}",
      "templates/broken.j2": "line\n{{ nope }}\n",
      "templates/at.j2": "@@ number @@ {{ number }}",
      "data.ini": "[global]\nkey=1\n[two]\nkey = second\nOther: x\n",
      "data.csv": "a,1,x\nb,2,y\n",
      "vars/one.yml": "",
    };
    for (const [path, content] of Object.entries(contents)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    files = createTemplar(
      contextOf({ ...variables, groups: { web: ["w1", "w2"], db: ["d1"] } }, { searchPath: [folder] }),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each<[string, Value]>([
    ["lookup('file', 'a.txt')", "content"],
    ["lookup('file', 'a.txt', rstrip=false)", "content\n"],
    ["lookup('ansible.builtin.file', 'a.txt')", "content"],
    ["query('file', 'a.txt', 'a.txt')", ["content", "content"]],
    ["lookup('file', 'nope.txt', errors='ignore')", null],
    ["lookup('template', 't.j2')", "hello x 5 -\n"],
    ["lookup('template', 't.j2', template_vars={'extra': 'more'})", "hello x 5 more\n"],
    ["lookup('template', 'at.j2', variable_start_string='@@', variable_end_string='@@')", "5 {{ number }}"],
    ["lookup('first_found', ['nope.yml', 'one.yml']) | basename", "one.yml"],
    ["lookup('first_found', {'files': 'nope, a.txt', 'paths': 'files'}) | basename", "a.txt"],
    ["query('first_found', ['nope'], skip=true)", []],
    ["lookup('fileglob', '*.txt') | basename", "a.txt"],
    ["lookup('ini', 'key', file='data.ini', section='two')", "second"],
    ["lookup('ini', 'key section=two file=data.ini')", "second"],
    ["lookup('ini', 'other section=two file=data.ini')", "x"],
    ["lookup('ini', 'nope file=data.ini section=two default=d')", "d"],
    ["lookup('csvfile', 'b file=data.csv delimiter=, col=2')", "y"],
    ["lookup('inventory_hostnames', 'web:!w1')", "w2"],
    ["query('inventory_hostnames', 'all')", ["w1", "w2", "d1"]],
    ["query('varnames', '^na')", ["name"]],
    ["lookup('pipe', 'echo a; echo b')", "a\nb"],
    ["lookup('url', 'data:text/plain,one%0Atwo')", "one,two"],
    ["lookup('password', '/dev/null length=12 chars=digits') | length", 12],
    [
      "lookup('password', '/dev/null', seed='x', length=8) == lookup('password', '/dev/null', seed='x', length=8)",
      true,
    ],
  ])("%s", (expression, expected) => {
    expect(files.evaluate(expression)).toEqual(expected);
  });

  it("keeps a password", () => {
    const made = files.evaluate("lookup('password', 'credentials/pw length=10')");
    expect(files.evaluate("lookup('password', 'credentials/pw length=10')")).toBe(made);
  });

  it.each([
    ["{% include 'part.j2' %}", "part 5 none"],
    ["{% set local = 1 %}{% include 'part.j2' %}", "part 5 1"],
    ["{% set local = 1 %}{% include 'part.j2' without context %}", "part 5 none"],
    ["{% include 'nope.j2' ignore missing %}x", "x"],
    ["{% include ['nope.j2', 'part.j2'] %}", "part 5 none"],
    ["{% from 'macros.j2' import hello as h, answer %}{{ h('you') }} {{ answer }}", "hello you 42"],
    ["{% include 'child.j2' %}", "<child of base1|nobody>"],
    ["{% extends 'base.j2' %}{% block body %}me{% endblock %}dropped", "<base|me>"],
  ])("%s", (text, expected) => {
    expect(files.renderText(text, { file: "main.j2" })).toBe(expected);
  });

  it("places an error in the file that it is in", () => {
    const error = failure(() => files.renderText("{% include 'broken.j2' %}", { file: "main.j2" }));
    expect(error).toMatchObject({ at: { file: join(folder, "templates/broken.j2"), line: 2, column: 4 } });
  });

  it("says where it looked", () => {
    const error = failure(() => files.evaluate("lookup('file', 'nope.txt')"));
    expect(error).toMatchObject({ code: "missing-file", summary: "the file 'nope.txt' is not found" });
    expect(failure(() => files.renderText("{% include 'nope.j2' %}", { file: "x" })).code).toBe("missing-file");
  });
});

describe("lookups for with_ loops", () => {
  it.each<[string, Value, Value]>([
    ["items", [1, [2, 3]], [1, 2, 3]],
    ["items", "one", ["one"]],
    ["list", [1, [2]], [1, [2]]],
    ["dict", { a: 1 }, [{ key: "a", value: 1 }]],
    [
      "nested",
      [
        ["a", "b"],
        [1, 2],
      ],
      [
        ["a", 1],
        ["a", 2],
        ["b", 1],
        ["b", 2],
      ],
    ],
    [
      "together",
      [["a", "b"], [1]],
      [
        ["a", 1],
        ["b", null],
      ],
    ],
    [
      "indexed_items",
      ["a", "b"],
      [
        [0, "a"],
        [1, "b"],
      ],
    ],
    ["flattened", [1, [2, [3]]], [1, 2, 3]],
    ["sequence", ["start=2 end=6 stride=2 format=h%02d"], ["h02", "h04", "h06"]],
    ["sequence", ["5-8"], ["5", "6", "7", "8"]],
    ["sequence", "count=2", ["1", "2"]],
    [
      "subelements",
      [
        [
          { n: "a", l: [1, 2] },
          { n: "b", l: [3] },
        ],
        "l",
      ],
      [
        [{ n: "a" }, 1],
        [{ n: "a" }, 2],
        [{ n: "b" }, 3],
      ],
    ],
    ["lines", ["printf 'a\\nb\\n'"], ["a", "b"]],
  ])("with_%s %j", (name, terms, expected) => {
    expect(templar.lookup(name, terms, at)).toEqual(expected);
  });
});

describe("other delimiters and endings", () => {
  it("of the template module", () => {
    const text = "[% if number %]\n<< number >> {{ x }} [# c #]\r\nend\r\n[% endif %]\n";
    const options = {
      variableStart: "<<",
      variableEnd: ">>",
      blockStart: "[%",
      blockEnd: "%]",
      commentStart: "[#",
      commentEnd: "#]",
    };
    expect(templar.renderText(text, { file: "x", ...options, newlineSequence: "\r\n" })).toBe("5 {{ x }} end\r\n");
  });
  it("a playbook's own ansible_managed stays", () => {
    const own = createTemplar(contextOf({ ansible_managed: "mine" }));
    const options = { file: import.meta.filename, from: { askedFor: "t.j2" } };
    expect(own.renderText("{{ ansible_managed }} {{ template_path }}", options)).toBe("mine t.j2");
    expect(templar.renderText("{{ ansible_managed }}", options)).toBe("Ansible managed");
    const configured = createTemplar({ ...contextOf({}), managed: "Managed: {file} %Y" });
    expect(configured.renderText("{{ ansible_managed }}", options)).toMatch(/^Managed: t\.j2 20\d\d$/);
  });
  it("a file's own times are datetimes", () => {
    const options = { file: import.meta.filename, from: { askedFor: "t.j2" } };
    const text = "{{ template_run_date.year >= 2026 }} {{ (template_run_date - template_mtime).days >= 0 }}";
    expect(templar.renderText(text, options)).toBe("True True");
  });
  it("extra variables hide those of the scope", () => {
    expect(templar.renderText("{{ number }}{{ name }}", { file: "x", extra: { number: 6 } })).toBe("6web");
  });
});

describe("self", () => {
  it.each<[string, string]>([
    ["{% block a %}A{{ number }}{% endblock %}-{{ self.a() }}", "A5-A5"],
    [
      "{% for x in list %}{{ self.a() }}{% endfor %}{% block a %}<{{ x | default('none') }}>{% endblock %}",
      "<none><none><none>",
    ],
    ["{% block a %}{% block b %}b{% endblock %}{{ self.b() }}{% endblock %}", "bb"],
  ])("%j", (text, expected) => {
    expect(templar.renderText(text, { file: "x.j2" })).toBe(expected);
  });
});

describe("names of the type keep apart", () => {
  it("a dict's own keys and its methods", () => {
    const templar = createTemplar(
      contextOf({
        d: dict([
          ["items", 1],
          ["keys", 2],
          ["x", 3],
        ]),
      }),
    );
    expect(templar.evaluate("d['items']")).toBe(1);
    expect(templar.evaluate("d.items() | length")).toBe(3);
    expect(templar.evaluate("d.x")).toBe(3);
    const value = templar.evaluate("d");
    expect(isDict(value) && Object.keys(value)).toEqual(["items", "keys", "x"]);
  });
});

describe("a variable that uses an undefined one", () => {
  const lazy = createTemplar(
    contextOf(
      {},
      {
        scope: { lookup: (name) => (name === "a" ? templar.render("{{ nope }}", at) : undefined), names: () => ["a"] },
      },
    ),
  );
  it("is undefined", () => {
    expect(lazy.evaluate("a is defined")).toBe(false);
    expect(lazy.evaluate("a | default('x')")).toBe("x");
    expect(lazy.evaluate("a.b.c | default('x')")).toBe("x");
  });
  it("fails with the place of the undefined one", () => {
    expect(failure(() => lazy.render("{{ a }}"))).toMatchObject({
      summary: "'nope' is undefined",
      at: { line: 10, column: 8 },
    });
    expect(failure(() => lazy.render("{{ a + 1 }}"))).toMatchObject({
      summary: "'nope' is undefined",
      at: { line: 10, column: 8 },
    });
  });
});
