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
 * The registry that the hosts' engines use as their mirror of Docker Hub, so that nothing which asks for an image
 * has to know where it comes from. It is filled once and then is an image itself.
 *
 * The registry's image starts `docker-registry` on port 5000 and holds `skopeo`.
 */
export async function ensureRegistry(workshop: ImageWorkshop, registry: RegistryDefinition): Promise<void> {
  const { docker, directory, log } = workshop;
  const name = `${workshop.network}-registry`;
  const base = await ensureImage(workshop, registry.image);
  const offers = new Map<string, string>();
  for (const [offer, image] of registry.offers) offers.set(offer, await ensureImage(workshop, image));
  const content = createHash("sha256")
    .update(JSON.stringify([base, ...offers]))
    .digest("hex")
    .slice(0, 12);
  const filled = `play-lab/registry-filled:${content}`;
  await withLock(join(directory, "registry.lock"), async () => {
    if (!(await docker.exists("image", filled))) {
      await step(log, `filling the lab's registry with ${offers.size} images`, (onLine) =>
        fill(workshop, base, offers, filled, onLine),
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
  onLine: (line: string) => void,
): Promise<void> {
  const { docker, log } = workshop;
  const name = `${workshop.network}-registry-filling`;
  await docker.try(["rm", "--force", name]);
  await docker.run(["run", "--detach", "--name", name, "--network=none", base]);
  try {
    const archive = join(workshop.directory, `offer-${process.pid}.tar`);
    for (const image of new Set(offers.values())) {
      await docker.run(["save", "--output", archive, image]);
      await docker.run(["cp", archive, `${name}:/offer.tar`]);
      await rm(archive);
      for (const offer of [...offers.keys()].filter((each) => offers.get(each) === image)) {
        log(`  ${offer}`);
        const path = offer.includes("/") ? offer : `library/${offer}`;
        const to = `docker://127.0.0.1:${portNumber}/${path}`;
        const copy = [
          "skopeo",
          "--insecure-policy",
          "copy",
          "--dest-tls-verify=false",
          "docker-archive:/offer.tar",
          to,
        ];
        await docker.run(["exec", name, ...copy], { onLine });
      }
    }
    await docker.run(["exec", name, "rm", "/offer.tar"]);
    await docker.run(["commit", name, filled]);
  } finally {
    await docker.try(["rm", "--force", name]);
  }
}
