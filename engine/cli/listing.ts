import { loadInventory } from "../inventory/load.ts";
import { requireHosts } from "../inventory/pattern.ts";
import { checkPlaybooks, tasksOf } from "../playbook/check-modules.ts";
import { loadPlaybooks } from "../playbook/load.ts";
import type { Play, Task } from "../playbook/tree.ts";
import type { RunOptions } from "../run/options.ts";
import { selectedByTags } from "../run/tags.ts";
import { Vault } from "../source/vault.ts";
import type { Flags } from "./flags.ts";
import { say, showDiagnostics } from "./screen.ts";

/** --list-hosts, --list-tasks, --list-tags, --syntax-check: from the files alone; no host is contacted. */
export async function list(options: RunOptions, flags: Flags): Promise<number> {
  const vault = options.vault ?? new Vault([]);
  const strict = options.strict === true;
  const { playbooks, warnings } = loadPlaybooks(options.playbooks, {
    vault,
    strict,
    ...(options.rolesPath ? { rolesPath: options.rolesPath } : {}),
    ...(options.extraVars ? { extraVars: options.extraVars } : {}),
  });
  showDiagnostics([...warnings, ...(await checkPlaybooks(playbooks, strict))], options.secrets?.redact);
  const inventory =
    "hosts" in options.inventory
      ? options.inventory
      : loadInventory([...options.inventory], { vault, strict, warn: (each) => showDiagnostics([each]) });
  requireHosts(inventory, options.limit);
  for (const [index, playbook] of playbooks.entries()) {
    say(`\nplaybook: ${options.playbooks[index] ?? playbook.file}`);
    if (flags.syntaxCheck && !flags.listHosts && !flags.listTasks && !flags.listTags) continue;
    for (const [number, play] of playbook.plays.entries()) {
      const pattern = Array.isArray(play.hosts) ? play.hosts.map(String).join(",") : String(play.hosts);
      say(`\n  play #${number + 1} (${pattern}): ${play.name}\tTAGS: [${[...play.tags].sort().join(",")}]`);
      if (flags.listHosts) {
        const { hosts } = inventory.match(pattern, options.limit);
        say(
          `    pattern: [${Array.isArray(play.hosts) ? play.hosts.map((each) => `'${each}'`).join(", ") : `'${pattern}'`}]`,
        );
        say(`    hosts (${hosts.length}):`);
        for (const host of hosts) say(`      ${host}`);
      }
      if (flags.listTasks) {
        say("    tasks:");
        for (const task of selected(play, options))
          say(`      ${titleOf(task)}\tTAGS: [${[...task.tags].sort().join(", ")}]`);
      }
      if (flags.listTags) {
        // Tags of tasks that run only when they are asked for are listed as well.
        const tags = options.tags?.length ? options.tags : ["all", "never"];
        const named = new Set([...selected(play, { ...options, tags })].flatMap((task) => task.tags));
        say(`      TASK TAGS: [${[...named].sort().join(", ")}]`);
      }
    }
  }
  return 0;
}

function* selected(play: Play, options: RunOptions): Iterable<Task> {
  for (const task of tasksOf(play)) {
    if (task.isHandler || task.module === "meta") continue;
    if (selectedByTags(task.tags, options.tags ?? [], options.skipTags ?? [])) yield task;
  }
}

/** Only a name that was given stands behind its role's. */
function titleOf(task: Task): string {
  if (task.name === undefined) return task.moduleAsWritten;
  return task.role && task.module !== "include_role" ? `${task.role.name} : ${task.name}` : task.name;
}
