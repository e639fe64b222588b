import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinScripts, quote, sh } from "../../../engine/host/script.ts";

const word = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0"));

describe("quoting", () => {
  it.each([["dash"], ["bash", "--norc"], ["busybox", "sh"]])("gives %s the very words", (...shell) => {
    const [file = "", ...args] = shell;
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const script = sh`printf '%s\0' ${words}`.text.replace("\0", "\\0");
        const told = execFileSync(file, [...args, "-c", script], { env: { PATH: process.env["PATH"], LC_ALL: "C" } });
        expect(told.toString("utf8").split("\0").slice(0, -1)).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses NUL", () => {
    expect(() => quote("a\0b")).toThrow(RangeError);
    expect(() => sh`echo ${"a\0b"}`).toThrow(RangeError);
  });
});

describe("the template", () => {
  it("takes words, numbers, lists and scripts", () => {
    expect(sh`a ${"b c"} ${7} ${["x", "y'z"]} ${sh`| d ${"e"}`}`.text).toBe("a 'b c' '7' 'x' 'y'\\''z' | d 'e'");
  });

  it("leaves backslashes to the shell, and lets a parameter be written", () => {
    expect(sh`printf '%s\n' "\${x%y}" \`date\``.text).toBe(["printf '%s\\n' \"$", '{x%y}" `date`'].join(""));
  });

  it("refuses a value inside quotes", () => {
    expect(() => sh`echo "${"x"}"`).toThrow("quoted twice");
    expect(() => sh`echo 'a ${"x"}'`).toThrow("quoted twice");
    expect(sh`echo "$(stat ${"x"})" # don't ${"mind"}`.text).toBe("echo \"$(stat 'x')\" # don't 'mind'");
  });

  it("refuses what is no value of a command", () => {
    const missing: unknown = undefined;
    expect(() => sh`echo ${missing as string}`).toThrow(TypeError);
    expect(() => sh`echo ${{ text: "rm -rf /" } as unknown as string}`).toThrow(TypeError);
  });

  it("joins", () => {
    expect(joinScripts([sh`a`, sh`b ${1}`], " && ").text).toBe("a && b '1'");
  });
});
