import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { load } from "js-yaml";
import { DiagnosticError } from "../source/diagnostic.ts";

/** What a `lab.yml` says, checked. */
export interface LabDefinition {
  /** The file itself; `copy` and other paths in it count from its folder. */
  readonly file: string;
  readonly folder: string;
  /** Where the declared hosts have their fixed addresses. */
  readonly subnet: string;
  /** Where hosts made on the fly (tests, scenarios) get addresses. */
  readonly throwaway: string;
  readonly images: ReadonlyMap<string, ImageDefinition>;
  readonly hosts: ReadonlyMap<string, HostDefinition>;
  readonly registry: RegistryDefinition | undefined;
}

/** How an image comes to be: from Debian packages, on top of another image, or pulled. */
export interface ImageDefinition {
  readonly name: string;
  /** A Debian suite: the root filesystem is made of its packages. */
  readonly debian?: string;
  readonly variant: string;
  readonly packages: readonly string[];
  /** Another image of the same file, or `scratch`. */
  readonly from?: string;
  /** A name in a registry; used as it stands. */
  readonly pull?: string;
  /** Folders or files (relative to the lab file) laid over the root; `source: destination`. */
  readonly copy: ReadonlyMap<string, string>;
  /** Files taken out of other images of this lab. */
  readonly copyFrom: readonly { readonly image: string; readonly path: string; readonly to: string }[];
  /** Text files, by their path in the image. */
  readonly files: ReadonlyMap<string, string>;
  /** TypeScript programs, bundled into one JavaScript file each; `source: destination`. */
  readonly bundle: ReadonlyMap<string, string>;
  /** Where the controller's own Node binary is put. */
  readonly node?: string;
  /** A shell script, run as root in the image. */
  readonly run?: string;
  /** Dockerfile instructions that follow: CMD, ENTRYPOINT, ENV, EXPOSE, VOLUME … */
  readonly config: readonly string[];
}

export interface HostDefinition {
  readonly name: string;
  readonly image: string;
  readonly address: string;
  /** Folders that get a volume of their own, such as /var/lib/docker. */
  readonly volumes: readonly string[];
  /** Ports published on the controller where hosts cannot be reached by their addresses. */
  readonly ports: readonly number[];
}

/** A registry of the lab's own: what the hosts' engines pull comes from images of this lab. */
export interface RegistryDefinition {
  readonly image: string;
  readonly address: string;
  /** `name:tag` as it is pulled, and the lab's image behind it. */
  readonly offers: ReadonlyMap<string, string>;
}

/** Reads and checks a lab file. @throws DiagnosticError that lists everything wrong with it. */
export async function readLabDefinition(file: string): Promise<LabDefinition> {
  const path = resolve(file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new DiagnosticError({
      code: "lab-file-missing",
      severity: "error",
      summary: `There is no lab definition at ${path}.`,
    });
  }
  return parseLabDefinition(text, path);
}

/** As {@link readLabDefinition}, for text already read. */
export function parseLabDefinition(text: string, file: string): LabDefinition {
  const problems: string[] = [];
  let data: unknown;
  try {
    data = load(text, { filename: file });
  } catch (error) {
    throw new DiagnosticError({
      code: "yaml-syntax",
      severity: "error",
      summary: error instanceof Error ? error.message : String(error),
      at: { file, line: 1, column: 1 },
    });
  }
  const root = mapping(data, "the lab", problems, ["network", "images", "hosts", "registry"]);
  const network = mapping(root["network"], "network", problems, ["subnet", "throwaway"]);
  const images = new Map<string, ImageDefinition>();
  for (const [name, value] of Object.entries(mapping(root["images"], "images", problems))) {
    images.set(name, image(name, value, problems));
  }
  const hosts = new Map<string, HostDefinition>();
  for (const [name, value] of Object.entries(mapping(root["hosts"], "hosts", problems))) {
    const at = `hosts.${name}`;
    const host = mapping(value, at, problems, ["image", "address", "volumes", "ports"]);
    hosts.set(name, {
      name,
      image: text_(host["image"], `${at}.image`, problems),
      address: text_(host["address"], `${at}.address`, problems),
      volumes: list(host["volumes"], `${at}.volumes`, problems),
      ports: list(host["ports"], `${at}.ports`, problems).map(Number),
    });
  }
  const definition: LabDefinition = {
    file,
    folder: dirname(file),
    subnet: text_(network["subnet"], "network.subnet", problems),
    throwaway: text_(network["throwaway"], "network.throwaway", problems),
    images,
    hosts,
    registry: registry(root["registry"], problems),
  };
  checkReferences(definition, problems);
  if (problems.length > 0) {
    throw new DiagnosticError(
      problems.map((summary) => ({
        code: "lab-invalid",
        severity: "error" as const,
        summary,
        at: { file, line: 1, column: 1 },
      })),
    );
  }
  return definition;
}

