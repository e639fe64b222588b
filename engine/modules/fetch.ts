import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { dict } from "../source/value.ts";
import { flag, path } from "./argument-types.ts";
import { actionModule, ModuleFailure } from "./contract.ts";
import { hash } from "./controller-files.ts";
import { answerNow } from "./look-now.ts";
import { assign, normalise, remotePath } from "./path-names.ts";

export default actionModule({
  name: "fetch",
  summary: "Copy a file of the host to the controller.",
  collection: "ansible.builtin.fetch",
  args: Type.Object({
    src: path("The file on the host."),
    dest: path("A folder of the controller; with flat the file itself, or its folder with `/` at the end."),
    flat: flag("No folders for host and path."),
    fail_on_missing: flag("Fail where there is no such file.", true),
    validate_checksum: flag("Compare digests afterwards.", true),
  }),
  example: "- ansible.builtin.fetch:\n    src: /etc/hostname\n    dest: collected\n",
  returns: { dest: "the file on the controller", checksum: "its SHA-1" },
  effects: () => [],

  async run(given, context, host) {
    const args = { ...given, src: await answerNow(remotePath(given.src), host) };
    const dest = destinationOf(args, context.hostName, context.variable("playbook_dir"));
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of await host.download(args.src)) chunks.push(Buffer.from(chunk));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const { status } = await host.request(sh`${assign("p", args.src)}; [ -e "$p" ]`);
      const message = status === 0 ? reason : "the remote file does not exist";
      const result = dict([
        ["msg", args.fail_on_missing ? message : `${message}, not transferring, ignored`],
        ["file", args.src],
      ]);
      return { changed: false, ...(args.fail_on_missing ? { failed: true } : {}), result };
    }
    const content = Buffer.concat(chunks);
    const checksum = hash("sha1", content);
    const same = existsSync(dest) && createHash("sha1").update(readFileSync(dest)).digest("hex") === checksum;
    if (!same) {
      mkdirSync(dirname(dest), { recursive: true });
      const temporary = `${dest}.${process.pid}.part`;
      writeFileSync(temporary, content);
      renameSync(temporary, dest);
    }
    return {
      changed: !same,
      result: dict([
        ["dest", dest],
        ["checksum", checksum],
        ["md5sum", hash("md5", content)],
        ...(same
          ? ([["file", args.src]] as const)
          : ([
              ["remote_checksum", checksum],
              ["remote_md5sum", null],
            ] as const)),
      ]),
    };
  },
});

function destinationOf(args: { src: string; dest: string; flat: boolean }, host: string, folder: unknown): string {
  const base = typeof folder === "string" ? resolve(folder, args.dest) : resolve(args.dest);
  if (!args.flat) return join(base, host, normalise(args.src));
  if (args.dest.endsWith("/")) return join(base, basename(args.src));
  if (existsSync(base) && !basename(args.dest))
    throw new ModuleFailure("dest is an existing directory, use a trailing slash");
  return base;
}
