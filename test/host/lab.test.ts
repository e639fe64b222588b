import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, openLab } from "../../engine/lab/lab.ts";
import { bridgeName } from "../../engine/lab/network.ts";
import { outcomeOf, run } from "../../engine/lab/process.ts";
import { labHosts, projectLab, removeHosts, type TestHost } from "../lab/hosts.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await projectLab();
});

/** Runs a command over the system's ssh, with the host key verified. */
function ssh(host: TestHost, command: string): string {
  const options = ["-i", host.privateKeyFile, "-o", `UserKnownHostsFile=${host.knownHostsFile}`, "-o", "BatchMode=yes"];
  const done = spawnSync("ssh", [...options, "-F", "none", `${host.user}@${host.address}`, command], {
    encoding: "utf8",
  });
  return done.stdout + done.stderr;
}

describe("hosts made on the fly", () => {
  it("have addresses, names and verified keys of their own, no Python, and go when told", async () => {
    const hosts = await labHosts({ count: 3, prefix: "web" });
    expect(new Set(hosts.map((host) => host.address)).size).toBe(3);
    for (const host of hosts) {
      expect(ssh(host, "hostname; id -un; command -v python3 || echo none")).toBe(`${host.name}\nroot\nnone\n`);
    }
    await removeHosts(hosts);
    for (const host of hosts) expect(await lab.docker.exists("container", host.container)).toBe(false);
  });

  it("run systemd where the image has it, and let users become root as these may", async () => {
    const hosts = await labHosts({ image: "bookworm", user: "deploy" });
    const [host] = hosts;
    if (!host) throw new Error("no host");
    expect(ssh(host, "sudo -n id -un")).toBe("root\n");
    expect(ssh({ ...host, user: "worker" }, "echo worker-secret | sudo -S -p '' id -un")).toBe("root\n");
    expect(ssh({ ...host, user: "guest" }, "sudo -n id -un")).not.toContain("root\n");
    expect(await lab.exec(host.container, ["systemctl", "is-system-running", "--wait"])).toBe("running\n");
    // the mirror that this machine uses is reached from the host
    await lab.exec(host.container, ["apt-get", "install", "-y", "--download-only", "--reinstall", "hostname"]);
    await removeHosts(hosts);
  });

  it("are swept away when their process is gone", async () => {
    const image = await lab.image("plain");
    const name = `${lab.network}-left-behind`;
    const label = "play.lab.owner=1.0";
    await lab.docker.run(["run", "--detach", "--name", name, "--network=none", "--label", label, image]);
    await lab.throwaway.sweep();
    expect(await lab.docker.exists("container", name)).toBe(false);
  });
});

describe("a lab of its own", () => {
  let folder = "";
  let own: Lab;
  const previous = process.env["DOCKER_HOST"];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "play-lab-"));
    // A registry of the test's own lab is not needed; the images are those that the project's lab has made.
    const base = await lab.image("minimal");
    writeFileSync(
      join(folder, "lab.yml"),
      `network: { subnet: 10.77.99.0/24, throwaway: 10.77.99.128/25 }
hosts:
  one: { image: host, address: 10.77.99.11, volumes: [/var/lib/things] }
images:
  base: { pull: "${base}" }
  host: { from: base, files: { /etc/marked: "by the lab" } }
`,
    );
    if (lab.docker.address !== undefined) process.env["DOCKER_HOST"] = lab.docker.address;
    // what a daemon that was killed leaves behind
    const bridge = bridgeName("10.77.99.0/24");
    if ((await outcomeOf(["ip", "link", "show", bridge])).status !== 0) {
      await run(["ip", "link", "add", "name", bridge, "type", "bridge"]);
    }
    own = await openLab({ definition: join(folder, "lab.yml"), directory: join(folder, "lab") });
  });

  afterAll(async () => {
    await own?.hosts.remove();
    await own?.hosts.dropSnapshot("first");
    await own?.docker.try(["network", "rm", own.network]);
    if (previous === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = previous;
    rmSync(folder, { recursive: true });
  });

  it("uses the daemon that it finds, though a killed one left the bridge", async () => {
    expect(own.docker.address).toBeUndefined();
    expect(await own.docker.exists("network", own.network)).toBe(true);
    expect(await own.hosts.status()).toEqual([{ name: "one", image: "host", address: "10.77.99.11", state: "absent" }]);
  });

  it("brings its hosts up once, and leaves them alone the second time", async () => {
    const [host] = await own.hosts.up();
    expect(host?.address).toBe("10.77.99.11");
    const first = await own.docker.inspect("container", host?.container ?? "");
    await own.hosts.up();
    expect((await own.docker.inspect("container", host?.container ?? ""))?.Id).toBe(first?.Id);
    const [program = "", ...args] = [...own.hosts.ssh("one"), "cat", "/etc/marked"];
    expect(spawnSync(program, args, { encoding: "utf8" }).stdout).toBe("by the lab");
  });

  it("keeps and restores hosts, their volumes too", async () => {
    const container = `${own.network}-one`;
    const state = () => own.exec(container, ["cat", "/root/state", "/var/lib/things/state"]);
    const write = (text: string) =>
      own.exec(container, ["sh", "-c", `echo ${text} | tee /root/state >/var/lib/things/state`]);
    await write("kept");
    await own.hosts.snapshot("first");
    expect(await own.hosts.snapshots()).toEqual(["first"]);
    expect(await own.hosts.hasSnapshot("first")).toBe(true);
    await write("changed");
    await own.hosts.restore("first");
    expect(await state()).toBe("kept\nkept\n");
    await expect(own.hosts.restore("second")).rejects.toThrow('There is no snapshot "second"');
  });

  it("cuts a host off and reconnects it under its address", async () => {
    const reached = async (seconds: number) =>
      (await outcomeOf(["ssh-keyscan", "-T", String(seconds), "-t", "ed25519", "10.77.99.11"])).stdout.length > 0;
    expect(await reached(30)).toBe(true);
    await own.hosts.cut("one");
    expect(await reached(3)).toBe(false);
    await own.hosts.reconnect("one");
    expect(await reached(30)).toBe(true);
  });

  it("takes its hosts down with their volumes", async () => {
    await own.hosts.remove();
    expect((await own.hosts.status())[0]?.state).toBe("absent");
    expect(await own.docker.lines(["volume", "ls", "--quiet", `--filter=name=${own.network}-one.var`])).toEqual([
      `${own.network}-one.var-lib-things.snapshot.first`,
    ]);
    expect(() => own.hosts.ssh("two")).toThrow('The lab has no host "two"; it has one.');
  });
});
