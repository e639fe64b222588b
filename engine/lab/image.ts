import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { Semaphore } from "../host/semaphore.ts";
import { besideLab, type ImageDefinition, type LabDefinition, parentsOf } from "./definition.ts";
import type { Docker } from "./docker.ts";
import { withLock } from "./lock.ts";
import type { Mirror } from "./mirror.ts";
import { type Log, outcomeOf, run, step } from "./process.ts";

/** Where images are built, and from what. */
export interface ImageWorkshop {
  readonly docker: Docker;
  readonly definition: LabDefinition;
  readonly mirror: Mirror;
  /** A network that reaches the mirror. */
  readonly network: string;
  /** Folder for what is under work. */
  readonly directory: string;
  /** A registry that has the genuine images of `pull`; empty for Docker Hub. */
  readonly pullFrom: string;
  readonly log: Log;
  /** Lets two images be built at a time: more take as long as in turn where a machine has two processors. */
  readonly builds: Semaphore;
  /** What this process has made sure of already: tags by image name. */
  readonly tags: Map<string, Promise<string>>;
  /** The tags that the daemon had when this process first asked. */
  present?: Promise<string[]>;
}

/**
 * Makes an image and those that it is made of, each only where its content is not there yet: the tag is a hash of
 * everything that goes in. @returns the tag.
 */
export function ensureImage(workshop: ImageWorkshop, name: string): Promise<string> {
  const known = workshop.tags.get(name);
  if (known) return known;
  const made = ensureChain(workshop, name);
  workshop.tags.set(name, made);
  made.catch(() => workshop.tags.delete(name)); // a failure is told, and tried again when asked for again
  return made;
}

async function ensureChain(workshop: ImageWorkshop, name: string): Promise<string> {
  const image = workshop.definition.images.get(name);
  if (!image) {
    throw new RangeError(
      `There is no image "${name}"; there are ${[...workshop.definition.images.keys()].join(", ")}.`,
    );
  }
  const parents = parentsOf(image).map(async (parent) => [parent, await ensureImage(workshop, parent)] as const);
  const tags = new Map(await Promise.all(parents));
  return ensureOne(workshop, image, tags);
}

