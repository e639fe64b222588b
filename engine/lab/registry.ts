import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { RegistryDefinition } from "./definition.ts";
import { ensureImage, type ImageWorkshop } from "./image.ts";
import { withLock } from "./lock.ts";
import { step } from "./process.ts";
import type { TarEntry } from "./tar.ts";

const portNumber = 5000;

/**
 * Makes sure of the registry, unless there is one outside or none is declared: the hosts' engines use it as their mirror of Docker Hub, so that nothing which asks for an image
 * has to know where it comes from. It is filled once and then is an image itself.
 *
 * The registry's image starts `docker-registry` on port 5000 and holds `skopeo`.
 */
export async function ensureRegistry(workshop: ImageWorkshop): Promise<void> {
  const { registry } = workshop.definition;
  if (!registry || workshop.pullFrom !== "") return;
  const { docker, directory, log } = workshop;
  const name = `${workshop.network}-registry`;
  const base = await ensureImage(workshop, registry.image);
  const made = [...registry.offers].map(async ([offer, image]) => [offer, await ensureImage(workshop, image)] as const);
  const offers = new Map(await Promise.all(made));
  const content = createHash("sha256")
    .update(JSON.stringify([base, ...offers]))
    .digest("hex")
    .slice(0, 12);
  const filled = `play-lab/registry-filled:${content}`;
  await withLock(join(directory, "registry.lock"), async () => {
    if (!(await docker.exists("image", filled))) {
      await step(log, `filling the lab's registry with ${offers.size} images`, () =>
        fill(workshop, base, offers, filled),
      );
    }
    const present = await docker.inspect("container", name);
    if (present?.Config?.Image === filled && present.State?.Running) return;
    if (present) await docker.run(["rm", "--force", name]);
    const place = ["--name", name, "--network", workshop.network, "--ip", registry.address];
    await docker.run(["run", "--detach", ...place, "--label=play.lab=registry", filled]);
  });
}

/** What makes an engine in a host use a mirror; `nameservers` because it must not use the lab's own resolver. */
export function engineSettings(mirror: string, nameservers: readonly string[]): TarEntry[] {
  const url = mirror.includes("://") ? mirror : `http://${mirror}`;
  const host = url.replace(/^https?:\/\//, "");
  const settings = {
    "registry-mirrors": [url],
    ...(url.startsWith("http://") ? { "insecure-registries": [host] } : {}),
    ...(nameservers.length > 0 ? { dns: nameservers } : {}),
  };
  return [
    { path: "etc/docker", mode: 0o755 },
    { path: "etc/docker/daemon.json", mode: 0o644, content: `${JSON.stringify(settings, null, 2)}\n` },
  ];
}

export function registryUrl(registry: RegistryDefinition): string {
  return `http://${registry.address}:${portNumber}`;
}

async function fill(
  workshop: ImageWorkshop,
  base: string,
  offers: ReadonlyMap<string, string>,
  filled: string,
): Promise<void> {
  const { docker } = workshop;
  const name = `${workshop.network}-registry-filling`;
  await docker.try(["rm", "--force", name]);
  await docker.run(["run", "--detach", "--name", name, "--network=none", base]);
  try {
    await Promise.all([...new Set(offers.values())].map((image) => offer(workshop, name, image, offers)));
    await docker.run(["commit", name, filled]);
  } finally {
    await docker.try(["rm", "--force", name]);
  }
}

/** Puts one image into the registry that is being filled, under all its names. */
async function offer(
  workshop: ImageWorkshop,
  registry: string,
  image: string,
  offers: ReadonlyMap<string, string>,
): Promise<void> {
  const { docker, directory, log } = workshop;
  const file = `${image.replace(/[^a-z0-9]+/g, "-")}.tar`;
  const archive = join(directory, `${process.pid}-${file}`);
  const done = await workshop.builds.take();
  try {
    await docker.run(["save", "--output", archive, image]);
    await docker.run(["cp", archive, `${registry}:/${file}`]);
    for (const [name] of [...offers].filter(([, each]) => each === image)) {
      log(`  ${name}`);
      const path = name.includes("/") ? name : `library/${name}`;
      const to = `docker://127.0.0.1:${portNumber}/${path}`;
      const copy = ["skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", `docker-archive:/${file}`, to];
      await docker.run(["exec", registry, ...copy]);
    }
    await docker.run(["exec", registry, "rm", `/${file}`]);
  } finally {
    done();
    await rm(archive, { force: true });
  }
}
