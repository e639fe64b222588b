import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCase, replay } from "./case.ts";

// Every file below cases/ is a call that is wrong in one way, with everything that play writes then. `vitest -u` writes
// the files anew; they are read before they are committed.
const cases = join(import.meta.dirname, "cases");

describe.each(readdirSync(cases).sort())("%s", (group) => {
  it.each(readdirSync(join(cases, group)).sort())("%s", async (name) => {
    const file = join(cases, group, name);
    await expect(await replay(parseCase(readFileSync(file, "utf8")))).toMatchFileSnapshot(file);
  });
});
