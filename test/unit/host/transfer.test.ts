import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Started } from "../../../engine/host/become.ts";
import { download } from "../../../engine/host/transfer.ts";

/** A host that answers the program in one piece: marker, content and the end of the stream come together. */
function atOnce(content: string): Started {
  const stdin = new PassThrough();
  const stdout = new Readable({ read() {} });
  const closed = new Promise<{ status: number }>((resolve) => stdout.once("close", () => resolve({ status: 0 })));
  let program = "";
  stdin.on("data", (chunk: Buffer) => {
    program += chunk.toString();
  });
  stdin.once("end", () => {
    const marker = /echo '?([0-9a-f]{16})'?; exec cat/.exec(program)?.[1];
    stdout.push(`${marker}\n${content}`);
    stdout.push(null);
  });
  const channel = { stdin, stdout, stderr: undefined, closed, destroy: () => stdout.destroy() };
  return { channel, unread: { stdout: [], stderr: [] } };
}

describe("download", () => {
  it.each(["", "x", "a\nb\n"])("ends where a file's end comes with its first bytes: %j", async (content) => {
    const stream = await download(atOnce(content), "/file", {});
    expect((await buffer(stream)).toString()).toBe(content);
  });
});
