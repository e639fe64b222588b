import type { Seat } from "./connections.ts";
import type { Ready } from "./item.ts";
import { type ActionHost, actionHost } from "./step-context.ts";
/** Predictions lie over answers where the whole run is a prediction, unless this task runs all the same. */
export function predictionsFor(ready: Ready): { predictions?: import("./predictions.ts").HostPredictions } {
  const { run } = ready.job.play;
  if (!run.options.check || !ready.checkMode) return {};
  const predictions = run.predictionsOf(ready.place);
  return predictions.empty ? {} : { predictions };
}

export function tracing(ready: Ready): { trace?: (text: string) => void } {
  const { run } = ready.job.play;
  if (run.verbosity < 3 || ready.job.speculative || ready.noLog) return {};
  return { trace: (text) => run.emit({ type: "trace", host: ready.place, level: 3, text }) };
}

export function seatOf(ready: Ready): Seat {
  if (!ready.seat) throw new Error(`${ready.job.module.name} has no host`);
  return ready.seat;
}

export function hostOf(ready: Ready): ActionHost {
  const { run } = ready.job.play;
  return actionHost(seatOf(ready), {
    signal: run.cut,
    connections: run.connections,
    ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
    ...tracing(ready),
  });
}
