import { afterAll, beforeAll, expect, test } from "vitest";
import { parityCases } from "./cases.ts";
import { Controller } from "./engines.ts";
import { transcript } from "./transcript.ts";

/** Declares a test for each playbook of a group: both engines do the same. Prints how many agree. */
export function agreement(group: string, options: { readonly twins?: boolean } = {}): void {
  const cases = parityCases(group);
  let controller: Controller | undefined;
  let agreed = 0;

  beforeAll(async () => {
    controller = await Controller.start(cases, options);
  });
  afterAll(async () => {
    await controller?.remove();
    process.stdout.write(`${agreed} of ${cases.length} playbooks agree (${group})\n`);
  });

  test.concurrent.for(cases.map((each) => [each.name, each] as const))("%s", async ([, each]) => {
    if (!controller) throw new Error("no controller");
    const order = each.files.get("site.yml")?.content.includes("strategy: free") ? "free" : "linear";
    for (const flags of each.runs) {
      const theirs = await controller.run("ansible", each, flags);
      const ours = await controller.run("play", each, flags);
      const said = [flags, ours.errors, theirs.errors].join("\n");
      expect(transcript(ours, order), said).toEqual(transcript(theirs, order));
    }
    agreed++;
  });
}
