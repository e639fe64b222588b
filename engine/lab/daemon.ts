import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Docker } from "./docker.ts";
import { withLock } from "./lock.ts";
import { runFolder, runPrefix } from "./network.ts";
import { type Log, outcomeOf, run, step } from "./process.ts";

/**
 * The Docker daemon that carries the lab: the one that answers (DOCKER_HOST, else the client's default), else, for
 * root on a Debian-family machine, a private one, which is left running for the next command.
 *
 * @throws Error that says what to install where neither is possible.
 */
export async function ensureDaemon(directory: string, log: Log): Promise<Docker> {
  const own = privateDaemon(directory);
  if (existsSync(own.socket)) {
    const running = new Docker(`unix://${own.socket}`);
    if (await running.answers()) return running;
  }
  const found = new Docker();
  if (await found.answers()) return found;
  await requirePrivateDaemon(log);
  await raiseInotifyLimit(log);
  await withLock(own.lock, () => startPrivateDaemon(own, log));
  return new Docker(`unix://${own.socket}`);
}

/** Ends the private daemon, if there is one; a daemon that was found is left alone. */
export async function endDaemon(directory: string, log: Log): Promise<void> {
  const own = privateDaemon(directory);
  const pid = Number((await readFile(own.pidFile, "utf8").catch(() => "")).trim());
  if (pid > 1 && (await isDaemon(pid))) {
    await step(log, "ending the lab's docker daemon", async () => {
      process.kill(pid, "SIGTERM");
      while (await isDaemon(pid)) await delay(100);
    });
  }
  await unmountBelow([own.data, own.run]);
  await rm(own.run, { recursive: true, force: true });
}

/** What a daemon that was killed had mounted; it would keep the folders from being deleted. */
async function unmountBelow(folders: readonly string[]): Promise<void> {
  const mounts = await readFile("/proc/self/mounts", "utf8").catch(() => "");
  const points = mounts.split("\n").map((line) => line.split(" ")[1] ?? "");
  const ours = points.filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)));
  for (const point of ours.reverse()) await outcomeOf(["umount", "--lazy", point]);
}

interface PrivateDaemon {
  /** Images, containers and volumes. */
  readonly data: string;
  /** Sockets have paths of at most 107 bytes, so they live in a short folder that is named by the lab's. */
  readonly run: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly logFile: string;
  readonly lock: string;
}

function privateDaemon(directory: string): PrivateDaemon {
  const folder = resolve(directory);
  const id = createHash("sha256").update(folder).digest("hex").slice(0, 8);
  const short = join(runFolder, `${runPrefix}${id}`);
  return {
    data: join(folder, "data"),
    run: short,
    socket: join(short, "docker.sock"),
    pidFile: join(short, "docker.pid"),
    logFile: join(folder, "dockerd.log"),
    lock: join(folder, "daemon.lock"),
  };
}

async function requirePrivateDaemon(log: Log): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error(
      "The lab needs a Docker daemon and none answers. Install Docker and start it (or set DOCKER_HOST), or run this " +
        "as root on a Debian machine, where the lab starts a private daemon.",
    );
  }
  if (await isThere("dockerd")) return;
  if (!(await isThere("apt-get"))) {
    throw new Error("The lab needs a Docker daemon: install Docker and start it, or set DOCKER_HOST.");
  }
  await step(log, "installing docker.io", async (onLine) => {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run(["apt-get", "update"], { env, onLine });
    await run(["apt-get", "install", "-y", "--no-install-recommends", "docker.io", "iptables", "iproute2"], {
      env,
      onLine,
    });
  });
}

async function startPrivateDaemon(own: PrivateDaemon, log: Log): Promise<void> {
  const docker = new Docker(`unix://${own.socket}`);
  if (await docker.answers()) return; // another process was first
  await mkdir(own.data, { recursive: true });
  await mkdir(own.run, { recursive: true });
  await rm(own.pidFile, { force: true });
  const argv = ["dockerd", `--data-root=${own.data}`, `--exec-root=${own.run}/exec`, `--host=unix://${own.socket}`];
  argv.push(`--pidfile=${own.pidFile}`, "--bridge=none", "--live-restore=false", "--log-level=warn");
  await step(log, "starting a docker daemon of the lab's own", async () => {
    const output = await open(own.logFile, "a");
    // Open files of the caller (the lock file of flock, say) must not live on in the daemon.
    const closing = 'for fd in 3 4 5 6 7 8 9; do eval "exec $fd>&-"; done; exec "$@"';
    const child = spawn("sh", ["-c", closing, "sh", ...argv], {
      detached: true,
      stdio: ["ignore", output.fd, output.fd],
    });
    let ended: number | undefined;
    child.once("exit", (status) => {
      ended = status ?? 255;
    });
    child.unref();
    await output.close();
    while (!(await docker.answers())) {
      if (ended !== undefined) {
        const said = (await readFile(own.logFile, "utf8")).trim().split("\n").slice(-8).join("\n");
        throw new Error(`The docker daemon of the lab ended at once (status ${ended}); its log says:\n${said}`);
      }
      await delay(200);
    }
  });
}

/** Fifty systemd hosts share the machine's inotify instances, of which there are 128 by default. */
async function raiseInotifyLimit(log: Log): Promise<void> {
  for (const [name, wanted] of [
    ["max_user_instances", 8192],
    ["max_user_watches", 524288],
  ] as const) {
    const file = `/proc/sys/fs/inotify/${name}`;
    const present = Number(await readFile(file, "utf8").catch(() => String(wanted)));
    if (present >= wanted) continue;
    await writeFile(file, String(wanted)).catch(() => log(`fs.inotify.${name} stays at ${present}: not writable`));
  }
}

async function isThere(program: string): Promise<boolean> {
  return (await outcomeOf(["sh", "-c", `command -v ${program}`])).status === 0;
}

async function isDaemon(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.split("\0")[0]?.endsWith("dockerd") ?? false;
}
