import { describe, expect, test } from "vitest";
import { aptLook } from "../../../engine/modules/apt.ts";
import { aptDefaults } from "../../../engine/modules/apt-arguments.ts";
import { globExpression } from "../../../engine/modules/apt-globs.ts";
import { normaliseSource, sourceFileName } from "../../../engine/modules/apt-sources.ts";
import { parseWish, satisfied } from "../../../engine/modules/apt-wish.ts";
import type { Plan } from "../../../engine/modules/contract.ts";
import { deb822, keyOf } from "../../../engine/modules/deb822_repository.ts";
import { compareVersions } from "../../../engine/modules/debian-version.ts";
import { decodeRpm } from "../../../engine/modules/dnf.ts";
import selections from "../../../engine/modules/dpkg_selections.ts";
import packageModule from "../../../engine/modules/package.ts";
import { decodeSimulation, listsFetched, packageEffect, packageOpens } from "../../../engine/modules/packages.ts";
import { satisfies } from "../../../engine/modules/pip.ts";
import { findModule } from "../../../engine/modules/registry.ts";
import { withRepository } from "../../../engine/modules/yum_repository.ts";
import { type Dict, Unknown } from "../../../engine/source/value.ts";
import { planBy, predicted, reply } from "./answers.ts";
import { context } from "./driver.ts";

const line = (name: string, status: string, version: string) => `${name}\tamd64\t${status}\tinstall\t${version}\n`;
const simulation =
  "Inst libjq1 (1.6-2 Debian:12 [amd64])\nInst jq [1.5] (1.6-2 Debian:12 [amd64])\nRemv gawk [1]\nConf jq (1.6)\n";

/** Each lower than the next by `dpkg --compare-versions A lt B`. */
const ascending = [
  "1.0~~",
  "1.0~~a",
  "1.0~",
  "1.0~rc1",
  "1.0",
  "1.0-0.1",
  "1.0-1",
  "1.0-1+b1",
  "1.0-1.1",
  "1.0-10",
  "1.0a",
  "1.0+dfsg",
  "1.0-a-1",
  "1.0.1",
  "1.2",
  "1.10",
  "20240101120000",
  "202401011200000",
  "1:0.1",
];

describe("package", () => {
  const installed = { "package-manager": reply("apt-get\n"), package: reply(line("jq", "installed", "1.6-2")) };
  const wanted = (args: Dict) => {
    if (packageModule.sort !== "state") throw new Error("no state module");
    return packageModule.look({ name: ["jq"], state: "absent", use: "auto", ...args }, context, undefined);
  };
  const steps = (plan: Plan | Unknown) =>
    plan instanceof Unknown ? "" : (plan.change?.steps ?? []).map((step) => step.script.text).join();

  test("hands other options on to the module of the host's manager", () => {
    expect(steps(planBy(wanted({}), installed))).not.toContain("purge");
    expect(steps(planBy(wanted({ purge: true }), installed))).toContain("purge");
  });

  test("refuses what that module does not take", () => {
    expect(() => planBy(wanted({ purge: true, nobest: true, disable_gpg_check: true }), installed)).toThrow(
      "Unsupported parameters for (apt) module: disable_gpg_check, nobest",
    );
  });
});

describe("dpkg_selections", () => {
  const plan = (selection: "hold" | "install", answers: Parameters<typeof planBy>[1], predictions = predicted()) => {
    if (selections.sort !== "state") throw new Error("no state module");
    return planBy(selections.look({ name: "jq", selection }, context, undefined), answers, predictions);
  };
  const installed = { "package-selection": reply("jq\t\t\tinstall\n") };

  test("holds and lets go", () => {
    expect(plan("hold", installed)).toMatchObject({
      result: { before: "install", after: "hold" },
      change: { steps: [{ stdin: "jq hold\n" }] },
    });
    expect(plan("install", installed)).toEqual({ result: { before: "install", after: "install" } });
  });

  test("fails where there is no such package, unless it comes before", () => {
    const none = { "package-selection": reply("", 1) };
    expect(() => plan("hold", none)).toThrow("Failed to find package 'jq' to perform selection 'hold'.");
    const coming = predicted(packageEffect("jq", { installed: true }));
    expect(plan("hold", none, coming)).toMatchObject({ result: { before: "install" }, change: {} });
  });
});

