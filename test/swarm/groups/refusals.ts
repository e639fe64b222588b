import { beforeAll, describe, expect, it } from "vitest";
import { quick, site, standing } from "../standing.ts";

describe("refusals, before anything is changed", () => {
  beforeAll(standing, 1_200_000);

  it.each([
    ["a label that no host has", "mysql", { mysql_constraint: "storage==tape" }, /label storage=tape/],
    ["a label that two hosts have", "mysql", { engine_labels: ["storage=ssd"] }, /swarm-01, swarm-02 has it/],
    ["an address that is not the host's", "swarm-join", { swarm_address: "10.77.0.99" }, /10\.77\.0\.99/],
    ["an engine without cluster store", "docker-engine", { docker_engine_version: "26.1.5" }, /docker\.io 20\.10\.5/],
    ["a download without checksum", "compose", { compose_source: "download" }, /compose_checksum/],
    ["a subnet that is none", "overlay-net", { overlay_subnet: "10.0.9" }, /overlay_subnet/],
    ["no web container at all", "interlock-nginx", { web_scale: 0 }, /web_scale/],
    ["moving the database", "ha-reschedule", { ha_services: ["db"] }, /any host/],
  ])("%s", async (_what, role, extraVars, message) => {
    const run = await site({ tags: [role], extraVars: { ...quick, ...extraVars } });
    expect(run.failures.join("\n")).toMatch(message);
    expect(run.changed).toEqual([]);
  });
});
