import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { ReadStream, WriteStream } from "node:tty";

/** Asks at the terminal without showing what is typed; undefined where there is no terminal. */
export function askSecret(text: string, signal?: AbortSignal): Promise<string | undefined> {
  return askAtTerminal(text, false, signal);
}

/**
 * Asks at the terminal itself, so that standard input and output may be pipes.
 * @returns undefined where there is no terminal, or the signal fired, or the input ended
 */
export async function askAtTerminal(text: string, echo: boolean, signal?: AbortSignal): Promise<string | undefined> {
  let descriptor: number;
  try {
    descriptor = openSync("/dev/tty", "r+");
  } catch {
    return undefined;
  }
  const input = new ReadStream(descriptor);
  const screen = new WriteStream(descriptor);
  let muted = false;
  let left = false;
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!muted) screen.write(chunk);
      done();
    },
  });
  // Of a longer text only the last line is the question: it alone is drawn again while one types.
  const question = text.slice(text.lastIndexOf("\n") + 1);
  screen.write(text.slice(0, text.length - question.length));
  const lines = createInterface({ input, output, terminal: true });
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.question(question, resolve);
      muted = !echo;
      lines.once("close", () => resolve(undefined));
      lines.once("SIGINT", () => {
        left = true;
        // The terminal gives no signal while a question has it. Who listens hears it first, then the question ends;
        // where nobody does, the process does.
        if (process.listenerCount("SIGINT") === 0) input.setRawMode(false);
        else process.once("SIGINT", () => resolve(undefined));
        process.kill(process.pid, "SIGINT");
      });
      signal?.addEventListener("abort", () => resolve(undefined), { once: true });
    });
  } finally {
    lines.close();
    if (!echo || left) screen.write("\n");
    input.destroy();
    try {
      closeSync(descriptor);
    } catch {
      // destroy() has closed it
    }
  }
}
