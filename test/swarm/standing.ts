import { projectLab } from "../lab/hosts.ts";
import { wholeAgain } from "./cluster.ts";
import { play } from "./site.ts";

/**
 * A lost node is noticed sooner than by default, so that the tests of failures are not all waiting. Three failures, as
 * by default: after two a busy machine's engine, which does not answer within 10 s, already counts as lost.
 */
export const quick = {
  swarm_manager_refresh_min: "3s",
  swarm_manager_refresh_max: "6s",
  swarm_manager_failure_retry: 3,
};

export const site = (options = {}) => play("site.yml", { extraVars: quick, ...options });

/** The swarm stands: made where the tests before have not. */
export async function standing(): Promise<void> {
  await (await projectLab()).hosts.up();
  const run = await site();
  if (run.failures.length > 0) throw new Error(run.failures.join("\n"));
  await wholeAgain();
}
