import { describe, expect, test } from "vitest";
import { servicesOf } from "../../../engine/modules/service_facts.ts";
import { type SystemdArguments, systemdLook } from "../../../engine/modules/systemd.ts";
import { decodeUnit, unitEffect, unitName } from "../../../engine/modules/units.ts";
import { Unknown } from "../../../engine/source/value.ts";
import { planBy, predicted, reply } from "./answers.ts";

const shown = (properties: { [name: string]: string }, enabled: string) =>
  reply(
    `${Object.entries({ Id: "x.service", LoadState: "loaded", ActiveState: "active", ...properties })
      .map(([key, value]) => `${key}=${value}\n`)
      .join("")}#=enabled=#\n${enabled}\n`,
  );
const base: SystemdArguments = {
  daemon_reload: false,
  daemon_reexec: false,
  no_block: false,
  force: false,
  scope: "system",
};
const names = (args: Partial<SystemdArguments>, unit: ReturnType<typeof reply>, predictions = predicted()) => {
  const plan = planBy(systemdLook({ ...base, name: "x", ...args }, "h"), { unit }, predictions);
  return plan instanceof Unknown ? "unknown" : (plan.change?.steps.map(({ name }) => name) ?? []);
};

test.each([
  ["docker", "docker.service"],
  ["docker.socket", "docker.socket"],
  ["getty@tty1", "getty@tty1.service"],
])("%s is %s", (name, unit) => expect(unitName(name)).toBe(unit));

describe("what systemd says", () => {
  test.each([
    ["running and enabled", shown({}, "enabled"), { found: true, running: true, enabled: true, masked: false }],
    ["starting", shown({ ActiveState: "activating" }, "disabled"), { running: true, enabled: false }],
    ["failed", shown({ ActiveState: "failed" }, "static"), { running: false, enabled: true }],
    ["masked", shown({ LoadState: "masked", ActiveState: "inactive" }, "masked"), { masked: true, enabled: false }],
    ["an alias", shown({}, "alias"), { enabled: false }],
    ["nothing", shown({ LoadState: "not-found", ActiveState: "inactive" }, ""), { found: false }],
    [
      "no systemd",
      reply("", 3, "systemctl is not on the host"),
      { found: false, failure: "systemctl is not on the host: it has no systemd" },
    ],
  ])("%s", (_, from, state) => expect(decodeUnit(from, "x.service")).toMatchObject(state));
});

describe("what is done", () => {
  const on = shown({}, "enabled");
  const off = shown({ ActiveState: "inactive" }, "disabled");
  test.each([
    [{ state: "started", enabled: true }, on, []],
    [{ state: "started", enabled: true }, off, ["enable x.service", "start x.service"]],
    [{ state: "stopped", enabled: false }, on, ["disable x.service", "stop x.service"]],
    [{ state: "stopped" }, off, []],
    [{ state: "restarted" }, on, ["restart x.service"]],
    [{ state: "reloaded" }, on, ["reload x.service"]],
    [{ state: "reloaded" }, off, ["start x.service"]],
    [{ masked: true }, off, ["mask x.service"]],
    [
      { state: "restarted", daemon_reload: true },
      shown({ NeedDaemonReload: "yes" }, "enabled"),
      ["read the units again", "restart x.service"],
    ],
    [{ state: "restarted", daemon_reload: true }, on, ["read the units again", "restart x.service"]],
    [{ state: "started", daemon_reload: true }, on, ["read the units again"]],
  ] as const)("%o", (args, unit, steps) => expect(names(args, unit)).toEqual(steps));

  test("reading units again is no change in itself", () => {
    const plan = planBy(systemdLook({ ...base, name: "x", daemon_reload: true }, "h"), {
      unit: shown({ NeedDaemonReload: "yes" }, "enabled"),
    });
    expect(plan).toMatchObject({ change: { silent: true } });
  });
});

describe("predictions", () => {
  const none = shown({ LoadState: "not-found", ActiveState: "inactive" }, "");
  const package_ = { opens: ["unit"], because: "the package x" };
  test("a unit that a package will bring is unknown", () => {
    expect(names({ state: "started" }, none, predicted(package_))).toBe("unknown");
  });
  test("its restart is a change in any case", () => {
    expect(names({ state: "restarted" }, none, predicted(package_))).toEqual(["restart x.service"]);
  });
  test("a unit that is predicted to run is left alone", () => {
    expect(names({ state: "started" }, none, predicted(package_, unitEffect("x.service", { running: true })))).toEqual(
      [],
    );
  });
  test("a unit whose file will be written is there", () => {
    const file = { kind: "path", subject: "/etc/systemd/system/x.service", state: { exists: true } };
    expect(names({ state: "started", daemon_reload: true }, none, predicted(file))).toEqual([
      "read the units again",
      "start x.service",
    ]);
  });
  test("a drop-in that will be written has to be read", () => {
    const file = { kind: "path", subject: "/etc/systemd/system/x.service.d/a.conf", state: { exists: true } };
    expect(names({ state: "restarted", daemon_reload: true }, shown({}, "enabled"), predicted(file))).toEqual([
      "read the units again",
      "restart x.service",
    ]);
  });
  test("a unit that is nowhere fails", () => {
    expect(() => names({ state: "started" }, none)).toThrow("Could not find the requested service x: host");
  });
});

test("services of systemd", () => {
  const services = servicesOf(
    "systemd\n  a.service loaded active running A\n● b.service not-found inactive dead b\n  c.service loaded failed failed C\n#=files=#\na.service enabled enabled\nd@.service static -\ne.service disabled enabled\n",
  );
  expect(services).toEqual({
    "a.service": { name: "a.service", state: "running", status: "enabled", source: "systemd" },
    "b.service": { name: "b.service", state: "stopped", status: "not-found", source: "systemd" },
    "c.service": { name: "c.service", state: "failed", status: "unknown", source: "systemd" },
    "d@.service": { name: "d@.service", state: "unknown", status: "static", source: "systemd" },
    "e.service": { name: "e.service", state: "inactive", status: "disabled", source: "systemd" },
  });
});
