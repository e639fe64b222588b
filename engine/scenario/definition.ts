import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DiagnosticError, type Position } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { type Dict, isDict, type Value } from "../source/value.ts";
import { parseYaml, positionOf, toValue } from "../source/yaml.ts";
import { interpolate } from "./interpolate.ts";

/** The phases of Molecule, and `predict`, which only play has, in the order in which a test goes through them. */
export const phases = [
  "dependency",
  "cleanup",
  "destroy",
  "syntax",
  "create",
  "prepare",
  "predict",
  "converge",
  "idempotence",
  "side_effect",
  "verify",
  "final_cleanup",
  "final_destroy",
] as const;

export type Phase = (typeof phases)[number];

/** One host of a scenario. */
export interface ScenarioPlatform {
  readonly name: string;
  /** An image of the lab, or one that is pulled. */
  readonly image: string;
  readonly groups: readonly string[];
  readonly volumes: readonly string[];
  /** What a pulled image runs as its first process; empty: its own. */
  readonly command: readonly string[];
}

/** A `molecule.yml`, as far as it means something here. */
export interface Scenario {
  /** `consul/default`, `playbooks/swarm`. */
  readonly name: string;
  readonly folder: string;
  /** The role it is about. */
  readonly role?: string;
  /** The folder that roles are looked for in. */
  readonly rolesPath: readonly string[];
  readonly platforms: readonly ScenarioPlatform[];
  readonly hostVars: Dict;
  readonly groupVars: Dict;
  /** Folders that lie beside the inventory: `group_vars`, `host_vars`. */
  readonly links: { readonly [name: string]: string };
  readonly extraVars: Dict;
  /** Absolute paths by phase; absent where the scenario has no such playbook. */
  readonly playbooks: { readonly [playbook: string]: string };
  readonly vaultPasswordFile?: string;
  /** Molecule's environment variables, for molecule.yml and for the playbooks' look-ups. */
  readonly variables: { readonly [name: string]: string };
  readonly phases: readonly Phase[];
}

const known = [
  "dependency",
  "driver",
  "lint",
  "platforms",
  "provisioner",
  "scenario",
  "verifier",
  "log",
  "prerun",
  "shared_state",
];

/** Reads a scenario's molecule.yml. @throws DiagnosticError with its place */
export function readScenario(file: string): Scenario {
  const folder = dirname(resolve(file));
  const project = dirname(dirname(folder));
  const variables = {
    MOLECULE_FILE: resolve(file),
    MOLECULE_PROJECT_DIRECTORY: project,
    MOLECULE_SCENARIO_DIRECTORY: folder,
    MOLECULE_SCENARIO_NAME: basename(folder),
  };
  const { documents } = parseYaml(
    interpolate(readFileSync(file, "utf8"), { ...process.env, ...variables }, file),
    file,
  );
  const value = documents[0] ? toValue(documents[0]) : null;
  const top = value === null ? {} : dictAt(value, file, "a molecule.yml");
  for (const key of Object.keys(top)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw failure(`molecule.yml has no "${key}"`, positionOf(top, key), near && `Did you mean "${near}"?`);
  }
  const provisioner = optionalDict(top["provisioner"], file, "provisioner");
  const inventory = optionalDict(provisioner["inventory"], file, "provisioner.inventory");
  const options = optionalDict(provisioner["options"], file, "provisioner.options");
  const scenario = optionalDict(top["scenario"], file, "scenario");
  const environment = optionalDict(provisioner["env"], file, "provisioner.env");
  const role = basename(dirname(folder)) === "molecule" ? basename(project) : undefined;
  const parent = dirname(project);
  const vaultPasswordFile = options["vault-password-file"];
  return {
    name: `${role ?? "molecule"}/${basename(folder)}`,
    folder,
    ...(role !== undefined && existsSync(join(project, "tasks")) ? { role } : {}),
    rolesPath: [
      ...rolesFolders(environment["ANSIBLE_ROLES_PATH"], folder),
      ...[parent, join(dirname(parent), "roles"), join(parent, "roles"), join(project, "roles")],
    ].filter((each) => existsSync(each)),
    platforms: platformsOf(top["platforms"], file, top),
    hostVars: optionalDict(inventory["host_vars"], file, "provisioner.inventory.host_vars"),
    groupVars: optionalDict(inventory["group_vars"], file, "provisioner.inventory.group_vars"),
    links: linksOf(folder, optionalDict(inventory["links"], file, "provisioner.inventory.links")),
    extraVars: optionalDict(options["extra-vars"], file, "provisioner.options.extra-vars"),
    playbooks: playbooksOf(folder, optionalDict(provisioner["playbooks"], file, "provisioner.playbooks")),
    ...(typeof vaultPasswordFile === "string" ? { vaultPasswordFile: resolve(folder, vaultPasswordFile) } : {}),
    variables,
    phases: sequenceOf(scenario["test_sequence"], file, scenario),
  };
}

