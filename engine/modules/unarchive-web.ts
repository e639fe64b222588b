import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import { joinScripts, sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { type ArchiveArguments, comparison, opened, readComparison, tell, unpack } from "./archive.ts";
import { ModuleFailure, type Plan, type StepContext } from "./contract.ts";
import { exchange } from "./http.ts";
import { pathUnknown } from "./paths.ts";

interface WebArguments extends ArchiveArguments {
  readonly src: string;
  readonly list_files: boolean;
  readonly validate_certs: boolean;
}

/** Loads an archive onto the host; only then it shows whether it holds anything new. */
export function fromTheWeb(args: WebArguments, dest: string, result: Dict): Plan {
  const temporary = posix.join(dest, `.play-${randomUUID()}`);
  const open = async (host: StepContext) => {
    const response = await exchange(host, {
      url: args.src,
      method: "GET",
      headers: { "User-Agent": "ansible-httpget" },
      timeout: 10,
      redirects: "all",
      validateCertificates: args.validate_certs,
    });
    if (response.status === 200) return response.body;
    response.body.resume();
    throw new ModuleFailure(`Failure downloading ${args.src}, HTTP Error ${response.status}: ${response.reason}`, {
      src: args.src,
      status_code: response.status,
    });
  };
  const owner = `${args.owner ?? ""}${args.group === undefined ? "" : `:${args.group}`}`;
  const attributes = sh`names() { (cd -- "$d" && sed 's,^,./,' "$w/names" | tr '\n' '\0' | xargs -0 "$@"); }
before=$(names stat -c '%u %g %a %n')
${owner === "" ? sh`:` : sh`names chown -h ${owner} -- || exit 1`}
${args.mode === undefined ? sh`:` : sh`names sh -c 'm=$1; shift; for f; do [ -L "$f" ] || chmod "$m" -- "$f" || exit 255; done' sh ${args.mode} || exit 1`}
[ "$before" = "$(names stat -c '%u %g %a %n')" ] || s=differs`;
  return {
    result,
    change: {
      diff: [],
      uncertain: `what ${args.src} holds is known once it is loaded`,
      steps: [
        {
          name: "load and unpack the archive",
          upload: { content: { open }, path: temporary },
          script: joinScripts([
            opened(temporary, dest, args),
            comparison(args, true),
            sh`if [ $s = differs ]; then ${unpack(args)}
fi`,
            args.mode !== undefined || owner !== "" ? attributes : sh`:`,
            tell,
          ]),
        },
      ],
      effects: [pathUnknown(dest, `${args.src} is unpacked into it`)],
      finish(replies) {
        const reply = replies.at(-1);
        const { handler, names, differs } = readComparison(reply?.stdout.toString() ?? "");
        return { changed: differs, handler, ...(args.list_files ? { files: names } : {}) };
      },
    },
  };
}
