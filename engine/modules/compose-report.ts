import type { Dict, Value } from "../source/value.ts";
import type { ServiceContainer } from "./compose-project.ts";
import { asDict, at } from "./docker.ts";

/** How many there are, and run: for a diff. */
export function summary(containers: readonly ServiceContainer[]): Value {
  return { containers: containers.length, running: containers.filter(({ running }) => running).length };
}

/** What became of which container. */
export function actions(before: readonly ServiceContainer[], after: readonly ServiceContainer[]): Value[] {
  const old = new Map(before.map((each) => [each.id, each]));
  const found: Value[] = [];
  for (const each of after) {
    const was = old.get(each.id);
    if (!was) found.push({ what: "container", id: each.name, status: "Created" });
    else if (!was.running && each.running) found.push({ what: "container", id: each.name, status: "Started" });
    else if (was.running && !each.running) found.push({ what: "container", id: each.name, status: "Stopped" });
    else if (at(was.inspected, "State", "StartedAt") !== at(each.inspected, "State", "StartedAt")) {
      found.push({ what: "container", id: each.name, status: "Restarted" });
    }
  }
  for (const each of before) {
    if (!after.some(({ id }) => id === each.id)) found.push({ what: "container", id: each.name, status: "Removed" });
  }
  return found;
}

/** What the module returns of a project: service → container → id, image, state. */
export function describe(containers: readonly ServiceContainer[]): Dict {
  const services: Dict = {};
  for (const each of containers) {
    services[each.service] = {
      ...asDict(services[each.service]),
      [each.name]: {
        id: each.id,
        cmd: at(each.inspected, "Config", "Cmd") ?? [],
        image: at(each.inspected, "Config", "Image") ?? "",
        labels: asDict(at(each.inspected, "Config", "Labels")),
        networks: asDict(at(each.inspected, "NetworkSettings", "Networks")),
        state: { running: each.running, status: at(each.inspected, "State", "Status") ?? "" },
      },
    };
  }
  return services;
}

/** The same, a service a line. */
export function summaries(containers: readonly ServiceContainer[]): Dict {
  const found: Dict = {};
  for (const each of containers)
    found[each.service] = summary(containers.filter(({ service }) => service === each.service));
  return found;
}
