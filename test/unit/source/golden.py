"""Makes golden.json: what PyYAML and Python's json and repr do. Run: /usr/bin/python3 golden.py > golden.json (and format it)"""
import json
import sys
import datetime
import yaml

LOADS = [
    "a: yes\nb: No\nc: on\nd: OFF\ne: y\nf: True\ng: FALSE", "a: 0644\nb: 0o644\nc: 0x1F\nd: 1_000\ne: 089\nf: -7\ng: +3\nh: 0b101\ni: 0\nj: 00",
    "a: 1.0\nb: 1.5\nc: 1e3\nd: 1.0e+3\ne: .5\nf: .inf\ng: -.INF\nh: 1.\ni: 1_0.5\nj: -0.0\nk: 12e03", "a: ~\nb: null\nc: Null\nd:\ne: ''\nf: nUll", "", "# only a comment\n", "---\n", "--- \n...\n", "a: 1\n---\nb: 2\n",
    "base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n", "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  <<: [*a, *b]\n  w: 1\n", "a: &x [1, 2]\nb: *x\n", "a: |\n  one\n  two\n\nb: >\n  one\n  two\n\n  three\nc: |-\n  x\n\nd: |+\n  x\n\n",
    "a: 'it''s'\nb: \"tab\\there \\u00e9 \\x41\"\nc: plain text here\n", "- 1\n- - 2\n  - 3\n- a: 1\n  b: 2\n", "a: [1, two, 'three', {b: c}]\n", "a:\n- 1\n- 2\n", "a: one\n  two\n  three\n", "\"quoted key\": 1\n'k2': 2\n? k3\n: 3\n", "a: !!str 1\nb: !!int '3'\nc: !!float 2\nd: !!bool 'yes'\n", "a: http://x:80/y\nb: 1:2:x\nc: a#b\nd: a #b\n", "1: a\n2.5: b\n", "a: >-\n    folded\n    text\n\n      indented\n    back\n", "a: |2\n    x\n   y\n", "[a, b, ]\n", "{a: 1, b, c: }\n", "a: \"line one\n  line two\"\n", "%YAML 1.1\n---\na: 1\n", "a: - b\n" if False else "a: -b\n", "a: 12345678901234567890\n", "a: 'x' # comment\nb: # nothing\n", "key with spaces: v\n", "a: ü\n", "a: =\n" if False else "a: ==\n",
    "a:\n  - b\n  -\n  - \n", "- \n- x\n", "a: .nan\n", "{}\n", "[]\n", "a: {}\nb: []\n", "x: \"a\\\n  b\"\n", "a: \"\\t\\n\\r\\\\\"\n", "- name: x\n  shell: echo {{ a }} b\n", "a: 'multi\n\n  line'\n", "a\n", "'a'\n", "12\n",
    "a: |\n  x", "a: >\n  x\n  y", "a: |+\n  x", "a: |-\n  x", "a: |\n  x\n\n  ", "a: x", "- a: |\n    x\n  b: |\n    y",
    "a: {\n  x: 1,\n  y: 2\n}\nb: 1\n", "a:\n  b: [\n    1,\n    2\n  ]\n  c: 3\n", "- {\na: 1,\n b: [\n2\n]\n}\n- x\n", "a: \"one\n  two\n\nthree\"\nb: 'x\ny'\n", "k:\n  - [ plain text\ngoes on, here ]\n  - [ # c\n# d\n  ]\n",
]
LONG = "the quick brown fox jumps over the lazy dog and then " * 4
VALUES = [
    None, True, False, 0, 1, -5, 1.0, 1.5, 1e16, 1e-5, 123456789012345680.0, 0.1, 1e22, 1e100, "", "a", "yes", "No", "1", "1.5", "0644", "0o644", "1e3", "12:30", "2024-01-01", "~", "null", " lead", "trail ", "a: b", "a:b", "a #b", "a#b", "- x", "-x", "@x", "`x", "%x", "!x", "&x", "*x", "{x", "[x", "x]", "x,y", "it's", 'say "hi"', "both ' and \"", "back\\slash", "tab\there", "line\nbreak", "line\nbreak\n", "\n", "a\n\nb", "  a\n  b", "x \ny", "é", "日本語", "emoji \U0001F600", "\x00\x1b", "\u2028", "\ufeff", "---", "--- a", "...", "?", "? a", ":", ": a", "=", "<<", "#", "a: ", "key:", LONG, LONG + "\n" + LONG, "'" + LONG, "x" * 100, "é: " + LONG, "\t" + LONG, "a\\b\x07" + LONG,
    [], {}, [1], [1, "a", None, True, 1.5], {"a": 1}, {"a": []}, {"a": {}}, {"a": [1, 2], "b": {"c": "d"}}, [[1, 2], [3]], [{"a": 1, "b": 2}, {"a": 3}], {"a": [{"b": [1, {"c": 2}]}]}, {"z": 1, "a": 2, "M": 3}, {"": 1}, {"1": 3, "a b": 1, "yes": 2, "x: y": 4}, {"k" * 130: 1}, {"multi\nline": 1}, {"l": LONG, "m": LONG + "\n"}, {"list": [LONG, LONG]}, {"a": "x\ny\n", "b": ["p\nq"]}, [[], [[]], {}], [[[1]]], {"a": {"b": {"c": {"d": [1, 2, {"e": None}]}}}}, list(range(60)), {"k%d" % i: i for i in range(30)}, {"n": ["item number %d" % i for i in range(20)]}, "\u00a0x", "\x7f", "\xad", "a\u200bb", "'a'", "''", '"', "\\", "\r\n", "\ud7ff", "a'b\nc",
]


def plain(v):
    if isinstance(v, (datetime.date, datetime.datetime)):
        return str(v)
    if isinstance(v, dict):
        return {str(k): plain(x) for k, x in v.items()}
    if isinstance(v, list):
        return [plain(x) for x in v]
    return v


def dump(v, **kw):
    return yaml.dump(v, Dumper=yaml.CSafeDumper, **kw)


out = {
    "loads": [{"yaml": t, "repr": [repr(plain(d)) for d in yaml.safe_load_all(t)]} for t in LOADS],
    "values": [
        {
            "value": json.dumps(v),
            "repr": repr(v),
            "str": str(v),
            "json": json.dumps(v),
            "nice_json": json.dumps(v, indent=4, sort_keys=True),
            "unicode_json": json.dumps(v, ensure_ascii=False),
            "yaml": dump(v, allow_unicode=True, default_flow_style=None),
            "nice_yaml": dump(v, allow_unicode=True, default_flow_style=False, indent=4),
            "indent2": dump(v, allow_unicode=True, default_flow_style=False, indent=2, sort_keys=False),
            "wide": dump(v, allow_unicode=True, default_flow_style=False, width=1000),
            "ascii": dump(v, default_flow_style=False),
        }
        for v in VALUES
    ],
}
json.dump(out, sys.stdout, indent=1)