async function ensureOne(
  workshop: ImageWorkshop,
  image: ImageDefinition,
  tags: ReadonlyMap<string, string>,
): Promise<string> {
  const { docker, directory, log } = workshop;
  if (image.pull !== undefined) return pullImage(workshop, image.pull);
  await mkdir(directory, { recursive: true });
  const context = await mkdtemp(join(directory, `${image.name}-`));
  try {
    const layer = await buildContext(workshop, image, context, tags);
    const tag = `play-lab/${image.name}:${layer.hash}`;
    workshop.present ??= docker.lines(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
    if ((await workshop.present).includes(tag)) return tag;
    await withLock(join(directory, `${image.name}.lock`), async () => {
      if (await docker.exists("image", tag)) return;
      const done = await workshop.builds.take();
      try {
        await step(log, `building image ${image.name}`, async (onLine) => {
          let parent = layer.parent;
          if (image.debian !== undefined) parent = await debianRoot(workshop, image, image.debian, onLine);
          if (image.node !== undefined) await copyNode(join(context, "root", image.node));
          await writeFile(join(context, "Dockerfile"), layer.dockerfile(parent));
          await docker.run(["build", `--network=${workshop.network}`, "--force-rm", `--tag=${tag}`, context], {
            onLine,
          });
        });
      } finally {
        done();
      }
    });
    return tag;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function copyNode(to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(process.execPath, to, { dereference: true });
}

/** Makes sure of an image of a registry's. @returns its full name. */
export async function pullImage(workshop: ImageWorkshop, name: string): Promise<string> {
  const namesRegistry = /^[^/]*[.:][^/]*\//.test(name);
  const full = workshop.pullFrom === "" || namesRegistry ? name : `${workshop.pullFrom}/${name}`;
  if (!(await workshop.docker.exists("image", full))) {
    await step(workshop.log, `pulling image ${full}`, (onLine) => workshop.docker.run(["pull", full], { onLine }));
  }
  return full;
}

/** What `docker build` gets: the files of the layer in `root/`, a script, and the instructions. */
async function buildContext(
  workshop: ImageWorkshop,
  image: ImageDefinition,
  context: string,
  tags: ReadonlyMap<string, string>,
): Promise<{ hash: string; parent: string; dockerfile: (parent: string) => string }> {
  const root = join(context, "root");
  await mkdir(root);
  for (const [source, to] of image.copy) {
    await cp(besideLab(workshop.definition, source), join(root, to), { recursive: true });
  }
  for (const [path, text] of image.files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, text.startsWith("#!") ? { mode: 0o755 } : {});
  }
  for (const [source, to] of image.bundle) {
    await mkdir(dirname(join(root, to)), { recursive: true });
    await bundled(workshop.definition, source, join(root, to));
  }
  if (image.debian !== undefined) await aptSettings(workshop.mirror, root);
  const lines: string[] = [];
  for (const each of image.copyFrom) lines.push(`COPY --from=${tags.get(each.image)} ${each.path} ${each.to}`);
  if (image.node !== undefined || (await readdir(root)).length > 0) lines.push("COPY root/ /");
  if (image.run !== undefined) {
    await writeFile(join(context, "build.sh"), image.run);
    lines.push("COPY build.sh /build.sh", "RUN DEBIAN_FRONTEND=noninteractive sh -eu /build.sh && rm /build.sh");
  }
  lines.push(...image.config);
  const parent = image.from === undefined || image.from === "scratch" ? "scratch" : (tags.get(image.from) ?? "scratch");
  const hash = createHash("sha256");
  hash.update(JSON.stringify([parent, image.debian, image.variant, image.packages, lines, workshop.mirror.url]));
  if (image.debian !== undefined) hash.update(withoutDocuments);
  for (const file of await filesBelow(context)) {
    const mode = (await stat(join(context, file))).mode & 0o777;
    hash.update(`${file}\0${mode}\0`).update(await readFile(join(context, file)));
  }
  // The Node binary is large and comes when the image is built; its version says enough.
  if (image.node !== undefined) hash.update(process.version);
  for (const each of parentsOf(image)) hash.update(tags.get(each) ?? "");
  return {
    hash: hash.digest("hex").slice(0, 12),
    parent,
    dockerfile: (from) => [`FROM ${from}`, ...lines, ""].join("\n"),
  };
}

/**
 * Leaves documentation and translations out, now and of packages that come later. As an option for dpkg it would have
 * mmdebstrap send every package through a filter, which takes half a minute.
 */
const withoutDocuments = [
  'mkdir -p "$1/etc/dpkg/dpkg.cfg.d"',
  "for name in doc man info locale",
  'do echo "path-exclude=/usr/share/$name/*"; rm -rf "$1/usr/share/$name"/*',
  'done >"$1/etc/dpkg/dpkg.cfg.d/lab"',
].join("; ");

/** The root filesystem of a suite with these packages, as an image of its own: the costly part, kept by content. */
async function debianRoot(
  workshop: ImageWorkshop,
  image: ImageDefinition,
  suite: string,
  onLine: (line: string) => void,
): Promise<string> {
  const { docker, mirror, directory } = workshop;
  const facts = JSON.stringify([suite, image.variant, image.packages, withoutDocuments, mirror.url]);
  const tag = `play-lab/debian-${suite}:${createHash("sha256").update(facts).digest("hex").slice(0, 12)}`;
  if (await docker.exists("image", tag)) return tag;
  await requireMmdebstrap(onLine);
  const archive = join(directory, `${image.name}-${process.pid}.tar`);
  const options = [`--variant=${image.variant}`, "--aptopt=Acquire::Languages none", "--dpkgopt=force-unsafe-io"];
  options.push(`--essential-hook=${withoutDocuments}`);
  if (image.packages.length > 0) options.push(`--include=${image.packages.join(",")}`);
  try {
    await run(["mmdebstrap", ...options, suite, archive, mirror.url], { onLine });
    await docker.run(["import", archive, tag], { onLine });
  } finally {
    await rm(archive, { force: true });
  }
  return tag;
}

async function requireMmdebstrap(onLine: (line: string) => void): Promise<void> {
  if ((await outcomeOf(["mmdebstrap", "--version"])).status === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Error("Building the lab's images needs mmdebstrap: install that package (Debian, Ubuntu).");
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run(["apt-get", "update"], { env, onLine });
  await run(["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"], { env, onLine });
}

async function aptSettings(mirror: Mirror, root: string): Promise<void> {
  if (mirror.aptConfiguration !== "") {
    await mkdir(join(root, "etc/apt/apt.conf.d"), { recursive: true });
    await writeFile(join(root, "etc/apt/apt.conf.d/90lab-proxy"), `${mirror.aptConfiguration}\n`);
  }
  if (mirror.authorities !== "") {
    await mkdir(join(root, "usr/local/share/ca-certificates"), { recursive: true });
    await writeFile(join(root, "usr/local/share/ca-certificates/lab.crt"), mirror.authorities);
  }
}

/**
 * One program and all it imports as one CommonJS file. The bundler runs as a program of its own, found from the lab's
 * folder: only labs that bundle something need it.
 */
async function bundled(definition: LabDefinition, entry: string, output: string): Promise<void> {
  const manifest = createRequire(definition.file).resolve("rolldown/package.json");
  const bundler = [process.execPath, join(dirname(manifest), "bin/cli.mjs")];
  const options = ["--file", output, "--format", "cjs", "--platform", "node", "--logLevel", "silent"];
  await run([...bundler, besideLab(definition, entry), ...options], { cwd: definition.folder });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
