import { afterAll, beforeAll, expect, it } from "vitest";
import { Project, phasesOf, role } from "./project.ts";

const project = new Project();
const verify =
  "- hosts: all\n  gather_facts: false\n  tasks:\n    - command: cat /tmp/file\n      register: file\n" +
  "    - assert: { that: file.stdout == 'one' }\n";
const tasks = "- copy: { content: one, dest: /tmp/file, mode: '0644' }\n";

beforeAll(() => {
  project.write(role("first", tasks, { "verify.yml": verify }));
  project.write(role("second", tasks, { "verify.yml": verify }));
});
afterAll(() => project.remove());

it("create, converge, login, verify, list and destroy do their part, on the same hosts", async () => {
  await project.test(["destroy", "first"]); // where the test is tried once more
  const created = await project.test(["create", "first"]);
  expect(phasesOf(created.stdout)).toEqual(["✔ create"]);
  expect(created.code).toBe(0);
  expect((await project.test(["verify", "first"])).code).toBe(2); // nothing has converged yet

  const converged = await project.test(["converge", "first"]);
  expect(phasesOf(converged.stdout)).toEqual(["✔ create", "- prepare", "✔ converge"]);
  expect(converged.stdout).toMatch(/✔ converge .* 0 ok, 1 changed/);

  const login = await project.test(["login", "first"], "hostname; cat /tmp/file; exit 7\n");
  expect(login.stdout).toContain("first-host\none");
  expect(login.code).toBe(7);

  expect((await project.test(["verify", "first"])).code).toBe(0);
  expect((await project.test(["idempotence", "first"])).code).toBe(0);
  expect((await project.test(["list"])).stdout).toMatch(
    /^first\/default +first-host +plain +created\nsecond\/default +second-host +plain +-$/m,
  );

  expect(phasesOf((await project.test(["destroy", "first"])).stdout)).toEqual(["✔ destroy"]);
  expect((await project.test(["list", "first"])).stdout).toMatch(/ -$/m);
});

it("--destroy never leaves the hosts, reset takes them", async () => {
  const said = await project.test(["--destroy", "never", "first"]);
  expect(said.code).toBe(0);
  expect(phasesOf(said.stdout).at(-1)).toBe("✔ verify");
  expect((await project.test(["list", "first"])).stdout).toMatch(/ created$/m);
  expect((await project.test(["reset", "first"])).code).toBe(0);
  expect((await project.test(["list", "first"])).stdout).toMatch(/ -$/m);
});

it("--parallel tests several at once, and each comes to its result", async () => {
  const said = await project.test(["--parallel"]);
  expect(said.code).toBe(0);
  expect(said.stdout).toMatch(/^first\/default +passed /m);
  expect(said.stdout).toMatch(/^second\/default +passed /m);
  expect(said.stdout).toContain("2 scenarios passed, 0 failed");
});

it("-v shows the runs themselves", async () => {
  const said = await project.test(["converge", "-v", "second"]);
  expect(said.stdout).toMatch(/^changed: \[second-host\]/m);
  expect(said.stdout).toMatch(/^second-host +: ok=1 +changed=1 /m);
  await project.test(["destroy", "second"]);
});
