import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this project. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project of its own in a temporary folder, with the scenarios of a test. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "play-scenario-"));

  /** Writes files by their path in the project. */
  write(files: { readonly [path: string]: string }): this {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
    return this;
  }

  /** Runs `play test …` in the project. */
  test(args: readonly string[], input = ""): Promise<Said> {
    return playTest(this.folder, args, input);
  }

  /** Destroys what hosts the tests have left, and the folder. */
  async remove(): Promise<void> {
    await this.test(["destroy"]);
    rmSync(this.folder, { recursive: true });
  }
}

/** Runs `play test …` in a folder, as somebody who types it there; waits until both its outputs are closed. */
export async function playTest(folder: string, args: readonly string[], input = ""): Promise<Said> {
  const child = spawn(join(root, "play"), ["test", ...args], { cwd: folder, stdio: "pipe" });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => {}); // it need not read
  child.stdin.end(input);
  await once(child, "close");
  return {
    code: child.exitCode,
    stdout: Buffer.concat(stdout).toString("utf8"),
    stderr: Buffer.concat(stderr).toString("utf8"),
  };
}

/** A role with one scenario on one small host; `tasks` are the role's. */
export function role(name: string, tasks: string, more: { readonly [file: string]: string } = {}) {
  const scenario = `roles/${name}/molecule/default`;
  const files: { [path: string]: string } = {
    [`roles/${name}/tasks/main.yml`]: tasks,
    [`${scenario}/molecule.yml`]: `driver: { name: docker }\nplatforms:\n  - { name: ${name}-host, image: plain }\n`,
    [`${scenario}/converge.yml`]: `- hosts: all\n  gather_facts: false\n  roles: [${name}]\n`,
  };
  for (const [file, text] of Object.entries(more)) files[`${scenario}/${file}`] = text;
  return files;
}

/** The phases that a test's output tells of, each with its mark: `✔ converge`, `- cleanup`. */
export function phasesOf(stdout: string): string[] {
  return [...stdout.matchAll(/^ {2}([✔✖-]) (\w+)/gm)].map((match) => `${match[1]} ${match[2]}`);
}