function platformsOf(value: Value | undefined, file: string, top: Dict): ScenarioPlatform[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw failure(
      "a scenario needs platforms: a list of hosts",
      positionOf(top, "platforms") ?? { file, line: 1, column: 1 },
    );
  }
  return value.map((each, index) => {
    const platform = dictAt(each, file, "a platform");
    const name = platform["name"];
    const image = platform["image"];
    const at = positionOf(value, index);
    if (typeof name !== "string") throw failure("a platform needs a name", at);
    if (typeof image !== "string") throw failure(`platform ${name} needs an image: one of the lab, or to pull`, at);
    return {
      name,
      image,
      groups: texts(platform["groups"]),
      volumes: containerFolders(platform["volumes"]),
      command: commandOf(platform),
    };
  });
}

/** As Molecule's docker driver: a shell that sleeps, unless the platform has a command or keeps the image's own. */
function commandOf(platform: Dict): readonly string[] {
  if (platform["override_command"] === false) return [];
  const command = platform["command"];
  if (command === undefined) return ["sh", "-c", "while true; do sleep 10000; done"];
  if (Array.isArray(command)) return command.map(String);
  return typeof command === "string" && command !== "" ? ["sh", "-c", `exec ${command}`] : [];
}

function rolesFolders(value: Value | undefined, folder: string): string[] {
  if (typeof value !== "string") return [];
  return value
    .split(":")
    .filter((each) => each !== "")
    .map((each) => resolve(folder, each));
}

/** What Molecule links into the folder of its inventory; hosts come from the platforms alone. */
function linksOf(folder: string, links: Dict): { readonly [name: string]: string } {
  const found: { [name: string]: string } = {};
  for (const name of ["group_vars", "host_vars"]) {
    const target = links[name];
    if (typeof target === "string") found[name] = resolve(folder, target);
  }
  return found;
}

/** `- /var/lib/docker`, or Molecule's `- name:/var/lib/docker:rw`; the host's cgroups the lab mounts itself. */
function containerFolders(value: Value | undefined): string[] {
  return texts(value)
    .map(
      (each) =>
        each.split(":").find((part, index, all) => part.startsWith("/") && (index === 1 || all.length === 1)) ?? each,
    )
    .filter((each) => !each.startsWith("/sys/fs/cgroup"));
}

const bookNames = ["prepare", "converge", "verify", "side_effect", "cleanup"] as const;

function playbooksOf(folder: string, named: Dict): { readonly [name: string]: string } {
  const found: { [name: string]: string } = {};
  for (const name of bookNames) {
    const given = named[name];
    const file = resolve(folder, typeof given === "string" ? given : `${name}.yml`);
    if (existsSync(file)) found[name] = file;
  }
  return found;
}

/** Molecule names cleanup and destroy twice: before and after. `predict` goes before converge where it is not named. */
function sequenceOf(value: Value | undefined, file: string, scenario: Dict): readonly Phase[] {
  if (value === undefined) return phases;
  const result: Phase[] = [];
  for (const name of texts(value)) {
    if (name === "lint") continue;
    const late = result.includes("converge");
    const phase = phases.find(
      (each) => each === (late && (name === "cleanup" || name === "destroy") ? `final_${name}` : name),
    );
    if (!phase)
      throw failure(
        `there is no phase "${name}"`,
        positionOf(scenario, "test_sequence") ?? { file, line: 1, column: 1 },
      );
    if (phase === "converge" && !result.includes("predict")) result.push("predict");
    result.push(phase);
  }
  return result;
}

function dictAt(value: Value, file: string, what: string): Dict {
  if (isDict(value)) return value;
  throw failure(`${what} must be a mapping`, { file, line: 1, column: 1 });
}

function optionalDict(value: Value | undefined, file: string, what: string): Dict {
  return value === undefined || value === null ? {} : dictAt(value, file, what);
}

function texts(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function failure(summary: string, at: Position | undefined, hint?: string | undefined): DiagnosticError {
  return new DiagnosticError({ code: "scenario", severity: "error", summary, at, hint });
}
