import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { HostConnection } from "../../../engine/host/connect.ts";
import { LocalTransport } from "../../../engine/host/local.ts";
import { sh } from "../../../engine/host/script.ts";

const connections: HostConnection[] = [];
// Without settings of anyone's; fish puts some there.
const home = mkdtempSync(join(tmpdir(), "play-login-"));
afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  rmSync(home, { recursive: true, force: true });
});

// The command that starts a session is read by whatever shell the login user has.
describe("the start command", () => {
  for (const shell of ["sh", "bash", "tcsh", "csh", "fish", "zsh"]) {
    it(`is understood by ${shell}`, async () => {
      const target = { name: shell, transport: "local", address: shell, hostKeyChecking: true, timeout: 25 } as const;
      const connection = new HostConnection(target, {}, async () => new LocalTransport(["env", `HOME=${home}`, shell]));
      connections.push(connection);
      const reply = await (await connection.session()).request(sh`echo ${"it's $HOME!"}; exit 3`);
      expect([reply.stdout.toString(), reply.status]).toEqual(["it's $HOME!\n", 3]);
    });
  }
});
