import type { Docker } from "./docker.ts";
import { type Log, step } from "./process.ts";

/** One host's part of a snapshot: its container and the volumes that `docker commit` leaves out. */
export interface SnapshotPart {
  readonly container: string;
  /** Volume name by folder. */
  readonly volumes: ReadonlyMap<string, string>;
}

/** The image that holds a host as it was. */
export function snapshotImage(name: string, container: string): string {
  return `play-lab/snapshot/${container}:${name}`;
}

/** Stops the hosts (so that what is on disk is whole), keeps them, starts them again. */
export async function takeSnapshot(
  docker: Docker,
  name: string,
  parts: readonly SnapshotPart[],
  log: Log,
): Promise<void> {
  if (!/^[a-z0-9][a-z0-9_.-]*$/.test(name)) throw new RangeError(`"${name}" cannot name a snapshot: use a-z, 0-9, -`);
  await step(log, `taking snapshot ${name}`, async () => {
    const containers = parts.map((part) => part.container);
    await docker.run(["stop", "--time=60", ...containers]);
    await Promise.all(
      parts.map(async ({ container, volumes }) => {
        const image = snapshotImage(name, container);
        await docker.run(["commit", container, image]);
        for (const volume of volumes.values()) await copyVolume(docker, volume, kept(volume, name), image);
      }),
    );
    await docker.run(["start", ...containers]);
  });
}

/** Puts a snapshot's volumes in place; the containers that used them must be gone. */
export async function restoreVolumes(docker: Docker, name: string, part: SnapshotPart): Promise<void> {
  const image = snapshotImage(name, part.container);
  for (const volume of part.volumes.values()) await copyVolume(docker, kept(volume, name), volume, image);
}

/** The snapshots that exist for a container. */
export async function snapshotsOf(docker: Docker, container: string): Promise<string[]> {
  const tags = await docker.lines(["image", "ls", "--format", "{{.Tag}}", `play-lab/snapshot/${container}`]);
  return tags.sort();
}

/** Deletes one host's part of a snapshot. */
export async function dropSnapshot(docker: Docker, name: string, part: SnapshotPart): Promise<void> {
  await docker.try(["image", "rm", "--force", snapshotImage(name, part.container)]);
  for (const volume of part.volumes.values()) await docker.try(["volume", "rm", "--force", kept(volume, name)]);
}

function kept(volume: string, name: string): string {
  return `${volume}.snapshot.${name}`;
}

async function copyVolume(docker: Docker, from: string, to: string, image: string): Promise<void> {
  await docker.try(["volume", "rm", "--force", to]);
  // SYS_ADMIN: an engine's layers carry trusted.* attributes, which only it may read and write.
  const place = ["--network=none", "--cap-add=SYS_ADMIN", `--volume=${from}:/from:ro`, `--volume=${to}:/to`];
  await docker.run(["run", "--rm", ...place, "--entrypoint=cp", image, "-a", "/from/.", "/to/"]);
}
