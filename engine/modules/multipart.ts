import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type Dict, isDict } from "../source/value.ts";
import { ModuleFailure } from "./contract.ts";

/** A form as multipart/form-data; fields are texts, or dicts with `filename`, `content`, `mime_type`. */
export function multipart(fields: Dict, read: (file: string) => Buffer): { body: Buffer; type: string } {
  const parts: Buffer[] = [];
  const boundary = `play-${createHash("sha256").update(JSON.stringify(fields)).digest("hex").slice(0, 32)}`;
  for (const [name, value] of Object.entries(fields)) {
    const field = isDict(value) ? value : { content: value };
    const file = typeof field["filename"] === "string" ? field["filename"] : undefined;
    const given = field["content"];
    if (given === undefined && file === undefined) {
      throw new ModuleFailure(`failed to parse body as form-multipart: '${name}' has neither filename nor content`);
    }
    const content = given === undefined || given === null ? read(file ?? "") : Buffer.from(String(given));
    const type =
      typeof field["mime_type"] === "string"
        ? field["mime_type"]
        : file === undefined
          ? "text/plain"
          : "application/octet-stream";
    const named = file === undefined ? "" : `; filename="${basename(file)}"`;
    parts.push(
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${named}\r\nContent-Type: ${type}\r\n\r\n`,
      ),
      content,
      Buffer.from("\r\n"),
    );
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { body: Buffer.concat(parts), type: `multipart/form-data; boundary="${boundary}"` };
}
