import { object, text } from "../json.ts";
import { logError, logInfo, logWarning } from "../log.ts";
import type { Cluster } from "./cluster.ts";
import { demandsOf, labelPrefix, requestFrom } from "./container-config.ts";
import { createContainer } from "./create.ts";
import type { Engine, KnownContainer } from "./engine.ts";

/** Makes the containers of a lost node anew elsewhere, as far as they wish it (`reschedule:on-node-failure`). */
export async function moveContainers(cluster: Cluster, lost: Engine): Promise<void> {
  if (lost.healthy) return; // it has come back meanwhile
  for (const old of lost.known) {
    if (!demandsOf(old.labels).policies.includes("on-node-failure")) continue;
    // Off the list first: its name and ports are to be free.
    lost.forget(old);
    try {
      await moveContainer(cluster, lost, old);
    } catch (error) {
      lost.remember(old);
      logError(`Failed to reschedule container ${old.id}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

async function moveContainer(cluster: Cluster, lost: Engine, old: KnownContainer): Promise<void> {
  await releaseEndpoints(cluster, old);
  const made = await createContainer(cluster, old.name, requestFrom(old.inspected));
  logInfo(`Rescheduled container ${old.id} from ${lost.name} to ${made.engine.name} as ${made.id}`);
  const wasRunning = object(old.inspected["State"])["Running"] === true;
  if (!wasRunning) return;
  logInfo(`Container ${old.id} was running, starting container ${made.id}`);
  const started = await made.engine.send("POST", `/containers/${made.id}/start`);
  if (!started.ok && started.status !== 304) {
    logError(`Failed to start rescheduled container ${made.id}: ${started.message}`);
  }
  await made.engine.refreshContainers();
}

/** The overlay still lists the endpoints of a lost node's container, and so would refuse its name. */
export async function releaseEndpoints(cluster: Cluster, old: KnownContainer): Promise<void> {
  const helper = cluster.healthy[0];
  if (!helper) return;
  for (const [network, endpoint] of Object.entries(object(object(old.inspected["NetworkSettings"])["Networks"]))) {
    const id = text(object(endpoint)["NetworkID"]) || network;
    const seen = await helper.send("GET", `/networks/${id}`);
    if (!seen.ok || text(object(seen.json())["Scope"]) !== "global") continue;
    const cut = await helper.send("POST", `/networks/${id}/disconnect`, { Container: old.name, Force: true });
    if (!cut.ok) logWarning(`Failed to remove network endpoint from old container ${old.name}: ${cut.message}`);
  }
}

/** On a node that has come back: removes what runs elsewhere by now. Of two copies the younger stays. */
export async function removeDoubles(cluster: Cluster, back: Engine): Promise<void> {
  await back.refreshContainers();
  for (const own of back.known) {
    const id = own.labels[`${labelPrefix}id`];
    if (!id) continue;
    for (const { engine, container } of cluster.containers) {
      if (engine === back || container.labels[`${labelPrefix}id`] !== id) continue;
      const older = text(own.inspected["Created"]) <= text(container.inspected["Created"]);
      const [place, double] = older ? [back, own] : [engine, container];
      logInfo(`Removing container ${double.id} from ${place.name}: it was rescheduled`);
      const removed = await place.send("DELETE", `/containers/${double.id}?force=1&v=1`);
      if (!removed.ok && removed.status !== 404) logError(`HTTP error: ${removed.message}`);
      await place.refreshContainers();
    }
  }
}