describe("apt", () => {
  test.each([
    ["jq", { name: "jq" }],
    ["jq=1.*", { name: "jq", operator: "=", version: "1.*" }],
    ["libc6:i386", { name: "libc6:i386" }],
    ["jq>=1.6", { name: "jq", operator: ">=", version: "1.6" }],
  ])("a wish %s", (spec, wish) => expect(parseWish(spec)).toEqual({ spec, ...wish }));

  test.each([
    ["jq", "1.6-2", true],
    ["jq=1.6*", "1.6-2", true],
    ["jq=1.6-2", "1.6-2", true],
    ["jq=1.7*", "1.6-2", false],
    ["jq>=1.6", "1.6-2", true],
    ["jq>=1.6-2", "1.6-2", true],
    ["jq>=1.10", "1.6-2", false],
    ["jq>=1.6~rc1", "1.6-2", true],
    ["jq>=1:1", "1.6-2", false],
    ["jq", undefined, false],
  ])("%s with %s installed: %s", (spec, version, ok) => {
    const state = version === undefined ? { installed: false } : { installed: true, version };
    expect(satisfied(parseWish(spec), state)).toBe(ok);
  });

  test("versions sort as dpkg sorts them", () => {
    for (const [index, version] of ascending.entries()) {
      const than = (other: string) => Math.sign(compareVersions(version, other));
      expect(ascending.map(than), version).toEqual(ascending.map((_, at) => Math.sign(index - at)));
    }
    expect(compareVersions("0:1.00-0", "1.0")).toBe(0);
  });

  test("a version that must be so new is not upgraded when it is, and fails when there is none", () => {
    const wanted = (spec: string) => aptLook({ ...aptDefaults, name: [spec] });
    const installed = reply(line("jq", "installed", "1.5-1"));
    expect(planBy(wanted("jq>=1.5"), { package: installed })).not.toHaveProperty("change");
    const answers = { package: installed, "apt-simulation": reply(simulation) };
    expect(planBy(wanted("jq>=1.6"), answers)).toMatchObject({ change: { steps: [{ name: "install jq" }] } });
    expect(() => planBy(wanted("jq>=1.7"), answers)).toThrow("no available installation candidate for jq>=1.7");
    const newest = { package: installed, "apt-simulation": reply("") };
    expect(() => planBy(wanted("jq>=1.6"), newest)).toThrow("no available installation candidate for jq>=1.6");
  });

  test("what is there is left alone, without asking apt", () => {
    const plan = planBy(aptLook({ ...aptDefaults, name: ["jq", "curl"] }), {
      package: reply(line("jq", "installed", "1.6-2") + line("curl", "installed", "8")),
      "apt-lists": reply("some\n9\n5\n"),
    });
    expect(plan).toEqual({ result: { cache_updated: false, cache_update_time: 5 } });
  });

  test("what is missing is installed, with the effects that apt foretells", () => {
    const plan = planBy(aptLook({ ...aptDefaults, name: ["jq"] }), {
      package: reply(""),
      "apt-simulation": reply(simulation),
    });
    if (plan instanceof Unknown) throw new Error("known");
    expect(plan.change?.diff).toEqual([{ before: "jq 1.5\ngawk\n", after: "libjq1 1.6-2\njq 1.6-2\n" }]);
    expect(plan.change?.effects).toContainEqual(packageEffect("libjq1", { installed: true, version: "1.6-2" }));
    expect(plan.change?.steps.map(({ name }) => name)).toEqual(["install jq"]);
  });

  test("a package that does not exist fails by name", () => {
    const look = aptLook({ ...aptDefaults, name: ["nosuch"] });
    const refused = reply("", 100, "E: Unable to locate package nosuch\n");
    expect(() => planBy(look, { package: reply(""), "apt-simulation": refused })).toThrow(
      "No package matching 'nosuch' is available",
    );
  });

  test("one that a predicted installation brings is there", () => {
    const plan = planBy(
      aptLook({ ...aptDefaults, name: ["jq"] }),
      { package: reply("") },
      predicted(packageEffect("jq", { installed: true })),
    );
    expect(plan).not.toHaveProperty("change");
  });

  test("over lists that are fetched before, a missing package is a change and an upgrade is unknown", () => {
    const fetched = predicted(...listsFetched(1));
    const missing = planBy(aptLook({ ...aptDefaults, name: ["jq"] }), { package: reply("") }, fetched);
    expect(missing instanceof Unknown ? "unknown" : missing.change?.silent).toBeUndefined();
    const latest = aptLook({ ...aptDefaults, name: ["jq"], state: "latest" });
    expect(planBy(latest, { package: reply(line("jq", "installed", "1")) }, fetched)).toBeInstanceOf(Unknown);
  });

  test("fresh lists are not fetched again, empty ones are", () => {
    const look = () => aptLook({ ...aptDefaults, update_cache: true, cache_valid_time: 3600 });
    expect(planBy(look(), { "apt-lists": reply("some\n5000\n4000\n") })).toMatchObject({
      result: { cache_updated: false },
    });
    expect(planBy(look(), { "apt-lists": reply("empty\n5000\n4999\n") })).toMatchObject({
      result: { cache_updated: true },
    });
  });

  test("a refreshed cache is no change where packages are named", () => {
    const look = aptLook({ ...aptDefaults, name: ["jq"], update_cache: true });
    const plan = planBy(look, { package: reply(line("jq", "installed", "1")), "apt-lists": reply("some\n9\n1\n") });
    expect(plan).toMatchObject({ change: { silent: true } });
  });

  test("removing with purge takes the configuration of a removed package", () => {
    const left = reply(line("jq", "config-files", "1"));
    const look = (purge: boolean) => aptLook({ ...aptDefaults, name: ["jq"], state: "absent", purge });
    expect(planBy(look(false), { package: left })).toEqual({ result: {} });
    expect(planBy(look(true), { package: left })).toMatchObject({ change: { steps: [{ name: "remove jq" }] } });
  });

  test("a package that is held before is no longer foretold, others are", () => {
    const look = () => aptLook({ ...aptDefaults, name: ["jq"] });
    const answers = { package: reply(""), "apt-simulation": reply(simulation) };
    const held = (subject: string) => predicted({ kind: "package-selection", subject, state: "hold" });
    const dist = () => aptLook({ ...aptDefaults, upgrade: "dist" });
    expect(planBy(dist(), answers, held("gawk"))).toBeInstanceOf(Unknown);
    expect(planBy(dist(), answers, held("vim"))).toMatchObject({ change: { steps: [{ name: "upgrade the system" }] } });
    expect(planBy(look(), answers, held("vim"))).toMatchObject({ change: {} });
  });

  test("names with patterns mean the packages that there are", () => {
    const look = (state: "present" | "absent") => aptLook({ ...aptDefaults, name: ["libj*"], state });
    const answers = {
      "package-names": reply("libjq1\n#=apt=#\nlibjq-dev\n"),
      package: reply(line("libjq1", "installed", "1")),
      "apt-simulation": reply("Inst libjq-dev (1 Debian:13 [amd64])\n"),
    };
    expect(planBy(look("absent"), answers)).toMatchObject({ change: { steps: [{ name: "remove libjq1" }] } });
    expect(planBy(look("present"), answers)).toMatchObject({ change: { steps: [{ name: "install libjq-dev" }] } });
    expect(() => planBy(look("absent"), { "package-names": reply("#=apt=#\n") })).toThrow(
      "No package(s) matching 'libj*' available",
    );
  });

  test.each([
    ["php8*", "php8.*"],
    ["lib[!a-c]?.so", "lib[^a-c].\\.so"],
    ["g++-*", "g\\+\\+-.*"],
  ])("the pattern %s is %s", (glob, expression) => expect(globExpression(glob)).toBe(expression));

  test("a name that is empty is no package", () => {
    expect(() => planBy(aptLook({ ...aptDefaults, name: [""] }), {})).toThrow("No package matching '' is available");
  });

  test("tidying the cache is a change where there is something to tidy", () => {
    const look = () => aptLook({ ...aptDefaults, autoclean: true });
    expect(planBy(look(), { "apt-simulation": reply("Reading package lists...\n") })).not.toHaveProperty("change");
    expect(planBy(look(), { "apt-simulation": reply("Del jq 1.6 [1 kB]\n") })).toHaveProperty("change");
  });

  test("a simulation", () => {
    const { installs, removes } = decodeSimulation(reply(simulation));
    expect([installs, removes]).toEqual([
      [
        { name: "libjq1", version: "1.6-2" },
        { name: "jq", version: "1.6-2", from: "1.5" },
      ],
      ["gawk"],
    ]);
  });

  test("what a package opens", () => {
    expect(packageOpens(["docker.io"])).toMatchObject({ because: "the package docker.io" });
  });
});

