import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { missingCapabilities } from "../../../engine/lab/container.ts";
import { knownHosts, labKeys, makeKeyPair } from "../../../engine/lab/keys.ts";
import { withLock } from "../../../engine/lab/lock.ts";
import { debianArchive } from "../../../engine/lab/mirror.ts";
import { bridgeName } from "../../../engine/lab/network.ts";
import { liveOwner, thisProcess } from "../../../engine/lab/owner.ts";
import { outcomeOf, run, step } from "../../../engine/lab/process.ts";
import { engineSettings } from "../../../engine/lab/registry.ts";
import { tar } from "../../../engine/lab/tar.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "play-lab-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the machine's apt settings", () => {
  it.each([
    ["deb http://deb.debian.org/debian bookworm main", "http://deb.debian.org/debian"],
    ["deb [arch=amd64 signed-by=/k] https://mirror.x/debian/ trixie main contrib", "https://mirror.x/debian"],
    ["# deb http://old/debian x main\nTypes: deb\nURIs: http://m/debian\nSuites: x", "http://m/debian"],
    ["deb http://security.debian.org/debian-security x main\ndeb http://m/debian x main", "http://m/debian"],
    ["deb https://packages.example.org/apt stable main", undefined],
    ["", undefined],
  ])("%j", (source, expected) => {
    expect(debianArchive([source])).toBe(expected);
  });
});

describe("the machine's capabilities", () => {
  it("are those that CapBnd has, the missing ones by name", () => {
    expect(missingCapabilities("CapBnd:\t000001fffeffffff\n")).toEqual(["SYS_RESOURCE"]);
    expect(missingCapabilities("CapBnd:\t000001ffffffffff\n")).toEqual([]);
    expect(missingCapabilities("")).toEqual([]);
  });
});

describe("a bridge's name", () => {
  it.each(["10.77.0.0/24", "192.168.100.0/24", "255.255.255.0/24"])("of %s fits an interface", (subnet) => {
    expect(bridgeName(subnet).length).toBeLessThanOrEqual(15);
  });
  it("follows from the subnet", () => {
    expect(bridgeName("10.77.0.0/24")).toBe("lab-10-77-0");
  });
});

describe("keys", () => {
  it("are read by ssh2, every one of many", () => {
    for (let round = 0; round < 300; round++) {
      const pair = makeKeyPair("test");
      const parsed = ssh2.utils.parseKey(pair.privateText);
      if (parsed instanceof Error) throw parsed;
      expect(`ssh-ed25519 ${parsed.getPublicSSH().toString("base64")} test`).toBe(pair.publicLine);
    }
  });

  it("are made once, whoever comes first, and only the owner reads them", async () => {
    const both = await Promise.all([labKeys(folder), labKeys(folder)]);
    expect(both[0]).toEqual(both[1]);
    expect(await labKeys(folder)).toEqual(both[0]);
    expect(statSync(join(folder, "id_ed25519")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "id_ed25519.pub"), "utf8").trim()).toBe(both[0].authorizedKey);
    expect(knownHosts(both[0], ["a", "10.0.0.1"])).toMatch(/^a ssh-ed25519 \S+\n10\.0\.0\.1 ssh-ed25519 \S+\n$/);
  });
});

describe("an archive", () => {
  it("is read by tar", () => {
    const archive = tar([
      { path: "d", mode: 0o700 },
      { path: "d/f", mode: 0o640, content: "text\n" },
      { path: "d/block", mode: 0o600, content: Buffer.alloc(512, "x") },
    ]);
    const listed = spawnSync("tar", ["-tvf", "-"], { input: archive, encoding: "utf8" });
    expect(listed.stderr).toBe("");
    const lines = listed.stdout.trim().split("\n");
    expect(lines.map((line) => [line.slice(0, 10), line.split(" ").at(-1)])).toEqual([
      ["drwx------", "d/"],
      ["-rw-r-----", "d/f"],
      ["-rw-------", "d/block"],
    ]);
    const content = spawnSync("tar", ["-xOf", "-", "d/f"], { input: archive, encoding: "utf8" });
    expect(content.stdout).toBe("text\n");
  });
});

describe("a process", () => {
  it("is told apart from a later one with its number", async () => {
    expect(await liveOwner(thisProcess())).toBe(true);
    expect(await liveOwner(`${process.pid}.1`)).toBe(false);
    expect(await liveOwner("999999999.1")).toBe(false);
  });

  it("that fails says so with the end of what it printed", async () => {
    await expect(run(["sh", "-c", "echo why >&2; exit 3"])).rejects.toThrow(/status 3: why/);
    expect((await outcomeOf(["/no/such/program"])).status).toBe(127);
    expect(await run(["cat"], { input: "x" })).toBe("x");
  });

  it("that is a long step says that it begins and ends", async () => {
    const lines: string[] = [];
    expect(
      await step(
        (line) => lines.push(line),
        "building",
        async () => 7,
      ),
    ).toBe(7);
    expect(lines).toEqual(["building …", expect.stringMatching(/^building: done in \d+ s$/)]);
  });

  it("has a lock alone, and takes over that of a dead one", async () => {
    const lock = join(folder, "lock");
    spawnSync("sh", ["-c", `echo $$ > ${lock}`]);
    let inside = 0;
    const work = async () => {
      inside++;
      expect(inside).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all([withLock(lock, work), withLock(lock, work), withLock(lock, work)]);
  });
});

it("an engine is told of its mirror, and of resolvers that it can reach", () => {
  const [, file] = engineSettings("http://10.77.0.2:5000", ["10.0.0.53"]);
  expect(JSON.parse(String(file?.content))).toEqual({
    "registry-mirrors": ["http://10.77.0.2:5000"],
    "insecure-registries": ["10.77.0.2:5000"],
    dns: ["10.0.0.53"],
  });
  const [, secure] = engineSettings("https://registry.example.org", []);
  expect(JSON.parse(String(secure?.content))).toEqual({ "registry-mirrors": ["https://registry.example.org"] });
});
