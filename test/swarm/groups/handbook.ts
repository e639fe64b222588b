import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { on, wholeAgain } from "../cluster.ts";
import { play, root } from "../site.ts";

describe("docs/swarm.md", () => {
  const page = readFileSync(`${root}docs/swarm.md`, "utf8");
  const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.trim().split("\n"));

  it("has commands", () => {
    expect(commands.length).toBeGreaterThan(5);
  });

  it.each(commands)(
    "%s",
    async (command) => {
      const { status, output } = await shell(command);
      expect(status, output.slice(-3000)).toBe(0);
      // Each engine has been down, one after the other; the web service is back at web_scale, scale.yml was for a while.
      if (command.includes(" restart.yml ")) {
        await wholeAgain();
        expect((await play("site.yml")).changed).toEqual([]);
      }
    },
    600_000,
  );

  it("leaves the data behind, and nothing else to take down", async () => {
    expect(await on("swarm-01", "docker ps -q; docker network ls -q --filter driver=overlay")).toBe("");
    expect(await on("swarm-01", "ls /var/lib/mysql")).toContain("mysql");
    expect((await play("teardown.yml")).changed).toEqual([]);
  });
});

/** Runs a line in the project's folder, as a reader of the page would. */
async function shell(line: string): Promise<{ status: number | null; output: string }> {
  const child = spawn("sh", ["-c", line], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [status] = (await once(child, "close")) as [number | null];
  return { status, output };
}
