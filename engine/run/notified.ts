import type { Script } from "../host/contract.ts";

import type { Task } from "../playbook/tree.ts";
import type { TaskVars } from "../vars/contract.ts";
import type { Seat } from "./connections.ts";
import type { Ready } from "./item.ts";
/** The marks that go with a change which may notify; a delegated one happens on a host where the handler does not run. */
export function marksBefore(ready: Ready, seat: Seat): Script | undefined {
  const { play, task } = ready.job;
  if (task.notify === undefined || ready.delegate !== undefined) return undefined;
  const names = notifiedNames(task, ready.vars);
  const handlers = names.flatMap((name) => play.handlers.find(name, ready.vars.templar));
  return play.run.marks.before(seat, play.play, handlers);
}

/** The names in `notify`, rendered; one text may give a list of them. @throws TemplateError */
export function notifiedNames(task: Task, vars: TaskVars): string[] {
  if (task.notify === undefined) return [];
  const names = vars.templar.render(task.notify, task.at);
  return [names].flat(2).filter((name): name is string => typeof name === "string" && name !== "");
}