test.each([
  ["deb  http://a/b   stable main # x", "deb http://a/b stable main"],
  ["deb [ arch=amd64  trusted=yes ] http://a/b ./", "deb [arch=amd64 trusted=yes] http://a/b ./"],
  ["# deb http://a/b stable main", ""],
  ["http://a/b", ""],
])("the source %s", (text, normal) => expect(normaliseSource(text)).toBe(normal));

test.each([
  ["deb http://deb.debian.org/debian bookworm main", "deb_debian_org_debian.list"],
  ["deb [arch=amd64] https://user:pw@dl.example.com/linux/ubuntu jammy stable", "dl_example_com_linux_ubuntu.list"],
])("the file of %s", (repo, file) => expect(sourceFileName(repo)).toBe(file));

test("a source with fields", () => {
  expect(deb822({ name: "x", types: ["deb", "deb-src"], uris: ["http://a"], suites: ["s"], enabled: false })).toBe(
    "Enabled: no\nX-Repolib-Name: x\nSuites: s\nTypes: deb deb-src\nURIs: http://a\n",
  );
});

describe("the key of a source with fields", () => {
  test.each(["/usr/share/keyrings/a.gpg", "A1B2C3"])("%s stands for itself", (named) => {
    expect(keyOf(named).next()).toEqual({ done: true, value: undefined });
  });
  test("may be given as it is", () => {
    expect(keyOf("-----BEGIN PGP\nx").next().value).toEqual(Buffer.from("-----BEGIN PGP\nx\n"));
  });
  test("is fetched from an address", () => {
    const round = keyOf("https://a.example/gpg").next().value;
    const query = round && "queries" in round ? round.queries[0] : undefined;
    expect(query).toMatchObject({ kind: "fetched", subject: "https://a.example/gpg", expensive: true });
    expect(query?.decode(reply("key"))).toEqual(Buffer.from("key"));
    expect(() => query?.decode(reply("", 22, "curl: (22) 404\n"))).toThrow(
      "The key https://a.example/gpg cannot be fetched: curl: (22) 404",
    );
    expect(() => query?.decode(reply(""))).toThrow("is empty");
  });
});

