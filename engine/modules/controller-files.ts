import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readlinkSync, readSync, statSync } from "node:fs";
import { posix } from "node:path";
import type { Content } from "./content.ts";
import type { ModuleContext } from "./contract.ts";

/** A file of the controller, ready to be landed on a host. */
export interface SourceFile {
  /** Below the folder that is copied; the base name for a single file. */
  readonly name: string;
  readonly content: Content;
  readonly sha1: string;
  readonly md5?: string;
  readonly mode: number;
}

/** A folder of the controller, flat: folders before what is in them. */
export interface SourceTree {
  /** The folder's own name where it is copied with it, else empty. */
  readonly root: string;
  readonly folders: readonly { readonly name: string; readonly mode: number }[];
  readonly files: readonly SourceFile[];
  readonly links: readonly { readonly name: string; readonly target: string }[];
}

/** Larger files are streamed, not kept in memory. */
const streamedFrom = 16 * 2 ** 20;

/** Reads a file of the controller; a vault is decrypted. */
export function sourceFile(path: string, name: string, context: ModuleContext, decrypt = true): SourceFile {
  const { size, mode } = statSync(path);
  if (size < streamedFrom)
    return { ...sourceBytes(decrypt ? context.readFile(path) : readWhole(path), name), mode: mode & 0o7777 };
  const digests = { sha256: createHash("sha256"), sha1: createHash("sha1") };
  const handle = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(1 << 20);
    for (let read = readSync(handle, buffer); read > 0; read = readSync(handle, buffer)) {
      digests.sha256.update(buffer.subarray(0, read));
      digests.sha1.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(handle);
  }
  const sha256 = digests.sha256.digest("hex");
  return {
    name,
    content: { source: { file: path }, sha256, size },
    sha1: digests.sha1.digest("hex"),
    mode: mode & 0o7777,
  };
}

export function sourceBytes(content: Buffer, name: string): SourceFile {
  return { name, content, sha1: hash("sha1", content), md5: hash("md5", content), mode: 0o644 };
}

export function hash(algorithm: string, content: Buffer): string {
  return createHash(algorithm).update(content).digest("hex");
}

/** A folder with all that is in it, links looked through or kept. */
export function sourceTree(
  folder: string,
  root: string,
  follow: boolean,
  context: ModuleContext,
  decrypt: boolean,
): SourceTree {
  const folders: { name: string; mode: number }[] = [];
  const files: SourceFile[] = [];
  const links: { name: string; target: string }[] = [];
  const walk = (path: string, below: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = posix.join(path, entry.name);
      const name = posix.join(below, entry.name);
      if (entry.isSymbolicLink() && !follow) {
        links.push({ name, target: readlinkSync(full) });
        continue;
      }
      const stats = statSync(full);
      if (stats.isDirectory()) {
        folders.push({ name, mode: stats.mode & 0o7777 });
        walk(full, name);
      } else if (stats.isFile()) files.push(sourceFile(full, name, context, decrypt));
    }
  };
  if (root !== "") folders.push({ name: root, mode: statSync(folder).mode & 0o7777 });
  walk(folder, root);
  return { root, folders, files, links };
}

function readWhole(path: string): Buffer {
  const handle = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(statSync(path).size);
    return buffer.subarray(0, readSync(handle, buffer));
  } finally {
    closeSync(handle);
  }
}
