/** One entry of an archive; folders have no content. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  /** Undefined for a folder. */
  readonly content?: Buffer | string;
  readonly uid?: number;
  readonly gid?: number;
}

/** A ustar archive in memory: how small files travel into a container (`docker cp -`, PUT /containers/…/archive). */
export function tar(entries: readonly TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    const content = entry.content === undefined ? undefined : Buffer.from(entry.content);
    parts.push(header(entry, content?.length ?? 0));
    if (content) parts.push(content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(512);
  const folder = entry.content === undefined;
  const name = folder ? `${entry.path.replace(/\/$/, "")}/` : entry.path;
  if (Buffer.byteLength(name) > 100) throw new RangeError(`path too long for a simple archive: ${name}`);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  block.write(name, 0, "utf8");
  octal(entry.mode, 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(Date.now() / 1000), 136, 12);
  block.write("        ", 148, "latin1");
  block.write(folder ? "5" : "0", 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  block.write("root", 265, "latin1");
  block.write("root", 297, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
