import { DiagnosticError } from "./diagnostic.ts";

/**
 * The text of a file that people write: UTF-8.
 * @throws DiagnosticError `file-encoding` at the first byte that is none
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const [first, second] = bytes;
    const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
    throw new DiagnosticError({
      code: "file-encoding",
      severity: "error",
      summary: utf16 ? "this file is written in UTF-16" : "this file is not written in UTF-8",
      at: { file, ...placeOf(bytes, utf16 ? 0 : firstBad(bytes)) },
      hint: "Save it as UTF-8.",
    });
  }
}

/** The offset of the first byte that belongs to no character. */
function firstBad(bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString("utf8");
  // What stands before the first replacement is sound, so its length in bytes is the offset.
  for (let at = text.indexOf("\uFFFD"); at >= 0; at = text.indexOf("\uFFFD", at + 1)) {
    const offset = Buffer.byteLength(text.slice(0, at));
    if (Buffer.from(bytes.subarray(offset, offset + 3)).toString("hex") !== "efbfbd") return offset;
  }
  return 0;
}

function placeOf(bytes: Uint8Array, offset: number): { readonly line: number; readonly column: number } {
  const before = Buffer.from(bytes.subarray(0, offset)).toString("utf8").split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
