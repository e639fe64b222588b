import type { Script } from "../host/contract.ts";
import { sh } from "../host/script.ts";
import { ModuleFailure, type Query } from "./contract.ts";

/**
 * Loads what lies at an address into a file of the host: by curl or wget, on Debian by apt's own helper where neither is
 * there. For looks, whose queries are scripts; steps load by http.ts, which needs none of these.
 *
 * @param file the file as a word of the script, such as `"$t"`
 * @param checked whether the server's certificate has to be good
 */
export function fetchInto(file: Script, address: string, checked = true): Script {
  return sh`u=${address}
case $u in
file://*) cp -- "\${u#file://}" ${file} ;;
*) if command -v curl >/dev/null 2>&1; then curl -fsSL ${checked ? [] : ["-k"]} -o ${file} "$u"
  elif command -v wget >/dev/null 2>&1; then wget -nv ${checked ? [] : ["--no-check-certificate"]} -O ${file} "$u"
  else /usr/lib/apt/apt-helper ${checked ? [] : ["-o", "Acquire::https::Verify-Peer=false"]} download-file "$u" ${file} >&2
  fi ;;
esac`;
}

/** What lies at an address, as the host sees it. @param what what it is, for the failure: `The key` */
export function fetched(what: string, address: string, checked = true): Query<Buffer> {
  return {
    kind: "fetched",
    subject: address,
    expensive: true,
    script: sh`t=$(mktemp) || exit 1
trap 'rm -f "$t"' EXIT
${fetchInto(sh`"$t"`, address, checked)} && cat "$t"`,
    decode(reply) {
      if (reply.status === 0 && reply.stdout.length > 0) return reply.stdout;
      const reason = reply.status === 0 ? "it is empty" : reply.stderr.toString().trim();
      throw new ModuleFailure(`${what} ${address} cannot be fetched: ${reason}`);
    },
  };
}
