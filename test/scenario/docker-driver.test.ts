import { afterAll, beforeAll, expect, it } from "vitest";
import { projectLab } from "../lab/hosts.ts";
import { Project, phasesOf } from "./project.ts";

/*
 * A role's repository as people publish it, with a scenario that was written for Molecule and its docker driver: an
 * image of a registry, without an SSH server, named through the environment. No registry is asked: the daemon has the
 * image already.
 */
const project = new Project();
const image = "example.test/someone/docker-debian12-ansible:latest";

const files = {
  "tasks/main.yml":
    "- name: Write the greeting\n  copy:\n    content: \"{{ greeting }}\\n\"\n    dest: /etc/greeting\n    mode: '0644'\n",
  "molecule/default/molecule.yml": `---
dependency:
  name: galaxy
  options:
    ignore-errors: true
driver:
  name: docker
platforms:
  - name: instance
    image: "example.test/someone/docker-$\{MOLECULE_DISTRO:-debian12}-ansible:latest"
    command: $\{MOLECULE_DOCKER_COMMAND:-"sleep 100000"}
    volumes:
      - /sys/fs/cgroup:/sys/fs/cgroup:rw
    cgroupns_mode: host
    privileged: true
    pre_build_image: true
    groups: [greeters]
provisioner:
  name: ansible
  config_options:
    defaults: { interpreter_python: auto_silent }
  env:
    ANSIBLE_ROLES_PATH: $\{MOLECULE_PROJECT_DIRECTORY}/..
  inventory:
    links: { group_vars: group_vars/ }
  playbooks:
    converge: $\{MOLECULE_PLAYBOOK:-converge.yml}
verifier:
  name: ansible
`,
  "molecule/default/group_vars/greeters.yml": "greeting: good morning\n",
  "molecule/default/converge.yml": `---
- name: Converge
  hosts: all
  become: true
  tasks:
    - name: Include the role
      ansible.builtin.include_role:
        name: "{{ lookup('env', 'MOLECULE_PROJECT_DIRECTORY') | basename }}"
`,
  "molecule/default/verify.yml": `---
- name: Verify
  hosts: greeters
  gather_facts: false
  tasks:
    - name: Read it
      ansible.builtin.slurp:
        src: /etc/greeting
      register: greeting_file
    - name: It greets
      ansible.builtin.assert:
        that: (greeting_file.content | b64decode) == "good morning\\n"
`,
};

beforeAll(async () => {
  const lab = await projectLab();
  await lab.docker.run(["tag", await lab.image("plain"), image]);
  project.write(files);
});
afterAll(async () => {
  await project.remove();
  await (await projectLab()).docker.run(["image", "rm", image]);
});

it("runs a scenario of the docker driver as it is", async () => {
  const said = await project.test(["--destroy", "never"]);
  expect(said.stdout + said.stderr).toContain("1 scenario passed, 0 failed");
  expect(said.code).toBe(0);
  expect(phasesOf(said.stdout)).toContain("✔ verify");
});

it("logs in to its container", async () => {
  const login = await project.test(["login"], "cat /etc/greeting\n");
  expect(login.stdout).toBe("good morning\n");
  expect(login.code).toBe(0);
});
