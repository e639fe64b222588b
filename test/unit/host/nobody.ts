import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostConnection } from "../../../engine/host/connect.ts";
import type { Target } from "../../../engine/host/contract.ts";
import { LocalTransport } from "../../../engine/host/local.ts";

/** A folder, and connections to this machine as nobody, whose leases and marks lie there: the machine is left alone. */
export interface Nobody {
  readonly folder: string;
  connect(): HostConnection;
  remove(): void;
}

/** @param target what the connections say they lead to; in truth it is always a shell of this machine */
export function nobody(target: Target): Nobody {
  const folder = mkdtempSync(join(tmpdir(), "play-nobody-"));
  chmodSync(folder, 0o777);
  const user = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : [];
  const shell = ["env", `TMPDIR=${folder}`, `HOME=${folder}`, ...user, "sh"];
  return {
    folder,
    connect: () => new HostConnection(target, {}, async () => new LocalTransport(shell)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
