import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { projectLab } from "./hosts.ts";

/** The first process of each container, and when it began: which tells it from a later one of the same number. */
const processes = new Map<string, { readonly id: string; readonly began: string }>();

const environment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
};

/**
 * Runs shell lines in a container, behind play's back: what `docker exec` does, by nsenter, because tests look into their
 * hosts hundreds of times, and each `docker exec` takes a third of a second of a processor.
 * @param container its name
 * @returns what it wrote to its standard output
 * @throws Error with what it wrote to its standard error, when it ends with another code than 0
 */
export async function inside(container: string, script: string): Promise<string> {
  const target = await processOf(container);
  const child = spawn("nsenter", ["--target", target, "--all", "--", "sh", "-c", script], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close") as Promise<[number | null]>;
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  if (code !== 0) throw new Error(`${container}: ended with ${code}: ${errors}${output}`.slice(0, 4000));
  return output;
}

async function processOf(container: string): Promise<string> {
  const known = processes.get(container);
  if (known !== undefined && known.began === began(known.id)) return known.id;
  const { docker } = await projectLab();
  const [id = "0"] = await docker.lines(["inspect", "--format", "{{.State.Pid}}", container]);
  if (id === "0") throw new Error(`the container ${container} does not run`);
  processes.set(container, { id, began: began(id) });
  return id;
}

/** Clock ticks from the machine's start to the process's, or nothing where there is none (proc(5), field 22). */
function began(id: string): string {
  try {
    return (
      readFileSync(`/proc/${id}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")[19] ?? ""
    );
  } catch {
    return "";
  }
}
