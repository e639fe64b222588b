import { describe, expect, test } from "vitest";
import { joined } from "../../../engine/modules/assemble.ts";
import { withKeys, withoutKeys } from "../../../engine/modules/authorized_key.ts";
import { withBlock } from "../../../engine/modules/blockinfile.ts";
import { globRegex } from "../../../engine/modules/find.ts";
import { withOption } from "../../../engine/modules/ini_file.ts";
import { withLine, withoutLine } from "../../../engine/modules/lineinfile.ts";
import { octal, resolveMode } from "../../../engine/modules/mode.ts";
import { pythonRegex, substitute } from "../../../engine/modules/python-regex.ts";
import { withReplaced } from "../../../engine/modules/replace.ts";
import { splitWords } from "../../../engine/modules/words.ts";

// What ansible-core's own modules make of the same texts.

describe("lineinfile", () => {
  test.each([
    ["", { line: "x" }, "x\n"],
    ["a\n", { line: "x" }, "a\nx\n"],
    ["a", { line: "x" }, "a\nx\n"],
    ["a\nx\nb\n", { line: "x" }, "a\nx\nb\n"],
    ["a\nb\n", { line: "x", insertafter: "^a" }, "a\nx\nb\n"],
    ["a\nb\na\n", { line: "x", insertafter: "^a" }, "a\nb\na\nx\n"],
    ["a\nb\na\n", { line: "x", insertafter: "^a", firstmatch: true }, "a\nx\nb\na\n"],
    ["a\nb\n", { line: "x", insertbefore: "^b" }, "a\nx\nb\n"],
    ["a\nb\n", { line: "x", insertbefore: "BOF" }, "x\na\nb\n"],
    ["a\nb\n", { line: "x", insertbefore: "^none" }, "a\nb\nx\n"],
    ["a\nb", { line: "x", insertafter: "^b" }, "a\nb\nx\n"],
    ["k=1\nk=2\n", { regexp: "^k=", line: "k=3" }, "k=1\nk=3\n"],
    ["k=1\nk=2\n", { regexp: "^k=", line: "k=3", firstmatch: true }, "k=3\nk=2\n"],
    ["k=1\n", { regexp: "^(k)=(\\d)", line: "\\1=x\\2", backrefs: true }, "k=x1\n"],
    ["a\n", { regexp: "^(k)=(\\d)", line: "\\1=x\\2", backrefs: true }, "a\n"],
    ["a b c\n", { search_string: "b", line: "x" }, "x\n"],
    ["#k\nk=1\n", { regexp: "^k", insertafter: "^#k", line: "k=2" }, "#k\nk=2\n"],
    ["k=1\r\n", { regexp: "^k", line: "k=1" }, "k=1\n"],
  ])("%j with %j", (given, args, expected) => {
    const edited = withLine(given, args);
    expect(edited.text).toBe(expected);
    expect(edited.message === "").toBe(given === expected);
    // With backrefs the new line may match again, in Ansible too.
    if (!("backrefs" in args)) expect(withLine(expected, args).text, "twice").toBe(expected);
  });

  test("absent takes all that match", () => {
    expect(withoutLine("a\nb\na1\n", { regexp: "^a" })).toMatchObject({ text: "b\n", message: "2 line(s) removed" });
    expect(withoutLine("a\nb\n", { line: "b" }).text).toBe("a\n");
    expect(withoutLine("a\nxbx\n", { search_string: "b" }).text).toBe("a\n");
    expect(withoutLine("a\n", { line: "z" })).toMatchObject({ text: "a\n", message: "" });
  });
});

describe("blockinfile", () => {
  const args = {
    state: "present",
    block: "x\ny",
    marker: "# {mark} M",
    marker_begin: "BEGIN",
    marker_end: "END",
    append_newline: false,
    prepend_newline: false,
  } as const;
  const block = "# BEGIN M\nx\ny\n# END M\n";

  test.each([
    ["", {}, block],
    ["a", {}, `a\n${block}`],
    ["a\n# BEGIN M\nold\n# END M\nb\n", {}, `a\n${block}b\n`],
    ["a\nb\n", { insertafter: "^a" }, `a\n${block}b\n`],
    ["a\nb\n", { insertbefore: "^b" }, `a\n${block}b\n`],
    ["a\n", { insertbefore: "BOF" }, `${block}a\n`],
    ["a\nb\n", { insertafter: "^a", append_newline: true, prepend_newline: true }, `a\n\n${block}\nb\n`],
    ["a\n# BEGIN M\nold\n# END M\nb\n", { state: "absent" }, "a\nb\n"],
    ["a\n# BEGIN M\nold\n# END M\nb\n", { block: "" }, "a\nb\n"],
    ["a\n# END M\nold\n# BEGIN M\nb\n", {}, `a\n${block}b\n`],
    ["a\n", { state: "absent" }, "a\n"],
  ] as const)("%j with %j", (given, more, expected) => {
    expect(withBlock(given, { ...args, ...more }).text).toBe(expected);
    expect(withBlock(expected, { ...args, ...more }).text, "twice").toBe(expected);
  });
});

describe("replace", () => {
  test.each([
    ["a1 b1\n", { regexp: "(\\w)1", replace: "\\g<1>2" }, "a2 b2\n", "2 replacements made"],
    ["a\nb\n", { regexp: "^", replace: "# " }, "# a\n# b\n# ", "3 replacements made"],
    ["a\nx\nb\nx\n", { regexp: "x", replace: "y", after: "b" }, "a\nx\nb\ny\n", "1 replacements made"],
    ["x\nb\nx\n", { regexp: "x", replace: "y", before: "b" }, "y\nb\nx\n", "1 replacements made"],
    ["a x b x c x\n", { regexp: "x", replace: "y", after: "a", before: "c" }, "a y b y c x\n", "2 replacements made"],
    ["a\n", { regexp: "z", replace: "" }, "a\n", ""],
  ])("%j with %j", (given, args, text, message) => {
    expect(withReplaced(given, args)).toMatchObject({ text, message });
  });
});

