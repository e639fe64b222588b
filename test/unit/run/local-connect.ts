import { readFileSync } from "node:fs";
import type { Connection, Session, Target } from "../../../engine/host/contract.ts";
import { LocalTransport } from "../../../engine/host/local.ts";
import { startCommand } from "../../../engine/host/loop.ts";
import { sh } from "../../../engine/host/script.ts";
import { Shell } from "../../../engine/host/shell.ts";

/** Connections to this machine alone, without become: what plays in unit tests need. */
export function connect(target: Target): Connection {
  const transport = new LocalTransport();
  const open = async (): Promise<Shell> =>
    Shell.start(await transport.open(startCommand("hello", false).text), {
      control: open,
      name: target.name,
      timeout: 10,
    });
  let shell: Promise<Shell> | undefined;
  const session = async (): Promise<Session> => {
    shell ??= open();
    const found = await shell;
    return {
      request: (script, options) => found.request(script, options),
      async upload(content, path) {
        const bytes = Buffer.isBuffer(content) ? content : Buffer.concat(await content.toArray());
        await found.request(sh`cat > ${path}`, { kind: "step", stdin: bytes });
      },
      download: async (path) => (await import("node:stream")).Readable.from(readFileSync(path)),
    };
  };
  return {
    target,
    session,
    forward: (address, port) => transport.forward(address, port),
    async reset() {
      (await shell)?.close();
      shell = undefined;
    },
    async close() {
      if (shell) (await shell).close();
      await transport.close();
    },
  };
}
