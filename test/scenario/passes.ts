import { expect } from "vitest";
import { playTest, root } from "./project.ts";

/** Takes one of this project's own scenarios through all its phases; what each took goes to the log. */
export async function passes(name: string): Promise<void> {
  const said = await playTest(root, [name]);
  process.stderr.write(said.stdout);
  expect(said.stdout + said.stderr).toContain("1 scenario passed, 0 failed");
  expect(said.code).toBe(0);
}
