import { afterAll, beforeAll, expect, it } from "vitest";
import { Project, role } from "./project.ts";

const project = new Project();
const molecule = "roles/broken/molecule/default/molecule.yml";

beforeAll(() => {
  project.write(role("fine", "- ping:\n"));
});
afterAll(() => project.remove());

it.each([
  ["a scenario that there is none of", ["nowhere"], 2, /no scenario for nowhere; `play test list` shows all/],
  ["a flag that there is none of", ["--faster"], 2, /unknown option '--faster'/],
  ["a word that --destroy does not know", ["--destroy", "perhaps"], 2, /Allowed choices are always, never/],
  ["a login where nothing was created", ["login", "fine"], 1, /fine\/default has no hosts: play test create/],
])("names %s", async (_what, args, code, message) => {
  const said = await project.test(args);
  expect(said.stderr).toMatch(message);
  expect(said.code).toBe(code);
  expect(said.stdout).toBe("");
});

it.each([
  ["a key that is none", "platfroms: []\n", /has no "platfroms"/, 1],
  ["platforms that are missing", "driver: { name: docker }\n", /needs platforms: a list of hosts/, 1],
  ["an image that is missing", "platforms:\n  - { name: a }\n", /platform a needs an image/, 2],
  [
    "a phase that is none",
    "platforms:\n  - { name: a, image: plain }\nscenario: { test_sequence: [cook] }\n",
    /no phase "cook"/,
    3,
  ],
])("shows the line of molecule.yml with %s", async (_what, text, message, line) => {
  const broken = new Project().write(role("broken", "- ping:\n")).write({ [molecule]: text });
  const said = await broken.test(["broken"]);
  expect(said.stderr).toMatch(message);
  expect(said.stderr).toMatch(new RegExp(`molecule\\.yml:${line}:`));
  expect(said.code).toBe(1);
  broken.write({ [molecule]: "platforms:\n  - { name: a, image: plain }\n" });
  await broken.remove();
});
