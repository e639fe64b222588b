import { afterAll, beforeAll, expect, test } from "vitest";
import { keepAnswer, keptAnswer } from "./answers.ts";
import { type ParityCase, parityCases } from "./cases.ts";
import { Controller } from "./engines.ts";
import { orderOf, transcript } from "./transcript.ts";

/**
 * Declares a test for each playbook of a group: both engines do the same. Prints how many agree.
 *
 * ansible-playbook itself answers where no kept answer counts, with `twins` always: what it does there depends on more
 * than the case. With PLAY_PARITY=live it answers everything, and the kept answers are held
 * against that; with PLAY_PARITY=keep they are written anew.
 */
export function agreement(group: string, options: { readonly twins?: boolean } = {}): void {
  const mode = process.env["PLAY_PARITY"] ?? "";
  const cases = parityCases(group);
  let controller: Controller | undefined;
  let agreed = 0;
  let asked = 0;
  let kept = 0;

  beforeAll(async () => {
    controller = await Controller.start(cases, options);
  });
  afterAll(async () => {
    await controller?.remove();
    const answers = `${asked} answers of ansible-playbook's were asked for now, ${kept} were kept`;
    process.stdout.write(`${agreed} of ${cases.length} playbooks agree (${group}; ${answers})\n`);
  });

  async function theirs(engines: Controller, each: ParityCase, flags: string) {
    const known = options.twins || mode !== "" ? undefined : keptAnswer(group, each, flags);
    if (known !== undefined) {
      kept++;
      return { lines: known, errors: "" };
    }
    asked++;
    const run = await engines.run("ansible", each, flags);
    const lines = transcript(run, orderOf(each));
    if (mode === "keep" && !options.twins) keepAnswer(group, each, flags, lines);
    if (mode === "live" && !options.twins) expect(lines, `kept: ${flags}`).toEqual(keptAnswer(group, each, flags));
    return { lines, errors: run.errors };
  }

  test.concurrent.for(cases.map((each) => [each.name, each] as const))("%s", async ([, each]) => {
    if (!controller) throw new Error("no controller");
    for (const flags of each.runs) {
      const answer = await theirs(controller, each, flags);
      const ours = await controller.run("play", each, flags);
      const said = [flags, ours.errors, answer.errors].join("\n");
      expect(transcript(ours, orderOf(each)), said).toEqual(answer.lines);
    }
    agreed++;
  });
}
