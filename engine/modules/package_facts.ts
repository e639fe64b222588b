import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { list, text } from "./argument-types.ts";
import { actionModule, ModuleFailure } from "./contract.ts";

export default actionModule({
  name: "package_facts",
  collection: "ansible.builtin.package_facts",
  summary: "Lists the installed packages.",
  args: Type.Object({
    manager: list(Type.String(), "auto, apt or rpm.", { default: ["auto"] }),
    strategy: text("Accepted: the first manager that answers counts.", { default: "first" }),
  }),
  example: "- package_facts:\n",
  returns: { ansible_facts: "packages: name → list of versions." },
  readOnly: () => true,
  async run(args, _context, host) {
    const any = args.manager.some((manager) => manager.toLowerCase() === "auto");
    const wants = (manager: string) => any || args.manager.some((each) => each.toLowerCase() === manager);
    const reply = await host.request(sh`if ${wants("apt") ? sh`command -v dpkg-query >/dev/null 2>&1` : sh`false`}; then
  echo apt; dpkg-query -W -f '\${db:Status-Status}\t\${Package}\t\${Version}\t\${Architecture}\t\${Section}\t\${Origin}\n'
elif ${wants("rpm") || wants("dnf") || wants("yum") ? sh`command -v rpm >/dev/null 2>&1` : sh`false`}; then
  echo rpm; rpm -qa --qf 'installed\t%{NAME}\t%{VERSION}\t%{RELEASE}\t%{EPOCHNUM}\t%{ARCH}\n'
else exit 3; fi`);
    if (reply.status === 3)
      throw new ModuleFailure("Could not detect a supported package manager from the following list: apt, rpm");
    const [source = "", ...lines] = reply.stdout.toString().split("\n");
    return { changed: false, result: { ansible_facts: { packages: packagesOf(source, lines) } } };
  },
});

export function packagesOf(source: string, lines: readonly string[]): Dict {
  const packages: Dict = Object.create(null);
  for (const line of lines) {
    const [status, name = "", version = "", third = "", fourth = "", fifth = ""] = line.split("\t");
    if (status !== "installed" || name === "") continue;
    const entry: Dict =
      source === "apt"
        ? { name, version, arch: third, category: fourth, origin: fifth, source }
        : { name, version, release: third, epoch: fourth === "0" ? null : Number(fourth), arch: fifth, source };
    const before = packages[name];
    packages[name] = Array.isArray(before) ? [...before, entry] : [entry];
  }
  return packages;
}
