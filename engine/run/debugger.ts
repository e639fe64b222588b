import type { Task } from "../playbook/tree.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import { toJson } from "../source/to-json.ts";
import { type Dict, dict, isDict, type Value } from "../source/value.ts";
import { hasTemplate } from "../template/templar.ts";
import type { HostRun, PlayRun, RunContext } from "./context.ts";
import { Keywords } from "./keywords.ts";
import type { Outcome } from "./outcome.ts";

/** What the person at the debugger wants: the next task, this one again with what was changed, or the end of the run. */
export type Decision =
  | { readonly kind: "continue" }
  | { readonly kind: "quit" }
  | { readonly kind: "redo"; readonly task: Task; readonly vars: Dict };

/** Whether a task that ended so stops in the debugger: by its keyword, else where the strategy or the settings say so. */
export function stopsInDebugger(play: PlayRun, host: HostRun, task: Task, outcome: Outcome): boolean {
  const { run } = play;
  if (run.interrupted || outcome.fatal) return false;
  const keywords = new Keywords(run.variables.forTask(play, host.name, task).templar, task.at);
  const written = keywords.text("debugger", task.keywords.debugger);
  switch (written) {
    case undefined: {
      const failed = outcome.failed && keywords.boolean("ignore_errors", task.keywords.ignoreErrors) !== true;
      return (play.keywords.debugFailures || run.options.debugFailures === true) && (failed || outcome.unreachable);
    }
    case "always":
      return true;
    case "never":
      return false;
    case "on_failed":
      return outcome.failed;
    case "on_unreachable":
      return outcome.unreachable;
    case "on_skipped":
      return outcome.skipped;
    default:
      run.warn(`'debugger' has no value '${written}': the task goes on without stopping`);
      return false;
  }
}

const help = `p EXPRESSION            show a value: p task.args, p task_vars['x'], p result, p host
task.args['x'] = VALUE  change an argument of the task
task_vars['x'] = VALUE  change a variable
u                       make the task anew from the playbook, without the changed arguments
r                       run the task again
c                       go on
q                       stop the run`;

/** Hosts stop one after the other, however many failed at once: there is one terminal. */
const queues = new WeakMap<RunContext, Promise<unknown>>();

/** Talks with the person at the terminal until they have decided. Without a terminal it goes on. */
export function debug(
  play: PlayRun,
  host: HostRun,
  task: Task,
  outcome: Outcome,
  changed: { readonly task: Task; readonly vars: Dict },
): Promise<Decision> {
  const before = queues.get(play.run) ?? Promise.resolve();
  const talk = before.then(() => converse(play, host, task, outcome, changed));
  queues.set(
    play.run,
    talk.catch(() => {}),
  );
  return talk;
}

async function converse(
  play: PlayRun,
  host: HostRun,
  original: Task,
  outcome: Outcome,
  changed: { readonly task: Task; readonly vars: Dict },
): Promise<Decision> {
  const { run } = play;
  let { task } = changed;
  const vars = { ...dict(), ...changed.vars };
  let said = "";
  for (;;) {
    if (run.interrupted) return { kind: "continue" };
    const question = `${said}[${host.name}] TASK: ${task.name ?? task.moduleAsWritten} (debug)> `;
    const answer = await run.options.prompt?.(question, { echo: true, signal: run.cut });
    if (answer === undefined) {
      if (!run.interrupted) run.warn("the debugger needs a terminal: tasks fail or go on without stopping");
      return { kind: "continue" };
    }
    said = "";
    const line = answer.trim();
    const [, word = "", rest = ""] = /^(\w*)\s*(.*)$/s.exec(line) ?? [];
    if (["c", "continue"].includes(line)) return { kind: "continue" };
    if (["q", "quit"].includes(line)) return { kind: "quit" };
    if (["r", "redo"].includes(line)) return { kind: "redo", task, vars };
    try {
      if (["u", "update_task"].includes(line)) task = original;
      else if (["p", "pprint"].includes(word) && rest !== "") {
        said = `${toJson(show(rest), { indent: 4, ensureAscii: false, sortKeys: true })}\n`;
      } else if (line.includes("=")) task = assign(line);
      else if (line !== "") said = `${help}\n`;
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      said = `***${error.diagnostics.map((each) => each.summary).join("; ")}\n`;
    }
  }

  /** A value of the language, with the names that Ansible's debugger has. */
  function show(expression: string): Value {
    const own = run.variables.forTask(play, host.name, task).with({ name: "debugger", values: vars, templated: false });
    const taskVars = dict();
    // Only what is asked for: to make all variables of a host takes long, and some cannot be made.
    for (const name of own.names()) {
      if (new RegExp(`\\b${name}\\b`).test(expression)) taskVars[name] = own.lookup(name) ?? null;
    }
    const shown = dict([
      ["name", task.name ?? ""],
      ["action", task.moduleAsWritten],
      ["args", expression.includes("args") ? own.templar.render(argumentsOf(task), task.at) : null],
      ["tags", [...task.tags]],
    ]);
    const values = dict([
      ["task", shown],
      ["task_vars", taskVars],
      ["host", host.name],
      ["result", { ...outcome.value, _result: outcome.value }],
    ]);
    return own.with({ name: "the debugger's names", values, templated: false }).templar.evaluate(expression);
  }

  function assign(text: string): Task {
    const [, target, path = "", expression = ""] =
      /^(task\.args|task_vars)((?:\s*\[[^\]]+\])+)\s*=\s*(.+)$/s.exec(text) ?? [];
    if (target === undefined) return fail(`'${text}' is no assignment to task.args['x'] or task_vars['x']`);
    const keys = [...path.matchAll(/\[([^\]]+)\]/g)].map(([, key = ""]) => show(key));
    // A template in quotes is rendered when the task runs, as one in the playbook.
    const [, , quoted] = /^(["'])(.*)\1$/s.exec(expression) ?? [];
    const value = quoted !== undefined && hasTemplate(quoted) ? quoted : show(expression);
    if (target === "task.args") return { ...task, args: changedAt(argumentsOf(task), keys, value) };
    Object.assign(vars, changedAt(vars, keys, value));
    return task;
  }
}

function argumentsOf(task: Task): Dict {
  return isDict(task.args) ? task.args : dict([["_raw_params", task.args]]);
}

/** A copy of a structure with one place changed. */
function changedAt(container: Value | undefined, keys: readonly Value[], value: Value): Dict;
function changedAt(container: Value | undefined, keys: readonly Value[], value: Value): Value {
  const [key, ...further] = keys;
  if (key === undefined) return value;
  if (Array.isArray(container)) {
    if (typeof key !== "number" || container[key] === undefined) fail(`the list has no item ${String(key)}`);
    return container.map((each, index) => (index === key ? changedAt(each, further, value) : each));
  }
  if (typeof key !== "string") fail("the name of an argument or variable is a text in quotes");
  const base = isDict(container) ? container : dict();
  return { ...dict(), ...base, [key]: changedAt(base[key], further, value) };
}

function fail(summary: string): never {
  throw new DiagnosticError({ code: "debugger", severity: "error", summary });
}