/** The images that an image is made of, the deepest first, itself last. */
export function imageChain(definition: LabDefinition, name: string): string[] {
  const order: string[] = [];
  const visit = (current: string, path: readonly string[]): void => {
    if (order.includes(current)) return;
    if (path.includes(current)) throw new RangeError(`image ${current} is made of itself: ${path.join(" → ")}`);
    const found = definition.images.get(current);
    if (!found) return;
    for (const parent of parentsOf(found)) visit(parent, [...path, current]);
    order.push(current);
  };
  visit(name, []);
  return order;
}

export function parentsOf(found: ImageDefinition): string[] {
  const parents = found.copyFrom.map((each) => each.image);
  if (found.from !== undefined && found.from !== "scratch") parents.unshift(found.from);
  return parents;
}

function image(name: string, value: unknown, problems: string[]): ImageDefinition {
  const at = `images.${name}`;
  const keys = ["debian", "variant", "packages", "from", "pull", "copy", "copy_from", "files", "bundle", "node", "run"];
  const data = mapping(value, at, problems, [...keys, "config"]);
  const origins = ["debian", "from", "pull"].filter((key) => data[key] !== undefined);
  if (origins.length !== 1) problems.push(`${at}: exactly one of debian, from and pull must be given`);
  const optional = (key: string) => (data[key] === undefined ? undefined : text_(data[key], `${at}.${key}`, problems));
  const debian = optional("debian");
  const from = optional("from");
  const pull = optional("pull");
  const node = optional("node");
  const run = optional("run");
  const copyFrom = Array.isArray(data["copy_from"]) ? data["copy_from"] : [];
  return {
    name,
    ...(debian === undefined ? {} : { debian }),
    ...(from === undefined ? {} : { from }),
    ...(pull === undefined ? {} : { pull }),
    ...(node === undefined ? {} : { node }),
    ...(run === undefined ? {} : { run }),
    variant: optional("variant") ?? "minbase",
    packages: list(data["packages"], `${at}.packages`, problems),
    copy: texts(data["copy"], `${at}.copy`, problems),
    files: texts(data["files"], `${at}.files`, problems),
    bundle: texts(data["bundle"], `${at}.bundle`, problems),
    copyFrom: copyFrom.map((each: unknown, index) => {
      const place = `${at}.copy_from[${index}]`;
      const item = mapping(each, place, problems, ["image", "path", "to"]);
      const path = text_(item["path"], `${place}.path`, problems);
      return {
        image: text_(item["image"], `${place}.image`, problems),
        path,
        to: item["to"] === undefined ? path : text_(item["to"], `${place}.to`, problems),
      };
    }),
    config: list(data["config"], `${at}.config`, problems),
  };
}

function registry(value: unknown, problems: string[]): RegistryDefinition | undefined {
  if (value === undefined) return undefined;
  const data = mapping(value, "registry", problems, ["image", "address", "offers"]);
  return {
    image: text_(data["image"], "registry.image", problems),
    address: text_(data["address"], "registry.address", problems),
    offers: texts(data["offers"], "registry.offers", problems),
  };
}

function checkReferences(definition: LabDefinition, problems: string[]): void {
  const known = (name: string, at: string) => {
    if (!definition.images.has(name)) {
      problems.push(`${at}: there is no image "${name}"; there are ${[...definition.images.keys()].join(", ")}`);
    }
  };
  for (const found of definition.images.values()) {
    for (const parent of parentsOf(found)) known(parent, `images.${found.name}`);
    try {
      imageChain(definition, found.name);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  const addresses = new Map<string, string>();
  for (const host of definition.hosts.values()) {
    known(host.image, `hosts.${host.name}`);
    const other = addresses.get(host.address);
    if (other !== undefined) problems.push(`hosts.${host.name}: ${host.address} is the address of ${other} already`);
    addresses.set(host.address, host.name);
  }
  if (definition.registry) {
    known(definition.registry.image, "registry.image");
    for (const [name, behind] of definition.registry.offers) known(behind, `registry.offers.${name}`);
  }
}

function mapping(value: unknown, at: string, problems: string[], keys?: readonly string[]): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    problems.push(`${at} must be a mapping`);
    return {};
  }
  const data = { ...value } as Record<string, unknown>;
  for (const key of Object.keys(data)) {
    if (keys && !keys.includes(key)) problems.push(`${at}: unknown key "${key}"; known are ${keys.join(", ")}`);
  }
  return data;
}

function text_(value: unknown, at: string, problems: string[]): string {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number") return String(value);
  problems.push(`${at} must be a text`);
  return "";
}

function list(value: unknown, at: string, problems: string[]): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problems.push(`${at} must be a list`);
    return [];
  }
  return value.map((item, index) => text_(item, `${at}[${index}]`, problems));
}

function texts(value: unknown, at: string, problems: string[]): Map<string, string> {
  const data = mapping(value, at, problems);
  return new Map(Object.entries(data).map(([key, item]) => [key, text_(item, `${at}.${key}`, problems)]));
}

/** The path of something that the lab file names. */
export function besideLab(definition: LabDefinition, path: string): string {
  return join(definition.folder, path);
}
