import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type TarEntry, tar } from "../../engine/lab/tar.ts";
import { labHosts, projectLab, removeHosts, type TestHost } from "../lab/hosts.ts";
import type { ParityCase } from "./cases.ts";

/** `play` writes events, `plain` is play with its output for people. */
export type Engine = "ansible" | "play" | "plain";

/** What one engine did with one command line. */
export interface EngineRun {
  readonly output: string;
  readonly errors: string;
  /** NDJSON: of oracle/transcript.py, or of `play --output ndjson`. */
  readonly events: string;
  readonly exitCode: number;
}

const project = fileURLToPath(new URL("../..", import.meta.url));
const oracle = ["run.sh", "transcript.py"].map(
  (name) => [name, readFileSync(join(import.meta.dirname, "oracle", name))] as const,
);

/**
 * One container with ansible-core 2.19 and with play, where both find the same files at the same paths; and twins, if
 * asked for: two hosts that differ in having Python, Ansible's and play's, under one name.
 */
export class Controller {
  readonly #host: TestHost;
  readonly #twins: readonly TestHost[];

  private constructor(host: TestHost, twins: readonly TestHost[]) {
    this.#host = host;
    this.#twins = twins;
  }

  static async start(cases: readonly ParityCase[], options: { readonly twins?: boolean } = {}): Promise<Controller> {
    const lab = await projectLab();
    const [host] = await labHosts({ image: "ansible", prefix: "controller" });
    if (!host) throw new Error("no controller");
    const twins: TestHost[] = [];
    if (options.twins) {
      for (const image of ["bookworm-python", "bookworm-tools"])
        twins.push(...(await labHosts({ image, prefix: "twin" })));
    }
    execFileSync(join(project, "play"), ["--version"], { stdio: ["ignore", "ignore", "inherit"] }); // compiles where needed
    const entries: TarEntry[] = [...entriesOf(cases), ...oracleEntries(), ...(await logins(host, twins))];
    await lab.docker.run(["cp", "-", `${host.container}:/`], { input: tar(entries) });
    await lab.exec(host.container, ["mkdir", "-p", "/parity/play/node_modules"]);
    for (const folder of ["dist", ...ssh2Modules.map((name) => `node_modules/${name}`)]) {
      await lab.docker.run(["cp", join(project, folder), `${host.container}:/parity/play/${folder}`]);
    }
    return new Controller(host, twins);
  }

  /** Runs a case with one command line. */
  async run(engine: Engine, each: ParityCase, flags: string): Promise<EngineRun> {
    const lab = await projectLab();
    const twin = this.#twins[engine === "ansible" ? 0 : 1];
    const text = await lab.exec(this.#host.container, [
      "sh",
      "/parity/oracle/run.sh",
      engine,
      each.name,
      flags,
      twin?.address ?? "",
    ]);
    const [output = "", errors = "", events = "", code = ""] = text.split(/^=====\n/m);
    return { output, errors, events, exitCode: Number(code) };
  }

  async remove(): Promise<void> {
    await removeHosts([this.#host, ...this.#twins]);
  }
}

/** What build.mjs leaves outside the bundle. */
const ssh2Modules = ["ssh2", "asn1", "bcrypt-pbkdf", "safer-buffer", "tweetnacl"];

function entriesOf(cases: readonly ParityCase[]): TarEntry[] {
  return cases.flatMap((each) =>
    [...each.files].map(([path, { content, mode }]) => ({
      path: `parity/playbooks/${each.name}/${path}`,
      mode,
      content,
    })),
  );
}

function oracleEntries(): TarEntry[] {
  return oracle.map(([name, content]) => ({ path: `parity/oracle/${name}`, mode: 0o644, content }));
}

async function logins(host: TestHost, twins: readonly TestHost[]): Promise<TarEntry[]> {
  const known = [host, ...twins].map((each) => readFileSync(each.knownHostsFile, "utf8")).join("");
  return [
    { path: "parity/key", mode: 0o600, content: readFileSync(host.privateKeyFile ?? "") },
    { path: "parity/known_hosts", mode: 0o644, content: known },
  ];
}
