import { afterAll, expect, it } from "vitest";
import { Project, phasesOf, role } from "./project.ts";

const project = new Project();
afterAll(() => project.remove());

const marker = (phase: string) =>
  `- hosts: all\n  gather_facts: false\n  tasks:\n    - { name: Note, shell: echo ${phase} >> /tmp/phases }\n`;

const note = "- name: Write a file\n  copy: { content: one, dest: /tmp/file, mode: '0644' }\n";

it("goes through Molecule's phases in their order, with predict before converge", async () => {
  project.write(
    role("whole", note, {
      "prepare.yml": marker("prepare"),
      "side_effect.yml": marker("side_effect"),
      "cleanup.yml": marker("cleanup"),
      "verify.yml":
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - command: cat /tmp/phases /tmp/file\n      register: seen\n" +
        "    - assert:\n        that: seen.stdout_lines == ['prepare', 'side_effect', 'one']\n",
    }),
  );
  const said = await project.test(["whole"]);
  expect(said.stdout).toContain("1 scenario passed, 0 failed");
  expect(said.code).toBe(0);
  expect(phasesOf(said.stdout)).toEqual([
    "- dependency",
    "- cleanup",
    "- destroy",
    "✔ syntax",
    "✔ create",
    "✔ prepare",
    "✔ predict",
    "✔ converge",
    "✔ idempotence",
    "✔ side_effect",
    "✔ verify",
    "✔ cleanup",
    "✔ destroy",
  ]);
  expect(said.stdout).toMatch(/✔ predict .* 0 ok, 1 changed/);
  expect(said.stdout).toMatch(/✔ converge .* 0 ok, 1 changed, as predicted/);
  expect(said.stdout.match(/whole\/default/g)).toHaveLength(2); // above its phases, and in the table
});

it("keeps to a test_sequence of the scenario's own", async () => {
  project.write(role("short", note));
  project.write({
    "roles/short/molecule/default/molecule.yml":
      "platforms:\n  - { name: short-host, image: plain }\n" +
      "scenario:\n  test_sequence: [lint, destroy, create, converge, destroy]\n",
  });
  const said = await project.test(["short"]);
  expect(phasesOf(said.stdout)).toEqual(["- destroy", "✔ create", "✔ predict", "✔ converge", "✔ destroy"]);
  expect(said.code).toBe(0);
});

it("says which task of which host is not idempotent, and what differs", async () => {
  project.write(
    role(
      "restless",
      "- name: Write the time\n" +
        "  copy: { content: \"{{ lookup('pipe', 'date +%s%N') }}\\n\", dest: /tmp/time, mode: '0644' }\n",
    ),
  );
  const said = await project.test(["restless"]);
  expect(said.code).toBe(2);
  expect(said.stdout).toMatch(/✖ idempotence .* the second run still changes something, 1 times/);
  expect(said.stdout).toContain("TASK [restless : Write the time] on restless-host");
  expect(said.stdout).toMatch(/^ +-\d{19}$/m);
  expect(said.stdout).toMatch(/^ +\+\d{19}$/m);
  // What comes after is left out, but for the end: there is no side_effect and no verify.
  expect(phasesOf(said.stdout)).not.toContain("- side_effect");
  expect(phasesOf(said.stdout).slice(-2)).toEqual(["- cleanup", "✔ destroy"]);
  expect(said.stdout).toContain("0 scenarios passed, 1 failed");
});

it("says which task of which host was predicted wrongly", async () => {
  project.write(
    role(
      "liar",
      "- name: Write a flag\n  copy: { content: x, dest: /tmp/flag, mode: '0644' }\n" +
        "- name: Claim a change where the flag is missing\n  command: test -e /tmp/flag\n  register: flag\n" +
        "  check_mode: false\n  failed_when: false\n  changed_when: flag.rc != 0\n",
    ),
  );
  const said = await project.test(["liar"]);
  expect(said.code).toBe(2);
  expect(said.stdout).toMatch(/✖ converge .* the prediction was wrong/);
  expect(said.stdout).toContain(
    "TASK [liar : Claim a change where the flag is missing] on liar-host: predicted changed, but it was ok",
  );
});

it("names the task, the host and the place where a verification fails, and destroys the hosts all the same", async () => {
  project.write(
    role("doubtful", note, {
      "verify.yml":
        "- hosts: all\n  gather_facts: false\n  tasks:\n" +
        "    - name: Doubt it\n      assert: { that: 1 == 2, fail_msg: it is not so }\n",
    }),
  );
  const said = await project.test(["doubtful"]);
  expect(said.code).toBe(2);
  expect(said.stdout).toMatch(/TASK \[Doubt it\] on doubtful-host: it is not so \(.*verify\.yml:4\)/);
  expect(phasesOf(said.stdout).slice(-2)).toEqual(["- cleanup", "✔ destroy"]);
  expect((await project.test(["list", "doubtful"])).stdout).toMatch(/^doubtful\/default +doubtful-host +plain +-$/m);
});
