import { describe, expect, it } from "vitest";
import { keyValue, pieces, UnclosedQuote } from "../../../engine/source/key-values.ts";

describe("words of one text", () => {
  it.each([
    ["a=1  b='x y' c", ["a=1", "b='x y'", "c"]],
    [
      "docker inspect -f '{{ '{{.State.Pid}}' }}' \"$id\"",
      ["docker", "inspect", "-f", "'{{ '{{.State.Pid}}' }}'", '"$id"'],
    ],
    ['[ "$(query "a b")" ]', ["[", '"$(query "a', 'b")"', "]"]],
    ["x={{ a | f('it s') }} y", ["x={{ a | f('it s') }}", "y"]],
    ['echo \\"its\\" \\\'x', ["echo", '\\"its\\"', "\\'x"]],
  ])("%s", (text, words) => {
    expect(pieces(text).join("")).toBe(text);
    expect(pieces(text).map((piece) => piece.trim())).toEqual(words);
  });
  it.each(["echo it's", 'a="b c', "'{{ x }}"])("of which a quote is never closed: %s", (text) => {
    expect(() => pieces(text)).toThrow(UnclosedQuote);
  });
});

describe("name=value", () => {
  it.each([
    ['msg="a\\tb\\\\n\\x41\\u00e9 \\q"', { key: "msg", value: "a\tb\\nAé \\q" }],
    ["msg='it\\'s'", { key: "msg", value: "it's" }],
    ["x-y=1", { key: "x-y", value: "1" }],
    ["a=b=c", { key: "a", value: "b=c" }],
    ["word", undefined],
  ])("%s", (text, pair) => expect(keyValue(text)).toEqual(pair));
});
