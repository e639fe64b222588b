import { describe, expect, it, test } from "vitest";
import { expandReplacement, PatternError, pythonPattern } from "../../../engine/source/python-regex.ts";

describe("pythonPattern", () => {
  // Pattern, text, what Python's re.findall gives (3.13).
  test.each<[string, string, string[]]>([
    ["\\w+", "größe_1 日本-x", ["größe_1", "日本", "x"]],
    ["(?a)\\w+", "größe", ["gr", "e"]],
    ["\\W", "é-日 ", ["-", " "]],
    ["\\d", "1٣²", ["1", "٣"]],
    ["\\bé", "é xé", ["é"]],
    [".", "a\r\u2028\n😀", ["a", "\r", "\u2028", "😀"]],
    ["(?m)^.", "a\rb\nc", ["a", "c"]],
    ["a$", "a\na\n", ["a"]],
    ["(?m)a$", "a\na\n", ["a", "a"]],
    ["[][]", "a]b[", ["]", "["]],
    ["[^]a]", "]ab", ["b"]],
    ["[\\w-]+", "é-b c", ["é-b", "c"]],
    ["[a&&b||c]+", "a&b|c-", ["a&b|c"]],
    ["[\\W\\d]", "aé1-", ["1", "-"]],
    ["a{,2}b", "aab b", ["aab", "b"]],
    ["{x}", "a{x}", ["{x}"]],
    ["\\Aa|b\\Z", "aab", ["a", "b"]],
    ["(?x) a  b # both", "ab", ["ab"]],
    ["\\-\\:\\ \\'", "-: '", ["-: '"]],
    ["(?i)É", "éÉ", ["é", "É"]],
    ["\\x41\\u00e9\\101", "AéA", ["AéA"]],
  ])("%s in %j", (pattern, text, found) => {
    expect([...text.matchAll(pythonPattern(pattern, { flags: "g" }))].map(([whole]) => whole)).toEqual(found);
  });

  test.each(["(", "[a", "a\\", "\\q", "[\\w-a]", "*a", "(?P<a>x)(?P<a>y)", "\\2(a)"])("refuses %s", (pattern) => {
    expect(() => pythonPattern(pattern)).toThrow(PatternError);
  });

  it("takes letters of ASCII alone for files that are read as bytes", () => {
    expect(pythonPattern("^\\w+", { ascii: true }).exec("größe")?.[0]).toBe("gr");
  });
});

describe("expandReplacement", () => {
  const match = /(?<x>a)(b)?(?<y>c)/.exec("ac") ?? [];
  test.each([
    ["<\\1\\g<3>\\g<y>>", "<acc>"],
    ["\\2|", "|"],
    ["\\g<1>0\\n\\t\\\\", "a0\n\t\\"],
    ["\\.\\-", "\\.\\-"],
    ["\\101\\0", "A\0"],
  ])("%s", (template, text) => {
    expect(expandReplacement(template, match, { x: "a", y: "c" })).toBe(text);
  });
  test.each(["\\4", "\\g<z>", "\\g<7>", "\\q"])("refuses %s", (template) => {
    expect(() => expandReplacement(template, match, { x: "a", y: "c" })).toThrow(PatternError);
  });
});
