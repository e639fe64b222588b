import { describe, expect, it } from "vitest";
import { imageChain, parseLabDefinition, readLabDefinition } from "../../../engine/lab/definition.ts";
import { DiagnosticError } from "../../../engine/source/diagnostic.ts";
import { labFile } from "../../lab/hosts.ts";

const head = "network: { subnet: 10.1.2.0/24, throwaway: 10.1.2.128/25 }\n";

/** The summaries of what is wrong with a lab file. */
function problems(text: string): string[] {
  try {
    parseLabDefinition(text, "/lab.yml");
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics.map((each) => each.summary);
    throw error;
  }
  return [];
}

describe("a lab file", () => {
  it("says what hosts, images and networks there are", () => {
    const lab = parseLabDefinition(
      `${head}hosts:
  a: { image: top, address: 10.1.2.3, volumes: [/data] }
images:
  base: { debian: bookworm, packages: [curl] }
  tool: { from: scratch, copy_from: [{ image: base, path: /bin/x }] }
  top: { from: base, copy_from: [{ image: tool, path: /a, to: /b }], run: "true", config: [CMD x] }
`,
      "/some/lab.yml",
    );
    expect(lab.subnet).toBe("10.1.2.0/24");
    expect(lab.folder).toBe("/some");
    expect(lab.hosts.get("a")).toEqual({ name: "a", image: "top", address: "10.1.2.3", volumes: ["/data"], ports: [] });
    expect(lab.images.get("tool")?.copyFrom).toEqual([{ image: "base", path: "/bin/x", to: "/bin/x" }]);
    expect(imageChain(lab, "top")).toEqual(["base", "tool", "top"]);
  });

  it.each([
    [`${head}images: { a: { from: b } }`, 'there is no image "b"'],
    [`${head}images: { a: { from: b }, b: { from: a } }`, "made of itself"],
    [`${head}images: { a: { debian: x, from: scratch } }`, "exactly one of debian, from and pull"],
    [`${head}images: { a: { debian: x, pakages: [] } }`, 'unknown key "pakages"'],
    [`${head}hosts: { h: { image: none, address: 1.2.3.4 } }`, 'there is no image "none"'],
    [`${head}hosts: { h: 3 }`, "hosts.h must be a mapping"],
    ["hosts: {}", "network.subnet must be a text"],
    [
      `${head}images: { a: { from: scratch } }\nhosts: { x: { image: a, address: 1.1.1.1 }, y: { image: a, address: 1.1.1.1 } }`,
      "is the address of x already",
    ],
  ])("%s", (text, expected) => {
    expect(problems(text).join("\n")).toContain(expected);
  });

  it("lists everything that is wrong at once", () => {
    expect(problems("hosts: { h: {} }\nextra: 1").length).toBeGreaterThanOrEqual(4);
  });

  it("says where YAML breaks, and which file is missing", async () => {
    expect(problems("a: [")).toHaveLength(1);
    await expect(readLabDefinition("/nowhere/lab.yml")).rejects.toThrow(
      "There is no lab definition at /nowhere/lab.yml",
    );
  });

  it("of this project is in order", async () => {
    const lab = await readLabDefinition(labFile);
    expect([...lab.hosts.keys()]).toEqual(["swarm-01", "swarm-02"]);
    expect(imageChain(lab, "swarm-host")).toEqual(["debian-11", "bullseye", "swarm-host"]);
  });
});
