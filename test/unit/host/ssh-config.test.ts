import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Target } from "../../../engine/host/contract.ts";
import { parseSshArguments, splitWords } from "../../../engine/host/ssh-arguments.ts";
import { sshDestination } from "../../../engine/host/ssh-config.ts";

const folder = mkdtempSync(join(tmpdir(), "play-ssh-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const target: Target = { name: "web1", transport: "ssh", address: "web1", hostKeyChecking: true, timeout: 10 };

describe("ssh's arguments", () => {
  it("splits words as a shell does", () => {
    expect(splitWords(`-o "A=b c" 'd e'f g\\ h`)).toEqual(["-o", "A=b c", "d ef", "g h"]);
  });

  it("reads options in all their spellings; the first counts", () => {
    const { options, configFile } = parseSshArguments(
      `-F none -J jump -p2222 -l root -i a -o IdentityFile=b -oUser=x -o "UserKnownHostsFile /a /b" -C -o StrictHostKeyChecking=no`,
    );
    expect(configFile).toBe("none");
    expect(options).toEqual({
      proxyjump: ["jump"],
      port: ["2222"],
      user: ["root"],
      identityfile: ["a", "b"],
      userknownhostsfile: ["/a /b"],
      stricthostkeychecking: ["no"],
    });
  });
});

describe("the destination", () => {
  it("puts the variables first, then the arguments, then the file", async () => {
    const file = join(folder, "config");
    writeFileSync(
      file,
      "Host web1\n  HostName 10.0.0.9\n  Port 2200\n  User filed\n  IdentityFile /filed\n  UserKnownHostsFile /known\n  StrictHostKeyChecking accept-new\n",
    );
    const found = await sshDestination({ ...target, port: 2222, sshArguments: `-F ${file} -l given -i /given` });
    expect(found).toMatchObject({
      host: "10.0.0.9",
      port: 2222,
      user: "given",
      identityFiles: ["/given", "/filed"],
      knownHostsFiles: expect.arrayContaining(["/known"]),
      checking: "accept-new",
      jumps: [],
    });
  });

  it("verifies keys unless told otherwise", async () => {
    expect((await sshDestination({ ...target, sshArguments: "-F none" })).checking).toBe("strict");
    expect((await sshDestination({ ...target, sshArguments: "-F none -o StrictHostKeyChecking=no" })).checking).toBe(
      "off",
    );
    expect((await sshDestination({ ...target, hostKeyChecking: false, sshArguments: "-F none" })).checking).toBe("off");
  });

  it("lists the hops", async () => {
    const found = await sshDestination({ ...target, sshArguments: "-F none -J a@b:22,c" });
    expect(found.jumps).toEqual(["a@b:22", "c"]);
  });
});
