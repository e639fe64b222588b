import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { complaints } from "./complaints.ts";
import { home } from "./home.ts";
import { defaultDefinition, open } from "./lab.ts";
import { main as playbook } from "./playbook.ts";
import { say, showFailure } from "./screen.ts";

/**
 * `play demo`: brings the lab up, builds what site.yml describes on it and lets demo.yml show what came of it.
 * What that is stands in the playbooks, not here.
 */
export async function main(argv: string[]): Promise<number> {
  const program = new Command("play demo")
    .configureOutput(complaints)
    .description("make the lab's hosts, run playbooks/site.yml on them, show what runs where")
    .option("--check", "bring the hosts up and only predict")
    .exitOverride();
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
  }
  try {
    say("The lab: two container hosts, made from Debian packages. The first time takes some minutes.");
    const lab = await open(defaultDefinition());
    for (const host of await lab.hosts.up()) say(`${host.name} is up at ${host.address}`);
  } catch (error) {
    showFailure(error);
    return 1;
  }
  process.chdir(home());
  const check = program.opts<{ check?: boolean }>().check === true;
  const site = ["site.yml", "-i", "inventory.yml"];
  say(`\n$ ./play ${site.join(" ")}${check ? " --check" : ""}`);
  const code = await playbook(check ? [...site, "--check"] : [...site, "--times"]);
  if (code !== 0 || check) return code;
  return playbook([join("playbooks", "demo.yml"), "-i", "inventory.yml"]);
}
