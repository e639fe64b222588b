import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { actionModule } from "./contract.ts";

export default actionModule({
  name: "service_facts",
  collection: "ansible.builtin.service_facts",
  summary: "Lists the host's services and their states.",
  args: Type.Object({}),
  example: "- service_facts:\n",
  returns: { ansible_facts: "services: name → name, state, status, source." },
  readOnly: () => true,
  async run(_args, _context, host) {
    const reply = await host.request(sh`if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
  echo systemd
  systemctl list-units --no-pager --plain --no-legend --type service --all
  echo '#=files=#'
  systemctl list-unit-files --no-pager --no-legend --type service --all
else
  echo sysv
  for f in /etc/init.d/*; do
    [ -x "$f" ] || continue
    n=\${f##*/}
    "$f" status >/dev/null 2>&1 </dev/null && echo "$n running" || echo "$n stopped"
  done
fi
exit 0`);
    return { changed: false, result: { ansible_facts: { services: servicesOf(reply.stdout.toString()) } } };
  },
});

export function servicesOf(output: string): Dict {
  const services: Dict = Object.create(null);
  const [manager, ...lines] = output.split("\n");
  if (manager !== "systemd") {
    for (const line of lines) {
      const [name, state] = line.split(" ");
      if (name !== undefined && state !== undefined) services[name] = { name, state, source: "sysv" };
    }
    return services;
  }
  const split = lines.indexOf("#=files=#");
  for (const line of lines.slice(0, split)) {
    const [name = "", load = "", active = "", sub = ""] = line
      .replace(/^\W+(?=\w)/, "")
      .trim()
      .split(/\s+/);
    if (!name.endsWith(".service")) continue;
    const state =
      sub === "running"
        ? "running"
        : sub === "exited" || active === "inactive" || load === "not-found"
          ? "stopped"
          : sub === "failed"
            ? "failed"
            : active === "active"
              ? "active"
              : "stopped";
    services[name] = {
      name,
      state: sub === "failed" ? "failed" : state,
      status: load === "not-found" ? "not-found" : "unknown",
      source: "systemd",
    };
  }
  for (const line of lines.slice(split + 1)) {
    const [name = "", status = ""] = line.trim().split(/\s+/);
    if (!name.endsWith(".service")) continue;
    const before = services[name];
    const state =
      before !== null && typeof before === "object" && "state" in before ? (before as Dict)["state"] : undefined;
    services[name] = {
      name,
      state: state ?? (name.includes("@.") ? "unknown" : "inactive"),
      status,
      source: "systemd",
    };
  }
  return services;
}
