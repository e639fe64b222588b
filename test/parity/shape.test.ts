import { afterAll, beforeAll, expect, test } from "vitest";
import { keptAnswer } from "./answers.ts";
import { parityCases } from "./cases.ts";
import { Controller } from "./engines.ts";
import { orderOf, transcript } from "./transcript.ts";

/** Playbooks whose output has every kind of line that programs read. */
const shown = [
  "blocks/rescue",
  "handlers/failures",
  "handlers/order",
  "includes/handlers",
  "includes/imports",
  "loops/loop-control",
  "play/fatal",
  "play/meta",
  "play/serial",
  "results/conditions",
];
const cases = parityCases("language").filter((each) => shown.includes(each.name));
let controller: Controller | undefined;

beforeAll(async () => {
  expect(cases.map(({ name }) => name).sort()).toEqual(shown);
  controller = await Controller.start(cases);
});
afterAll(() => controller?.remove());

test.concurrent.for(cases.map((each) => [each.name, each] as const))("%s looks alike", async ([, each]) => {
  if (!controller) throw new Error("no controller");
  for (const flags of each.runs) {
    const theirs = await controller.run("ansible", each, flags);
    // Asked here in any case: so the kept answers of these are held against what ansible-playbook does now.
    if (process.env["PLAY_PARITY"] !== "keep")
      expect(transcript(theirs, orderOf(each)), `kept: ${flags}`).toEqual(keptAnswer("language", each, flags));
    const ours = await controller.run("plain", each, flags);
    expect(shape(ours.output), flags).toEqual(shape(theirs.output));
  }
});

/**
 * The lines, without what stands in JSON of one line; what debug and assert show over many lines is kept, as one. Within
 * a task they stand in order, since who comes first is chance.
 */
function shape(output: string): string[] {
  const lines: string[] = [];
  let block: string[] = [];
  const flush = () => {
    lines.push(...block.sort());
    block = [];
  };
  // The last of many lines is the closing brace. Where a task failed, ansible-core
  // writes the place to stdout and play to stderr (docs/differences.md).
  const whole = output
    .replace(/^\[ERROR\]: .*\n(?:.+\n|\n(?=\d+ ))*/gm, "")
    .replace(/ => \{.*\}$/gm, " => {…}")
    .replace(/ => \{\n(?:[ ].*\n)*\}$/gm, (json) => json.replace(/\s+/g, " "));
  for (const line of whole.split("\n")) {
    if (line === "") continue;
    if (/^(PLAY|TASK|RUNNING HANDLER|NO MORE HOSTS LEFT)\b/.test(line)) {
      flush();
      if (lines.at(-1) !== line) lines.push(line); // a meta task's stands once for each host
    } else if (line === "...ignoring") block.push(`${block.pop()} ...ignoring`);
    else block.push(line);
  }
  flush();
  return lines;
}
