import type { ControllerModule } from "../modules/contract.ts";
import { type Dict, Unknown } from "../source/value.ts";
import type { Prepared } from "./item.ts";
import { actionOutcome } from "./item-action.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { sleep } from "./step-context.ts";
/** Runs a module that needs no host. A promise only where the module waits. */
export function runController(item: Prepared & { kind: "controller" }): Outcome | Promise<Outcome> {
  const { ready, module } = item;
  const { run } = ready.job.play;
  try {
    const result = module.run(ready.args, ready.context, {
      signal: run.cut,
      sleep: (seconds) => sleep(seconds, run.cut),
      prompt: async (text, options) => run.options.prompt?.(text, options),
    });
    if (result instanceof Promise) {
      return result.then(controllerOutcome, (error: unknown) => outcomeOf(error, ready.job.task.at));
    }
    return controllerOutcome(result);
  } catch (error) {
    return outcomeOf(error, ready.job.task.at);
  }

  function controllerOutcome(result: Awaited<ReturnType<ControllerModule["run"]>>): Outcome {
    const outcome = actionOutcome(result);
    const { facts: _, ...rest } = outcome; // set_fact's are set through `controller`
    const unknown = module.name === "assert" || module.name === "fail" ? firstUnknown(result.result) : undefined;
    return {
      ...rest,
      skipped: result.skipped ?? false,
      controller: result,
      ...(ready.delegate === undefined ? {} : { delegate: ready.delegate }),
      ...(unknown ? { unknown: unknown.reason } : {}),
      ...(result.skipped ? { value: { ...outcome.value, skipped: true } } : {}),
    };
  }
}

function firstUnknown(value: Dict): Unknown | undefined {
  for (const each of Object.values(value)) if (each instanceof Unknown) return each;
  return undefined;
}