describe("a .repo file", () => {
  const given = "[b]\nname=B\nbaseurl = http://b\n  http://c\n[a]\nname = A\n";
  test("gets a section, in order", () => {
    expect(
      withRepository(
        given,
        "aa",
        new Map([
          ["name", "AA"],
          ["enabled", "1"],
        ]),
      ),
    ).toBe("[a]\nname = A\n\n[aa]\nenabled = 1\nname = AA\n\n[b]\nbaseurl = http://b\n http://c\nname = B\n\n");
  });
  test("loses one", () => expect(withRepository(given, "b", undefined)).toBe("[a]\nname = A\n\n"));
  test("stays the same the second time", () => {
    const once = withRepository("", "a", new Map([["baseurl", "http://a\n http://b"]]));
    expect(withRepository(once, "a", new Map([["baseurl", "http://a\n http://b"]]))).toBe(once);
  });
});

test("what rpm says", () => {
  const states = decodeRpm(reply("=jq\njq 0:1.6-2.el9 x86_64\n=none\n"), ["jq", "none"]);
  expect(Object.fromEntries(states)).toEqual({
    jq: { installed: true, version: "1.6-2.el9" },
    none: { installed: false },
  });
});

test.each([
  ["requests", true],
  ["Requests==2.31.0", true],
  ["requests==2.30", false],
  ["requests>=2.9,<3", true],
  ["requests~=2.30", true],
  ["requests!=2.31.0", false],
  ["requests[socks]==2.31.*", true],
  ["flask", false],
])("pip's %s is there: %s", (spec, there) => expect(satisfies(spec, new Map([["requests", "2.31.0"]]))).toBe(there));

describe("pip", () => {
  const plan = async (args: Dict, listed: string) => {
    const pip = await findModule("pip");
    if (pip?.sort !== "state") throw new Error("no state module");
    return planBy(pip.look({ state: "present", ...args }, context, undefined), { pip: reply(listed) });
  };

  test("tells of itself where nothing is done, too", async () => {
    expect(await plan({ name: ["requests"] }, "requests==2.31.0\n")).toEqual({
      result: {
        name: ["requests"],
        requirements: null,
        state: "present",
        version: null,
        virtualenv: null,
        cmd: ["pip3", "install", "requests"],
        stdout: "",
        stderr: "",
      },
    });
  });

  test("what comes from a repository is a change where another version is there afterwards", async () => {
    const decided = await plan({ name: ["git+https://example.org/x"] }, "x==1\n");
    if (decided instanceof Unknown) throw new Error(decided.reason);
    const { change } = decided;
    expect(change?.uncertain).toBeDefined();
    const installed = reply("Successfully installed x-1\n");
    expect(change?.finish?.([installed, reply("x==1\n")])).toMatchObject({ changed: false });
    expect(change?.finish?.([installed, reply("x==2\n")])).toMatchObject({ changed: true });
  });
});
