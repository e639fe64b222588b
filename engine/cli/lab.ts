import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { endDaemon } from "../lab/daemon.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import { complaints } from "./complaints.ts";
import { home } from "./home.ts";
import { complain, outputColours, say, showFailure } from "./screen.ts";

/** `play lab …`: the container hosts alone. */
export async function main(argv: string[]): Promise<number> {
  let code = 0;
  const program = new Command("play lab")
    .configureOutput(complaints)
    .enablePositionalOptions()
    .description("make and remove the container hosts of a lab.yml")
    .option("--definition <file>", "the lab's file", defaultDefinition());
  const definition = () => program.opts<{ definition: string }>().definition;

  program
    .command("up [hosts...]")
    .description("bring hosts up; the first time their images are built")
    .action(async (hosts: string[]) => {
      const lab = await open(definition());
      for (const host of await lab.hosts.up(hosts.length > 0 ? hosts : undefined)) {
        say(`${host.name} is up at ${host.address}: ./play lab ssh ${host.name}`);
      }
    });
  program
    .command("down [hosts...]")
    .description("remove hosts with their data; --all: the registry and the lab's own Docker daemon too")
    .option("--all", "end the lab's own Docker daemon as well")
    .action(async (hosts: string[], options: { all?: boolean }) => {
      if (options.all && !existsSync(definition())) return endDaemon(labDirectory(), complain);
      const lab = await open(definition());
      await (options.all ? lab.end() : lab.hosts.remove(hosts));
      say(hosts.length > 0 ? `removed ${hosts.join(", ")}` : "the lab's hosts are gone");
      return undefined;
    });
  program
    .command("build")
    .description("build all images ahead, so that nothing waits for one later")
    .action(async () => {
      await (await open(definition())).build();
      say("all images of the lab are there");
    });
  program
    .command("status")
    .description("what is up")
    .action(async () => {
      const colours = outputColours();
      const status = await (await open(definition())).hosts.status();
      for (const host of status) {
        const paint = host.state === "running" ? colours.ok : host.state === "stopped" ? colours.changed : colours.dim;
        say(`${host.name.padEnd(12)} ${paint(host.state.padEnd(8))} ${host.address.padEnd(15)} ${host.image}`);
      }
    });
  program
    .command("ssh <host> [command...]")
    .description("log in to a host as root, or run a command there")
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (host: string, command: string[]) => {
      const [ssh = "ssh", ...rest] = (await open(definition())).hosts.ssh(host);
      code = await new Promise<number>((resolve, reject) => {
        spawn(ssh, [...rest, ...command], { stdio: "inherit" })
          .on("error", reject)
          .on("close", (status) => resolve(status ?? 1));
      });
    });
  program.exitOverride();

  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    showFailure(error);
    return 1;
  }
  return code;
}

/** Opens the lab; what it does is told on standard error. */
export function open(definition: string): Promise<Lab> {
  return openLab({ definition, directory: labDirectory(), log: complain });
}

export function labDirectory(): string {
  return process.env["PLAY_LAB_DIR"] ?? join(home(), ".play", "lab");
}

export function defaultDefinition(): string {
  return existsSync("lab.yml") ? "lab.yml" : join(home(), "test", "lab", "lab.yml");
}