describe("ini_file", () => {
  const args = {
    section: "s",
    option: "k",
    state: "present",
    exclusive: true,
    no_extra_spaces: false,
    ignore_spaces: false,
    allow_no_value: false,
    modify_inactive_option: true,
  } as const;
  test.each([
    ["", { value: "1" }, "\n[s]\nk = 1\n"], // a new file, as Ansible begins one
    ["[s]\nk = 0\n", { value: "1" }, "[s]\nk = 1\n"],
    ["[s]\n#k = 0\n", { value: "1" }, "[s]\nk = 1\n"],
    ["[s]\na = 0\n\n[t]\nk = 5\n", { value: "1" }, "[s]\na = 0\nk = 1\n\n[t]\nk = 5\n"],
    ["[s]\nk=1\n", { value: "1", ignore_spaces: true }, "[s]\nk=1\n"],
    ["[s]\nk = 1\nb = 2\n", { state: "absent" }, "[s]\nb = 2\n"],
    ["[s]\nk = 1\n[t]\n", { state: "absent", option: undefined }, "[t]\n"],
    ["[s]\nk = 1\nk = 2\n", { values: ["2", "3"] }, "[s]\nk = 3\nk = 2\n"],
    ["[s]\n", { value: "1", no_extra_spaces: true }, "[s]\nk=1\n"],
    ["[s]\n", { allow_no_value: true }, "[s]\nk\n"],
    ["[t]\na = 1\n", { section: undefined, value: "1" }, "k = 1\n[t]\na = 1\n"],
  ] as const)("%j with %j", (given, more, expected) => {
    const { section, option, ...rest } = { ...args, ...more };
    const full = {
      ...rest,
      ...(section === undefined ? {} : { section }),
      ...(option === undefined ? {} : { option }),
    };
    expect(withOption(given, full).text).toBe(expected);
    expect(withOption(expected, full).text, "twice").toBe(expected);
  });
});

describe("authorized keys", () => {
  const [a, b] = ["ssh-ed25519 AAAA a@x", "ssh-rsa BBBB b@x"];
  test("are added, replaced and taken away by the key alone", () => {
    expect(withKeys("", [a], false)).toBe(`${a}\n`);
    expect(withKeys(`${a}\n# note\n${b}\n`, [`no-pty ${a}`], false)).toBe(`no-pty ${a}\n# note\n${b}\n`);
    expect(withKeys(`${a}\n# note\n${b}\n`, [b], true)).toBe(`${b}\n`);
    expect(withKeys(`${a}`, [b], false)).toBe(`${a}\n${b}\n`);
    expect(withoutKeys(`${a}\n${b}\n`, ["ssh-rsa BBBB other"])).toBe(`${a}\n`);
  });
});

test.each([
  ["0644", 0, false, "0644"],
  ["u+x", 0o644, false, "0744"],
  ["a+X", 0o644, false, "0644"],
  ["a+X", 0o644, true, "0755"],
  ["u=rwX,g=rX,o=", 0o755, false, "0750"],
  ["g=u", 0o640, false, "0660"],
  ["+x", 0o644, false, "0755"],
  ["+w", 0o444, false, "0644"],
  ["u+s,g-w", 0o775, false, "04755"],
  ["o+t", 0o777, true, "01777"],
  ["a=rx", 0o2775, true, "02555"],
  ["u-w+x", 0o644, false, "0544"],
])("mode %s over %o (folder: %s) is %s", (spec, current, directory, expected) => {
  expect(octal(resolveMode(spec, current, { directory }))).toBe(expected);
});

describe("Python's regular expressions", () => {
  test.each([
    ["^a$", "a\n", true],
    ["^a\\Z", "a\n", false],
    ["(?i)ABC", "abc", true],
    ["(?P<x>a)(?P=x)", "aa", true],
    ["[$]x", "$x", true],
    ["\\Ab", "ab", false],
  ])("%s on %j: %s", (pattern, text, expected) => {
    expect(pythonRegex(pattern).test(text)).toBe(expected);
  });

  test("replacements", () => {
    expect(substitute("ab", pythonRegex("(?P<n>a)"), "\\g<n>\\n\\g<0>$1")).toEqual({ text: "a\na$1b", count: 1 });
  });
});

test.each([
  ['a \'b c\' "d\\"e" f\\ g', ["a", "b c", 'd"e', "f g"]],
  ["a '' b", ["a", "", "b"]],
  ["", []],
])("words of %j", (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test.each([
  ["*.log", "a.log", true],
  ["a?c", "abc", true],
  ["[!a]*", "abc", false],
  ["a.b", "axb", false],
])("pattern %s on %s: %s", (pattern, name, expected) => {
  expect(globRegex(pattern).test(name)).toBe(expected);
});

test.each([
  [["a", "b\n"], undefined, "a\nb\n"],
  [["a\n", "b"], "--", "a\n--\nb"],
  [["a"], "--", "a"],
])("fragments %j with %j", (parts, delimiter, expected) => {
  const fragments = parts.map((part) => Buffer.from(part));
  expect(joined(fragments, delimiter).toString()).toBe(expected);
});
