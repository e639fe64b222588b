import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../engine/source/diagnostic-format.ts";
import { nearest } from "../../../engine/source/nearest.ts";

describe("formatDiagnostic", () => {
  const at = { file: "a.yml", line: 1, column: 3 };
  it("says no more than it knows", () => {
    const shown = (at?: { file: string; line: number; column: number }, source?: string) =>
      formatDiagnostic({ code: "x", severity: "warning", summary: "odd", at }, () => source, { color: false });
    expect(shown()).toBe("[WARNING]: odd");
    expect(shown(at)).toBe("[WARNING]: odd\n  at a.yml:1:3");
    expect(shown({ ...at, line: 9 }, "one line\n")).toBe("[WARNING]: odd\n  at a.yml:9:3");
    expect(shown(at, "one\n")).toBe("[WARNING]: odd\n  at a.yml:1:3\n\n> 1 | one\n    |   ^\n");
  });
  it("keeps the caret under the place in long lines and after tabs", () => {
    const source = `${"x".repeat(500)}\tY`;
    const text = formatDiagnostic(
      { code: "x", severity: "error", summary: "s", at: { ...at, column: 502 } },
      () => source,
      {
        color: false,
      },
    );
    const [line = "", caret = ""] = text.split("\n").slice(3);
    expect(line[caret.indexOf("^")]).toBe("Y");
  });
  it("colours on demand", () => {
    expect(
      formatDiagnostic({ code: "x", severity: "error", summary: "s" }, () => undefined, { color: true }),
    ).toContain("\u001b[");
  });
});

describe("nearest", () => {
  it.each([
    ["tempalte", ["template", "copy"], "template"],
    ["serivce", ["service", "services"], "service"],
    ["becom", ["become", "become_user"], "become"],
    ["Hosts", ["hosts"], "hosts"],
    ["xyz", ["copy", "file"], undefined],
    ["ab", ["cd"], undefined],
    ["", ["a"], undefined],
    ["file", ["file"], undefined],
  ])("%s", (name, candidates, expected) => {
    expect(nearest(name, candidates)).toBe(expected);
  });
});
